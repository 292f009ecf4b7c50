import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { fence } from '../../src/asking/fence.ts'
import {
  answer,
  createFileRecordings,
  createMemoryRecordings,
  createRecordingModel,
  createReplayingModel,
  createScriptedModel,
  recordingKey,
} from '../../src/testing/index.ts'
import { collect, modelCall } from '../providers/collect.ts'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'tutti-recordings-'))
})
afterAll(() => rm(folder, { recursive: true }))

const asking = (content: string) => modelCall({ messages: [{ role: 'user', content }] })

describe('recorded answers', () => {
  it('play back what was recorded, piece by piece, from a file', async () => {
    const path = join(folder, 'deep', 'trip.json')
    const model = createScriptedModel({ plan: ['first 東京', 'second'] })
    const recording = createRecordingModel(model, createFileRecordings(path))
    const live = await collect(recording, asking('one'))
    await collect(recording, asking('two'))
    const replaying = createReplayingModel(createFileRecordings(path))
    expect(await collect(replaying, asking('one'))).toEqual(live)
    expect((await collect(replaying, asking('two'))).text).toBe('second')
    expect(JSON.parse(await readFile(path, 'utf8'))).toMatchObject({
      version: 1,
      recordings: [{ purpose: 'plan', asked: 'one' }, { asked: 'two' }],
    })
  })

  it('answer the same call several times in the order recorded, then with the last answer', async () => {
    const store = createMemoryRecordings()
    const recording = createRecordingModel(createScriptedModel({ plan: ['a', 'b'] }), store)
    await collect(recording)
    await collect(recording)
    const replaying = createReplayingModel(store)
    const texts = [await collect(replaying), await collect(replaying), await collect(replaying)].map(({ text }) => text)
    expect(texts).toEqual(['a', 'b', 'b'])
  })

  it('know a call again though its fences and run ids are new', () => {
    const told = (id: string) => asking(`${fence('output', '{"a":1}')} of run_${id.repeat(32)}`)
    expect(recordingKey(told('a'))).toBe(recordingKey(told('b')))
    expect(recordingKey(asking('x'))).not.toBe(recordingKey(asking('y')))
    expect(recordingKey(asking('x'))).not.toBe(recordingKey({ ...asking('x'), purpose: 'fill' }))
    expect(recordingKey(asking('x'))).toBe(
      recordingKey(modelCall({ messages: asking('x').messages, temperature: 1, headers: {} })),
    )
  })

  it('refuse a call that was not recorded, and keep no call that failed', async () => {
    const store = createMemoryRecordings()
    await collect(createRecordingModel(createScriptedModel({ plan: answer({ text: 'half', cutAfter: 2 }) }), store))
    expect(await store.read()).toEqual([])
    expect((await collect(createReplayingModel(store))).error).toMatchObject({
      code: 'internal',
      message: expect.stringContaining('No recording'),
    })
  })

  it('read a missing file as empty, and refuse one that is something else', async () => {
    expect(await createFileRecordings(join(folder, 'none.json')).read()).toEqual([])
    for (const content of ['{', '{"version":2}', '{"version":1,"recordings":[{"key":"k"}]}']) {
      const path = join(folder, 'bad.json')
      await writeFile(path, content)
      await expect(createFileRecordings(path).read()).rejects.toMatchObject({ code: 'invalid_document' })
    }
  })

  it('lose nothing when several calls end at once', async () => {
    const path = join(folder, 'many.json')
    const recording = createRecordingModel(createScriptedModel({ plan: 'x' }), createFileRecordings(path))
    await Promise.all(Array.from({ length: 10 }, (_, i) => collect(recording, asking(`call ${i}`))))
    expect(await createFileRecordings(path).read()).toHaveLength(10)
  })
})
