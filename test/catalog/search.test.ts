import { describe, expect, it } from 'vitest'
import { prepareList } from '../../src/catalog/prepare-list.ts'
import { createCatalogSearch } from '../../src/catalog/search.ts'
import type { SearchDocument } from '../../src/catalog/search-document.ts'
import type { ViewFeed, ViewHit } from '../../src/catalog/search-view.ts'
import { buildSnapshot } from '../../src/catalog/snapshot.ts'
import type { Component } from '../../src/contracts/capability.ts'
import { capability, component, instance } from './fakes.ts'

/** A catalog that has what it is given, and a search over it. */
async function setUp(components: readonly Component[], feeds: readonly ViewFeed[] = []) {
  let { prepared } = await prepareList(components, 'one', [])
  let { snapshot } = await buildSnapshot([prepared])
  const { search, learn } = createCatalogSearch({ current: () => snapshot, feeds })
  return {
    learn,
    search,
    async become(next: readonly Component[]): Promise<void> {
      prepared = (await prepareList(next, 'one', prepared)).prepared
      snapshot = (await buildSnapshot([prepared])).snapshot
    },
    find: async (query: string, limit = 10): Promise<string[]> =>
      (await search(query, limit)).map((hit) => `${hit.component.name}/${hit.capability.name}`),
  }
}

const tool = (name: string, description = ''): Component =>
  component(name, { capabilities: [capability('do', { description })] })

/** A view that ranks as it is told, and remembers what it was given. */
function feedOf(rank: (documents: readonly SearchDocument[]) => readonly ViewHit[] | Promise<readonly ViewHit[]>) {
  const seen: (readonly SearchDocument[])[] = []
  const feed: ViewFeed = {
    name: 'meaning',
    viewOf(documents) {
      seen.push(documents)
      return { name: 'meaning', rank: () => rank(documents) }
    },
  }
  return { feed, seen }
}

describe('a search over the catalog', () => {
  it('finds nothing in an empty catalog, and what comes later', async () => {
    const { find, become } = await setUp([])
    expect(await find('weather')).toEqual([])
    await become([tool('weather')])
    expect(await find('weather')).toEqual(['weather/do'])
  })

  it('reads names, descriptions, inputs one level down, their values, tags and examples', async () => {
    const inputSchema = {
      type: 'object',
      properties: {
        filter: { type: 'object', properties: { postalCode: { type: 'string', description: 'as on letters' } } },
        unit: { enum: ['celsius', 'kelvin', 7] },
        broken: true,
      },
    }
    const examples = [{ inputs: {}, description: 'will it be humid' }]
    const rich = capability('get', { inputSchema, examples, tags: ['meteorology'] })
    const { find } = await setUp([component('weather', { capabilities: [rich] }), tool('other')])
    for (const asked of ['postal', 'letters', 'kelvin', 'humid', 'meteorology', 'weather'])
      expect(await find(asked)).toEqual(['weather/get'])
  })

  it('never finds internal capabilities, by words, by what was learnt or by a view', async () => {
    const secret = component('weather', { capabilities: [capability('get', { internal: true })] })
    const { feed, seen } = feedOf((documents) => documents.map((_, position) => ({ position, score: 1 })))
    const { find, learn } = await setUp([secret, tool('other')], [feed])
    learn({ request: 'weather', principal: 'ann', used: [{ component: 'weather', action: 'get' }] })
    expect(await find('weather get')).toEqual(['other/do'])
    expect(seen.flat().map(({ id }) => id)).toEqual(['other/do'])
  })

  it('answers from what is there now: added, changed, removed, and hidden since', async () => {
    const { find, become } = await setUp([tool('weather'), tool('photo', 'makes pictures'), tool('stock')])
    expect(await find('pictures')).toEqual(['photo/do'])
    await become([tool('weather'), tool('photo', 'develops film'), tool('music')])
    expect(await find('pictures')).toEqual([])
    expect(await find('film')).toEqual(['photo/do'])
    expect(await find('music')).toEqual(['music/do'])
    expect(await find('stock')).toEqual([])
    await become([component('photo', { capabilities: [capability('do', { description: 'film', internal: true })] })])
    expect(await find('film weather music')).toEqual([])
  })

  it('answers after many changes as a search that knows only the last', async () => {
    const all = (round: number): Component[] =>
      Array.from({ length: 60 }, (_, i) => tool(`tool${i}`, `thing ${i % 7} of round ${i % 3 === 0 ? round : 0}`))
    const changing = await setUp(all(0))
    for (let round = 1; round <= 25; round++) {
      await changing.become(all(round).filter((_, i) => (i + round) % 11 !== 0))
      await changing.find('thing')
    }
    await changing.become(all(26))
    const fresh = await setUp(all(26))
    for (const asked of ['thing 3', 'round 26', 'tool5 and thing 2', 'tool'])
      expect(await changing.search(asked, 60)).toEqual(await fresh.search(asked, 60))
  })

  it('tells capabilities apart whose names only look alike together', async () => {
    const of = (name: string, action: string) => component(name, { capabilities: [capability(action)] })
    const { find } = await setUp([of('a/b', 'c'), of('a', 'b/c'), of('a~1b', 'c')])
    expect(await find('a b c')).toHaveLength(3)
  })

  it('sees the instances and the health of the moment', async () => {
    const { search, become } = await setUp([tool('weather')])
    await search('weather', 1)
    await become([{ ...tool('weather'), instances: [instance('weather-2', 'unhealthy')] }])
    const [hit] = await search('weather', 1)
    expect(hit?.component.instances).toMatchObject([{ id: 'weather-2', health: 'unhealthy' }])
  })

  it('gives searches that come at once one index', async () => {
    const { find } = await setUp(Array.from({ length: 300 }, (_, i) => tool(`tool${i}`)))
    const answers = await Promise.all(Array.from({ length: 20 }, () => find('tool7')))
    expect(new Set(answers.map((answer) => answer.join())).size).toBe(1)
    expect(answers[0]?.[0]).toBe('tool7/do')
  })

  it('says why, and how relevant', async () => {
    const { search } = await setUp([tool('weather', 'for a city')])
    expect(await search('weather in my city', 1)).toMatchObject([
      { why: expect.stringContaining('weather (component)') },
    ])
    expect((await search('weather', 1))[0]?.score).toBeGreaterThan(0)
  })
})

