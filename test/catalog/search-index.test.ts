import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { SearchDocument } from '../../src/catalog/search-document.ts'
import { buildSearchIndex, createSearchIndex, type SearchIndex } from '../../src/catalog/search-index.ts'
import { STOP_WORDS, stemWord } from '../../src/catalog/tokenize.ts'

const document = (id: string, more: Partial<SearchDocument> = {}): SearchDocument => ({
  id,
  name: id,
  component: more.name ?? id,
  description: '',
  parameters: [],
  tags: [],
  ...more,
})

const idsOf = (index: SearchIndex, request: string, limit = 10): string[] =>
  index.search(request, limit).map(({ key }) => key.id)

const answersOf = (index: SearchIndex, request: string, limit = 50) =>
  index.search(request, limit).map(({ key, score, why }) => ({ id: key.id, score, why: why() }))

const word = fc.constantFrom('weather', 'city', 'price', 'convert', 'converter', 'order', 'orders', 'cancel', 'photo')
const text = fc.array(word, { maxLength: 6 }).map((words) => words.join(' '))
const fields = fc.record({
  name: fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join('_')),
  component: text,
  description: text,
  parameters: fc.array(word, { maxLength: 3 }),
  parameterTexts: fc.array(text, { maxLength: 2 }),
  tags: fc.array(word, { maxLength: 2 }),
  examples: fc.array(text, { maxLength: 2 }),
})
const request = fc.oneof(
  text,
  fc.tuple(text, text).map(([a, b]) => `${a} and ${b}`),
  fc.constantFrom('wether', 'conv', 'zzzz', ''),
)

