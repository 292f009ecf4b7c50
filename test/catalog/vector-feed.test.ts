import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { SearchDocument } from '../../src/catalog/search-document.ts'
import { createVectorFeed } from '../../src/catalog/vector-feed.ts'
import { createVectorStore } from '../../src/catalog/vector-store.ts'
import { TuttiError } from '../../src/contracts/errors.ts'
import type { EmbeddingModel } from '../../src/contracts/model.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { recordingLog } from './fakes.ts'

let directory = ''
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tutti-vectors-'))
})
afterEach(() => rm(directory, { recursive: true }))

const document = (name: string, description: string): SearchDocument => ({
  id: `${name}/do`,
  name,
  component: '',
  description,
  parameters: [],
  tags: [],
})
const TOPICS = ['rain', 'money', 'mail']
/** A vector says which topics a text speaks of. */
const vectorOf = (text: string): Float32Array =>
  Float32Array.from([...TOPICS.map((topic) => (text.includes(topic) ? 3 : 0)), 0.1])

interface FakeModel extends EmbeddingModel {
  texts: string[]
  fails: boolean
  hangs: boolean
}
const fakeModel = (more: Partial<EmbeddingModel> = {}): FakeModel => {
  const fake: FakeModel = {
    id: 'fake:topics',
    batch: 2,
    texts: [],
    fails: false,
    hangs: false,
    embed(texts) {
      if (fake.hangs) return new Promise(() => undefined)
      if (fake.fails) return Promise.reject(new TuttiError('model_unavailable', 'It is away.'))
      fake.texts.push(...texts)
      return Promise.resolve(texts.map(vectorOf))
    },
    ...more,
  }
  return fake
}

const flip = (bytes: Buffer, at: number): Buffer => bytes.fill((bytes.at(at) ?? 0) ^ 1, at, at + 1)

const weather = document('forecast', 'Will it rain')
const bank = document('transfer', 'Sends money')
const post = document('send', 'Writes mail')

/** Waits until nothing is under way any more. */
const settle = async (): Promise<void> => {
  for (let i = 0; i < 200; i++) await new Promise((resolve) => setImmediate(resolve))
}

function open(model: EmbeddingModel, file?: string) {
  const clock = createManualClock()
  const log = recordingLog()
  return { feed: createVectorFeed({ model, file, clock, log }), clock, log }
}

describe('search by meaning', () => {
  it('finds by vectors, the nearest first; while they are made it finds nothing', async () => {
    const { feed } = open(fakeModel())
    const view = feed.viewOf([weather, bank, post])
    expect(await view.rank('money and some rain', 2)).toEqual([])
    await settle()
    const found = await view.rank('money and mail', 2)
    expect(found.map(({ position }) => position).toSorted()).toEqual([1, 2])
    expect((await view.rank('rain', 1))[0]?.position).toBe(0)
    expect(feed.state()).toEqual({ isWell: true, message: 'fake:topics, 3 vectors' })
    await feed.close()
  })

  it('embeds what is new, once: after a refresh only the changed texts', async () => {
    const model = fakeModel()
    const { feed } = open(model)
    feed.viewOf([weather, bank, document('forecast', 'Will it rain')])
    await settle()
    expect(model.texts).toHaveLength(2)
    const view = feed.viewOf([post, weather])
    await settle()
    expect(model.texts).toHaveLength(3)
    expect((await view.rank('rain', 1))[0]?.position).toBe(1)
    await view.rank('rain', 1)
    // A request that is asked again costs nothing.
    expect(model.texts.filter((text) => text === 'rain')).toHaveLength(1)
    await feed.close()
  })

  it('is left out when the model is slow: nobody waits more than two seconds, and the next ones not at all', async () => {
    const model = fakeModel()
    const { feed, clock } = open(model)
    const view = feed.viewOf([weather])
    await settle()
    model.hangs = true
    const slow = view.rank('rain', 5)
    await clock.advance(2_000)
    expect(await slow).toEqual([])
    expect(await view.rank('money', 5)).toEqual([])
    expect(feed.state()).toMatchObject({ isWell: false, message: expect.stringContaining('no answer in 2s') })
    model.hangs = false
    await clock.advance(30_000)
    expect(await view.rank('rain', 5)).toHaveLength(1)
    expect(feed.state().isWell).toBe(true)
    await feed.close()
  })

  it('tries again after a rest when the model was away', async () => {
    const model = fakeModel()
    model.fails = true
    const { feed, clock, log } = open(model)
    const view = feed.viewOf([weather])
    await settle()
    expect(feed.state().isWell).toBe(false)
    expect(log.warnings).toHaveLength(1)
    model.fails = false
    await clock.advance(30_000)
    await settle()
    expect(await view.rank('rain', 5)).toHaveLength(1)
    await feed.close()
  })

  it.each([
    ['too few', () => []],
    ['of no length', () => [new Float32Array(0)]],
    ['of nothing', () => [Float32Array.of(0, 0)]],
    ['of no numbers', () => [Float32Array.of(Number.NaN, 1)]],
    ['of another kind', () => [[1, 2]]],
  ])('takes no vectors that are %s', async (_, vectors) => {
    const { feed } = open(fakeModel({ embed: async () => vectors() as Float32Array[] }))
    const view = feed.viewOf([weather])
    await settle()
    expect(await view.rank('rain', 5)).toEqual([])
    expect(feed.state()).toMatchObject({ isWell: false, message: expect.stringContaining('cannot be used') })
    await feed.close()
  })

  it('takes no vectors of another length than those before', async () => {
    const { feed } = open(
      fakeModel({ batch: 1, embed: async ([text = '']) => [new Float32Array(text.includes('rain') ? 3 : 4).fill(1)] }),
    )
    feed.viewOf([weather, bank])
    await settle()
    expect(feed.state().isWell).toBe(false)
    await feed.close()
  })

  it('ends its work when the catalog closes', async () => {
    const model = fakeModel()
    model.hangs = true
    const { feed, log } = open(model)
    const view = feed.viewOf([weather])
    await settle()
    await feed.close()
    expect(log.warnings).toEqual([])
    expect(await view.rank('rain', 1)).toEqual([])
  })
})