describe('what past runs taught', () => {
  it('finds a capability by words that it does not have', async () => {
    const { find, learn } = await setUp([tool('weather'), tool('stock')])
    expect(await find('umbrella')).toEqual([])
    learn({ request: 'Do I need an umbrella?', principal: 'ann', used: [{ component: 'weather', action: 'do' }] })
    expect(await find('umbrella today')).toEqual(['weather/do'])
  })

  it('does not put a capability before those whose words fit, on the word of one', async () => {
    const { find, learn } = await setUp([tool('weather', 'forecast'), tool('evil')])
    for (let i = 0; i < 50; i++) {
      learn({ request: 'weather forecast', principal: 'mallory', used: [{ component: 'evil', action: 'do' }] })
    }
    expect(await find('weather forecast')).toEqual(['weather/do', 'evil/do'])
  })

  it('is of no use once the capability is gone', async () => {
    const { find, learn, become } = await setUp([tool('weather'), tool('stock')])
    learn({ request: 'umbrella', principal: 'ann', used: [{ component: 'weather', action: 'do' }] })
    await become([tool('stock')])
    expect(await find('umbrella')).toEqual([])
  })
})

describe('another view', () => {
  it('is fused with the words by rank, in its own time', async () => {
    const { feed } = feedOf(async (documents) => {
      await Promise.resolve()
      return [{ position: documents.findIndex(({ component: name }) => name === 'rain'), score: 0.1 }]
    })
    const { search } = await setUp([tool('rain'), tool('umbrella')], [feed])
    const hits = await search('umbrella', 5)
    expect(hits.map((hit) => hit.component.name).toSorted()).toEqual(['rain', 'umbrella'])
    expect(hits.find((hit) => hit.component.name === 'rain')?.why).toBe('number 1 by meaning')
  })

  it('that fails or lies about positions is left out', async () => {
    const failing = feedOf(() => Promise.reject(new Error('away'))).feed
    const throwing = feedOf(() => {
      throw new Error('broken')
    }).feed
    const lying = feedOf(() => [
      { position: 99, score: 1 },
      { position: -1, score: 1 },
    ]).feed
    const { search } = await setUp([tool('umbrella')], [failing, throwing, lying])
    const alone = await setUp([tool('umbrella')])
    expect(await search('umbrella', 5)).toEqual(await alone.search('umbrella', 5))
  })

  it('is made anew for each version of the catalog, with all that is searched', async () => {
    const { feed, seen } = feedOf(() => [])
    const { find, become } = await setUp([tool('a1'), tool('b1')], [feed])
    await find('x')
    await find('y')
    await become([tool('a1'), tool('c1')])
    await find('x')
    expect(seen.map((documents) => documents.map(({ id }) => id).toSorted())).toEqual([
      ['a1/do', 'b1/do'],
      ['a1/do', 'c1/do'],
    ])
  })
})
