import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isOneEdit, nearTerms } from '../../src/catalog/near-terms.ts'

describe('one edit', () => {
  it('is any insertion, deletion or replacement of one character, or a swap of two neighbours', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z]{1,12}$/), fc.nat(), fc.stringMatching(/^[a-z]$/), (word, at, letter) => {
        const i = at % word.length
        const inserted = word.slice(0, i) + letter + word.slice(i)
        const replaced = word.slice(0, i) + letter + word.slice(i + 1)
        const swapped =
          word.slice(0, i) +
          word
            .slice(i, i + 2)
            .split('')
            .reverse()
            .join('') +
          word.slice(i + 2)
        for (const other of [inserted, replaced, swapped]) {
          expect(isOneEdit(word, other)).toBe(true)
          expect(isOneEdit(other, word)).toBe(true)
        }
      }),
    )
  })

  it.each([
    ['weather', 'wether2'],
    ['abcd', 'badc'],
    ['order', 'od'],
  ])('is not two: %s and %s', (a, b) => {
    expect(isOneEdit(a, b)).toBe(false)
  })
})

describe('near terms', () => {
  const terms = new Map([
    ['order', 0],
    ['orders2', 1],
    ['ordering', 2],
    ['orderly', 3],
    ['12345', 4],
  ])
  const frequencies = Int32Array.from([1, 2, 9, 5, 1])

  it('are misspellings first, then continuations by frequency, three at most', () => {
    expect(nearTerms('ordr', terms, frequencies)).toEqual([0])
    expect(nearTerms('orde', terms, frequencies)).toEqual([0, 2, 3])
  })

  it('are not looked for from short words and numbers', () => {
    expect(nearTerms('ord', terms, frequencies)).toEqual([])
    expect(nearTerms('1234', terms, frequencies)).toEqual([])
  })
})