describe('a search', () => {
  it('finds every document that has a word of the request, and nothing that has none', async () => {
    const corpus = fc.array(fields, { minLength: 1, maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(corpus, fc.array(word, { minLength: 1, maxLength: 4 }), async (all, words) => {
        const documents = all.map((one, i): SearchDocument => ({ id: `d${i}`, ...one }))
        const index = await buildSearchIndex(documents)
        const found = new Set(idsOf(index, words.join(' '), 50))
        for (const { id, name, component, description, parameters, parameterTexts, tags, examples } of documents) {
          const parts = [name, component, description, parameters, parameterTexts, tags, examples].flat().join(' ')
          const own = parts.split(/[ _]/).map(stemWord)
          if (words.some((one) => own.includes(stemWord(one)))) expect(found.has(id)).toBe(true)
          else if (!own.some((one) => /^(?:conv|pri)/.test(one))) expect(found.has(id)).toBe(false)
        }
      }),
      { numRuns: 60 },
    )
  })

  it('gives scores between 0 and 1, best first, and no more than asked for', async () => {
    const corpus = fc.array(fields, { minLength: 1, maxLength: 30 })
    await fc.assert(
      fc.asyncProperty(corpus, request, fc.integer({ min: 1, max: 40 }), async (all, asked, limit) => {
        const index = await buildSearchIndex(all.map((one, i) => ({ id: `d${i}`, ...one })))
        const hits = index.search(asked, limit)
        const scores = hits.map(({ score }) => score)
        expect(hits.length).toBeLessThanOrEqual(limit)
        expect(scores.every((score) => score > 0 && score <= 1 + 1e-9)).toBe(true)
        expect(scores).toEqual(scores.toSorted((a, b) => b - a))
      }),
      { numRuns: 60 },
    )
  })

  it('orders equal documents by id, however they were given', async () => {
    const documents = ['c', 'a', 'd', 'b'].map((id) => document(id, { name: 'get_weather' }))
    const index = await buildSearchIndex(documents)
    expect(idsOf(index, 'weather')).toEqual(['a', 'b', 'c', 'd'])
    expect(idsOf(index, 'weather', 2)).toEqual(['a', 'b'])
  })

  it('ranks a name above a mention', async () => {
    const documents = [
      document('x/mention', { name: 'report', description: 'A report that may speak of the weather' }),
      document('x/name', { name: 'getWeather', description: 'Current conditions' }),
    ]
    expect(idsOf(await buildSearchIndex(documents), 'What is the weather like?', 1)).toEqual(['x/name'])
  })

  it('finds by parameters and what is said of them, by tags, examples and component', async () => {
    const documents = [
      document('a', { parameters: ['postalCode'] }),
      document('b', { tags: ['finance'] }),
      document('c', { component: 'logistics-agent' }),
      document('d', { parameterTexts: ['ISO currency such as EUR'] }),
      document('e', { examples: ['how humid is it'] }),
    ]
    const index = await buildSearchIndex(documents)
    expect(idsOf(index, 'postal code')).toEqual(['a'])
    expect(idsOf(index, 'finance')).toEqual(['b'])
    expect(idsOf(index, 'logistics')).toEqual(['c'])
    expect(idsOf(index, 'how many eur')).toEqual(['d'])
    expect(idsOf(index, 'humid')).toEqual(['e'])
  })

  it('finds what each wish of a request needs before what has a little of both', async () => {
    const documents = [
      document('weather', { name: 'get_weather_forecast', description: 'Forecast of the weather in a city' }),
      document('money', { name: 'convert_currency', description: 'Converts an amount of USD to another currency' }),
      ...Array.from({ length: 20 }, (_, i) =>
        document(`blog${i}`, { name: 'write_blog', description: 'About Paris, USD, weather and more' }),
      ),
    ]
    const index = await buildSearchIndex(documents)
    const best = idsOf(index, 'Tell me the weather forecast in Paris and then convert 5 USD to another currency', 2)
    expect(best.toSorted()).toEqual(['money', 'weather'])
  })

  it('takes an unknown word for a misspelling or a beginning, and a known one for itself first', async () => {
    const documents = [document('translate_text'), document('weather_report'), document('whether_or_not')]
    const index = await buildSearchIndex(documents)
    expect(idsOf(index, 'tranlsate')).toEqual(['translate_text'])
    expect(idsOf(index, 'transl')).toEqual(['translate_text'])
    expect(idsOf(index, 'weather')).toEqual(['weather_report'])
    expect(idsOf(index, 'zzzz')).toEqual([])
  })

  it('finds names in other scripts and whatever the accents', async () => {
    const documents = [document('天气预报'), document('größeÄndern'), document('получитьПогоду'), document('café')]
    const index = await buildSearchIndex(documents)
    expect(idsOf(index, '今天的天气')).toEqual(['天气预报'])
    expect(idsOf(index, 'Größe')).toEqual(['größeÄndern'])
    expect(idsOf(index, 'погоду')).toEqual(['получитьПогоду'])
    expect(idsOf(index, 'cafe')).toEqual(['café'])
    expect(idsOf(index, '🙂 \ud800 \u0000')).toEqual([])
  })

  it('does not let words that say nothing decide, unless there are no others', async () => {
    const documents = [document('the_and_of', { description: 'what is the of and in' }), document('flights')]
    const index = await buildSearchIndex(documents)
    expect(idsOf(index, 'what of the flights', 1)).toEqual(['flights'])
    expect(idsOf(index, 'the', 1)).toEqual(['the_and_of'])
    expect([...STOP_WORDS].every((stop) => stop === stop.toLowerCase() && stemWord(stop) !== '')).toBe(true)
  })

  it('is empty over nothing, and finds nothing for nothing', async () => {
    expect((await buildSearchIndex([])).search('anything', 5)).toEqual([])
    const index = await buildSearchIndex([document('a')])
    expect(index.search('', 5)).toEqual([])
    expect(index.search('a', 0)).toEqual([])
    expect(index.search('constructor __proto__ toString', 5)).toEqual([])
  })

  it('leaves no trace in the next', async () => {
    const documents = Array.from({ length: 50 }, (_, i) => document(`tool_${i}`, { description: `number ${i}` }))
    const index = await buildSearchIndex(documents)
    const first = answersOf(index, 'number 7')
    index.search('tool and number and more', 50)
    expect(answersOf(index, 'number 7')).toEqual(first)
  })

  it('says in a few words why it found something', async () => {
    const documents = [
      document('w', { name: 'get_weather', description: 'For a city', parameters: ['date'] }),
      document('x', { name: 'other' }),
    ]
    const index = await buildSearchIndex(documents)
    const [hit] = index.search('weather in which city, what date', 1)
    expect(hit?.why().split(', ').toSorted()).toEqual(['city (description)', 'date (inputs)', 'weather (name)'])
    expect(index.search('weathers4cast', 1)[0]?.why()).toMatch(/weather/)
  })

  it('reads a bounded part of a hostile description, name or list of inputs', async () => {
    const megabyte = 'spam eggs '.repeat(100_000)
    const nasty = Array.from({ length: 50_000 }, (_, i) => `word${i.toString(36)}`).join(' ')
    const documents = [
      document('a', { description: megabyte }),
      document('b', { description: nasty }),
      document('c', { parameters: Array.from({ length: 20_000 }, (_, i) => `input_${i}`) }),
      document('d', { description: `${'x'.repeat(200_000)} weather` }),
      document('e', { name: 'weather' }),
    ]
    const index = await buildSearchIndex(documents)
    expect(idsOf(index, 'weather')).toEqual(['e'])
    expect(idsOf(index, 'word1')).toContain('b')
    expect(idsOf(index, `word${(49_999).toString(36)}`)[0]).not.toBe('e')
  })

  it('answers a request of ten thousand characters by its beginning', async () => {
    const index = await buildSearchIndex([document('get_weather'), document('other')])
    const long = `weather ${'blah and also foo '.repeat(600)}`
    expect(long.length).toBeGreaterThan(10_000)
    expect(idsOf(index, long, 1)).toEqual(['get_weather'])
    expect(idsOf(index, 'y'.repeat(10_000))).toEqual([])
  })
})

describe('a changing index', () => {
  it('answers exactly as one built anew, after any changes', async () => {
    const id = fc.integer({ min: 0, max: 25 }).map((n) => `d${n}`)
    const change = fc.record({
      added: fc.array(fc.tuple(id, fields), { maxLength: 8 }),
      removed: fc.array(id, { maxLength: 6 }),
    })
    const property = fc.asyncProperty(
      fc.array(change, { minLength: 1, maxLength: 24 }),
      fc.array(request, { minLength: 3, maxLength: 3 }),
      async (changes, requests) => {
        const index = createSearchIndex()
        const there = new Map<string, SearchDocument>()
        for (const { added, removed } of changes) {
          const documents = added.map(([one, rest]): SearchDocument => ({ id: one, ...rest }))
          await index.change({ added: documents, removed })
          for (const one of removed) there.delete(one)
          for (const one of documents) there.set(one.id, one)
          expect(index.current.size).toBe(there.size)
        }
        const fresh = await buildSearchIndex(there.values())
        for (const asked of requests) expect(answersOf(index.current, asked)).toEqual(answersOf(fresh, asked))
      },
    )
    await fc.assert(property, { numRuns: 60 })
  })

  it('leaves those who still search the version before it as they were', async () => {
    const index = createSearchIndex()
    const added = Array.from({ length: 40 }, (_, i) => document(`tool_${i}`, { description: `weather ${i}` }))
    await index.change({ added, removed: [] })
    const before = index.current
    const answers = answersOf(before, 'weather 7')
    const removed = added.slice(0, 30).map(({ id }) => id)
    const changing = index.change({ added: [document('tool_7', { description: 'photo' })], removed })
    expect(index.current).toBe(before)
    await changing
    expect(answersOf(before, 'weather 7')).toEqual(answers)
    expect(index.current.size).toBe(11)
    expect(idsOf(index.current, 'weather 7')).not.toContain('tool_3')
    expect(idsOf(index.current, 'photo')).toEqual(['tool_7'])
  })

  it('forgets the words of what is gone, so that endless changes do not fill the memory', async () => {
    const index = createSearchIndex()
    const keep = Array.from({ length: 20 }, (_, i) => document(`keep_${i}`))
    await index.change({ added: keep, removed: [] })
    for (let i = 0; i < 2_000; i++) {
      const name = `secret${String.fromCharCode(97 + (i % 26), 97 + (Math.floor(i / 26) % 26), 97 + Math.floor(i / 676))}`
      await index.change({ added: [document('changing', { name })], removed: ['changing'] })
    }
    expect(index.words).toBeLessThan(100)
    expect(index.current.size).toBe(21)
    expect(idsOf(index.current, 'keep 7', 1)).toEqual(['keep_7'])
  })

  it('lets others have their turn while it is built', async () => {
    const documents = Array.from({ length: 5_000 }, (_, i) =>
      document(`t${i}`, { description: `does one thing and another thing for customer number ${i} in a region` }),
    )
    let turns = 0
    let isCounting = true
    const count = (): void => {
      turns++
      if (isCounting) setImmediate(count)
    }
    setImmediate(count)
    const index = await buildSearchIndex(documents)
    isCounting = false
    expect(index.size).toBe(5_000)
    expect(turns).toBeGreaterThanOrEqual(3)
  })
})