describe('vectors on disk', () => {
  const made = async (file: string): Promise<void> => {
    const model = fakeModel()
    const { feed } = open(model, file)
    feed.viewOf([weather, bank])
    while (model.texts.length < 2) await settle()
    await feed.close()
  }
  /** What is embedded by a start with the file as it is, and what it warns of. */
  const startOver = async (file: string, id = 'fake:topics') => {
    const model = fakeModel({ id })
    const { feed, log } = open(model, file)
    const view = feed.viewOf([weather, bank])
    while ((await view.rank('rain', 1)).length === 0) await settle()
    const found = await view.rank('money', 1)
    await feed.close()
    return { texts: model.texts.filter((text) => text !== 'rain' && text !== 'money'), warnings: log.warnings, found }
  }

  it('are there after a start: nothing is embedded again', async () => {
    const file = join(directory, 'deep', 'er', 'vectors.bin')
    await made(file)
    const { texts, warnings, found } = await startOver(file)
    expect(texts).toEqual([])
    expect(warnings).toEqual([])
    expect(found[0]?.position).toBe(1)
    expect(await readdir(join(directory, 'deep', 'er'))).toEqual(['vectors.bin'])
  })

  it('of another model are not used', async () => {
    const file = join(directory, 'v')
    await made(file)
    const { texts, warnings } = await startOver(file, 'fake:other')
    expect(texts).toHaveLength(2)
    expect(warnings[0]).toContain('it is of another model')
  })

  it.each([
    ['empty', () => Buffer.alloc(0), 2],
    ['something else', () => Buffer.from('{"format":"x"}\n'), 2],
    ['not even a line', () => Buffer.alloc(5_000, 1), 2],
    ['cut short', (bytes: Buffer) => bytes.subarray(0, -7), 1],
    ['changed in one bit', (bytes: Buffer) => flip(bytes, bytes.length - 2), 1],
    [
      'of a later version',
      (bytes: Buffer) => Buffer.from(bytes.toString('latin1').replace('"version":1', '"version":2'), 'latin1'),
      2,
    ],
  ])('that are %s are made anew as far as needed, with a warning', async (_, damage, count) => {
    const file = join(directory, 'v')
    await made(file)
    await writeFile(file, damage(await readFile(file)))
    const { texts, warnings, found } = await startOver(file)
    expect(texts).toHaveLength(count)
    expect(warnings).toHaveLength(1)
    expect(found[0]?.position).toBe(1)
    expect(await startOver(file)).toMatchObject({ texts: [], warnings: [] })
  })

  it('that cannot be written cost a warning, and the search goes on', async () => {
    await writeFile(join(directory, 'file'), '')
    const { texts, warnings, found } = await startOver(join(directory, 'file', 'below'))
    expect(texts).toHaveLength(2)
    expect(warnings.at(-1)).toBe('vectors could not be kept')
    expect(found).toHaveLength(1)
  })
})

describe('the nearest of many vectors', () => {
  it('are found exactly, as by looking at each', async () => {
    const store = createVectorStore()
    let seed = 1
    const chance = (): number => {
      seed = (seed * 48_271) % 2_147_483_647
      return seed / 2_147_483_647 - 0.5
    }
    const vectors = Array.from({ length: 1_500 }, () => Float32Array.from({ length: 16 }, chance))
    const rows = Int32Array.from(vectors, (vector, i) => store.add(`h${i}`, vector) ?? -1)
    const query = store.vectorAt(7)
    const found = await store.nearest(query, rows, 20)
    const scores = vectors.map((_, i) =>
      store.vectorAt(i).reduce((sum, value, at) => sum + value * (query[at] ?? 0), 0),
    )
    const expected = [...scores.keys()].sort((a, b) => (scores[b] ?? 0) - (scores[a] ?? 0)).slice(0, 20)
    expect(found.map(({ position }) => position)).toEqual(expected)
    expect(found[0]?.score).toBeCloseTo(1, 5)
  })

  it('let others have their turn: 20,000 of 1,536 numbers are compared in slices', async () => {
    const store = createVectorStore()
    const vector = new Float32Array(1_536).fill(1)
    // All rows are one: only the work counts.
    const row = store.add('h', vector) ?? -1
    let turns = 0
    const count = (): void => {
      turns++
      timer = setImmediate(count)
    }
    let timer = setImmediate(count)
    await store.nearest(vector, new Int32Array(20_000).fill(row), 50)
    clearImmediate(timer)
    // 31 million products, two million at a time.
    expect(turns).toBeGreaterThanOrEqual(14)
  })

  it('are searched by one request after the other, so that many at once hold nobody longer than one', async () => {
    const store = createVectorStore()
    const vector = new Float32Array(2_048).fill(1)
    for (let i = 0; i < 1_500; i++) store.add(String(i), vector)
    const rows = Int32Array.from({ length: 1_500 }, (_, i) => i)
    let turns = 0
    let isOver = false
    const beat = (): void => {
      turns++
      if (!isOver) setImmediate(beat)
    }
    setImmediate(beat)
    // Each gives way once: side by side, all would be done within two turns.
    await Promise.all(Array.from({ length: 8 }, () => store.nearest(vector, rows, 1)))
    isOver = true
    expect(turns).toBeGreaterThanOrEqual(8)
  })
})
