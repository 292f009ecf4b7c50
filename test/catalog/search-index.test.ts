import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { B, buildSearchIndex, FIELD_WEIGHTS, K1, type SearchDocument } from '../../src/catalog/search-index.ts'
import { STOP_WORDS, stemWord, tokenize } from '../../src/catalog/tokenize.ts'

const document = (id: string, more: Partial<SearchDocument> = {}): SearchDocument => ({
  id,
  name: id,
  component: '',
  description: '',
  parameters: [],
  tags: [],
  ...more,
})

/** The formula written down plainly, over every document. */
function rankPlainly(documents: readonly SearchDocument[], query: string): { id: string; score: number }[] {
  const weighed = documents.map((one) => {
    const weights = new Map<string, number>()
    const add = (text: string, weight: number): void => {
      for (const word of tokenize(text)) weights.set(word, (weights.get(word) ?? 0) + weight)
    }
    add(one.name, FIELD_WEIGHTS.name)
    add(one.component, FIELD_WEIGHTS.component)
    add(one.description, FIELD_WEIGHTS.description)
    for (const parameter of one.parameters) add(parameter, FIELD_WEIGHTS.parameters)
    for (const tag of one.tags) add(tag, FIELD_WEIGHTS.tags)
    return { id: one.id, weights, length: [...weights.values()].reduce((sum, weight) => sum + weight, 0) }
  })
  const average = weighed.reduce((sum, { length }) => sum + length, 0) / weighed.length
  return weighed
    .map(({ id, weights, length }) => {
      let score = 0
      for (const word of new Set(tokenize(query))) {
        const having = weighed.filter((other) => other.weights.has(word)).length
        const rarity = Math.log(1 + (weighed.length - having + 0.5) / (having + 0.5))
        const weight = weights.get(word) ?? 0
        if (weight > 0) score += (rarity * weight * (K1 + 1)) / (weight + K1 * (1 - B + (B * length) / average))
      }
      return { id, score }
    })
    .filter(({ score }) => score > 0)
}

const word = fc.constantFrom('weather', 'city', 'price', 'convert', 'order', 'cancel', 'photo', 'route')
const text = fc.array(word, { maxLength: 6 }).map((words) => words.join(' '))
const corpus = fc
  .array(
    fc.record({
      name: fc.array(word, { minLength: 1, maxLength: 3 }).map((words) => words.join('_')),
      component: text,
      description: text,
      parameters: fc.array(word, { maxLength: 3 }),
      tags: fc.array(word, { maxLength: 2 }),
    }),
    { minLength: 1, maxLength: 30 },
  )
  .map((fields) => fields.map((one, i): SearchDocument => ({ id: `d${String(i).padStart(2, '0')}`, ...one })))

describe('the search index', () => {
  it('gives what the formula gives, document by document', async () => {
    await fc.assert(
      fc.asyncProperty(corpus, text, fc.integer({ min: 1, max: 40 }), async (documents, query, limit) => {
        const index = await buildSearchIndex(documents)
        const plain = new Map(rankPlainly(documents, query).map(({ id, score }) => [id, score]))
        const hits = index.search(query, limit)
        expect(hits).toHaveLength(Math.min(limit, plain.size))
        for (const { position, score } of hits)
          expect(score).toBeCloseTo(plain.get(documents[position]?.id ?? '') ?? 0, 4)
        const worst = hits.at(-1)?.score ?? 0
        const found = new Set(hits.map(({ position }) => documents[position]?.id))
        for (const [id, score] of plain) if (!found.has(id)) expect(score).toBeLessThanOrEqual(worst + 1e-4)
        const scores = hits.map(({ score }) => score)
        expect(scores).toEqual(scores.toSorted((a, b) => b - a))
      }),
      { numRuns: 60 },
    )
  })

  it('orders equal documents by id, however they were given', async () => {
    const documents = ['c', 'a', 'd', 'b'].map((id) => document(id, { name: 'get_weather' }))
    const index = await buildSearchIndex(documents)
    const ids = (limit: number) => index.search('weather', limit).map(({ position }) => documents[position]?.id)
    expect(ids(10)).toEqual(['a', 'b', 'c', 'd'])
    expect(ids(2)).toEqual(['a', 'b'])
  })

  it('ranks a name above a mention', async () => {
    const documents = [
      document('x/mention', { name: 'report', description: 'A report that may speak of the weather' }),
      document('x/name', { name: 'getWeather', description: 'Current conditions' }),
    ]
    const index = await buildSearchIndex(documents)
    expect(index.search('What is the weather like?', 1)).toMatchObject([{ position: 1 }])
  })

  it('finds by parameters, tags and component', async () => {
    const documents = [
      document('a', { parameters: ['postalCode'] }),
      document('b', { tags: ['finance'] }),
      document('c', { component: 'logistics-agent' }),
    ]
    const index = await buildSearchIndex(documents)
    const first = (query: string) => index.search(query, 3).map(({ position }) => position)
    expect(first('postal code')).toEqual([0])
    expect(first('finance')).toEqual([1])
    expect(first('logistics')).toEqual([2])
  })

  it('takes an unknown word for a misspelling or a beginning, and a known one never', async () => {
    const documents = [document('translate_text'), document('weather_report'), document('whether_or_not')]
    const index = await buildSearchIndex(documents)
    const found = (query: string) => index.search(query, 3).map(({ position }) => documents[position]?.id)
    expect(found('tranlsate')).toEqual(['translate_text'])
    expect(found('transl')).toEqual(['translate_text'])
    expect(found('weather')).toEqual(['weather_report'])
    expect(found('zzzz')).toEqual([])
  })

  it('does not let words that say nothing decide, unless there are no others', async () => {
    const documents = [document('the_and_of', { description: 'what is the of and in' }), document('flights')]
    const index = await buildSearchIndex(documents)
    expect(index.search('what of the flights', 5)).toMatchObject([{ position: 1 }])
    expect(index.search('the', 5)).toMatchObject([{ position: 0 }])
    expect([...STOP_WORDS].every((stop) => stop === stop.toLowerCase() && stemWord(stop) !== '')).toBe(true)
  })

  it('is empty over nothing, and finds nothing for nothing', async () => {
    const none = await buildSearchIndex([])
    expect(none.search('anything', 5)).toEqual([])
    const index = await buildSearchIndex([document('a')])
    expect(index.search('', 5)).toEqual([])
    expect(index.search('a', 0)).toEqual([])
    expect(index.search('constructor __proto__ toString', 5)).toEqual([])
  })

  it('leaves no trace of one search in the next', async () => {
    const documents = Array.from({ length: 50 }, (_, i) => document(`tool_${i}`, { description: `number ${i}` }))
    const index = await buildSearchIndex(documents)
    const first = index.search('number 7', 5)
    index.search('tool', 50)
    expect(index.search('number 7', 5)).toEqual(first)
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
