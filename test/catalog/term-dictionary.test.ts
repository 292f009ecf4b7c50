import { describe, expect, it } from 'vitest'
import { createTermDictionary } from '../../src/catalog/term-dictionary.ts'

function dictionaryOf(words: readonly string[]) {
  const dictionary = createTermDictionary()
  for (const word of words) dictionary.add(word)
  const frequencies = new Int32Array(dictionary.size).fill(1)
  const like = (stem: string, withEdits = false): string[] =>
    dictionary.like(stem, frequencies, withEdits).map(({ term }) => dictionary.textOf(term))
  return { dictionary, frequencies, like }
}

describe('words that look alike', () => {
  it('share most of their letters in order: most alike first, then by the alphabet', () => {
    const { like } = dictionaryOf(['translation', 'translator', 'translated', 'transport', 'weather'])
    expect(like('translate')).toEqual(['translat', 'translator', 'translation'])
  })

  it('are parts of a compound word too', () => {
    expect(dictionaryOf(['geocoding', 'hotel']).like('geocode')).toEqual(['geocod'])
    expect(dictionaryOf(['weatherforecast']).like('forecast')).toEqual(['weatherforecast'])
  })

  it('are misspellings when these count, and then only', () => {
    expect(dictionaryOf(['order', 'border']).like('ordre', true)).toEqual(['order'])
    expect(dictionaryOf(['boot', 'boat']).like('boat')).toEqual([])
  })

  it('are not looked for from short words, numbers and endless ones', () => {
    const { like } = dictionaryOf(['ordering', '123456', 'x'.repeat(32)])
    expect(like('ord')).toEqual([])
    expect(like('12345')).toEqual([])
    expect(like('x'.repeat(5_000))).toEqual([])
  })

  it('are only those that some document still has', () => {
    const { dictionary, frequencies } = dictionaryOf(['translation', 'translator'])
    frequencies[0] = 0
    expect(dictionary.like('translate', frequencies, false).map(({ term }) => term)).toEqual([1])
  })
})

describe('a dictionary', () => {
  it('gives forms of one word one number, and never takes another away', () => {
    const { dictionary } = dictionaryOf(['order', 'orders', 'ordering', 'weather'])
    expect(dictionary.size).toBe(2)
    expect(dictionary.find('order')).toBe(0)
    expect(dictionary.find('constructor')).toBeUndefined()
    expect(dictionary.add('orders')).toBe(0)
  })

  it('cuts what is no word', () => {
    const { dictionary } = dictionaryOf(['x'.repeat(100_000), `${'x'.repeat(32)}y`])
    expect(dictionary.size).toBe(1)
    expect(dictionary.textOf(0)).toHaveLength(32)
  })
})
