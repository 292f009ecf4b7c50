import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isOneEdit, letterMask, mayBeOneEdit } from '../../src/catalog/near-terms.ts'

const wordsOneEditApart = fc
  .tuple(fc.stringMatching(/^[a-z]{1,12}$/), fc.nat(), fc.stringMatching(/^[a-z]$/))
  .map(([word, at, letter]) => {
    const i = at % word.length
    const swapped = `${word.slice(0, i)}${word[i + 1] ?? ''}${word[i]}${word.slice(i + 2)}`
    const others = [word.slice(0, i) + letter + word.slice(i), word.slice(0, i) + letter + word.slice(i + 1), swapped]
    return { word, others }
  })

describe('one edit', () => {
  it('is any insertion, deletion or replacement of one character, or a swap of two neighbours', () => {
    fc.assert(
      fc.property(wordsOneEditApart, ({ word, others }) => {
        for (const other of others) {
          expect(isOneEdit(word, other)).toBe(true)
          expect(isOneEdit(other, word)).toBe(true)
        }
      }),
    )
  })

  it('is never ruled out by the letters of the words', () => {
    fc.assert(
      fc.property(wordsOneEditApart, ({ word, others }) => {
        for (const other of others) expect(mayBeOneEdit(letterMask(word), letterMask(other))).toBe(true)
      }),
    )
    expect(mayBeOneEdit(letterMask('weather'), letterMask('convert'))).toBe(false)
  })

  it.each([
    ['weather', 'wether2'],
    ['abcd', 'badc'],
    ['order', 'od'],
  ])('is not two: %s and %s', (a, b) => {
    expect(isOneEdit(a, b)).toBe(false)
  })
})
