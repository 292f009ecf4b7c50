import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonValue } from '../../src/contracts/json.ts'
import { digestAll, digestValue } from '../../src/util/digest.ts'

describe('digestValue', () => {
  it('leaves a value alone that fits', () => {
    const value = { a: [1, 'two', null, false], n: 9007199254740993n }
    expect(digestValue(value, 1_000)).toBe('{"a":[1,"two",null,false],"n":9007199254740993}')
  })

  it('keeps the structure of what it cuts, and says what is left out (B78)', () => {
    const value = { items: Array.from({ length: 500 }, (_, i) => ({ id: i, text: 'x'.repeat(2_000) })) }
    const text = digestValue(value, 2_000)
    expect(text.length).toBeLessThanOrEqual(2_000)
    const read = JSON.parse(text) as { items: unknown[] }
    expect(read.items[0]).toMatchObject({ id: 0 })
    expect(read.items.at(-1)).toMatch(/more of 500 items$/)
    expect(text).toContain('(2000 characters)')
  })

  it('never cuts a character in half (B72)', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'grapheme', maxLength: 200 }), { maxLength: 20 }),
        fc.integer({ min: 0, max: 300 }),
        (value, max) => {
          const text = digestValue(value, max)
          expect(text.length).toBeLessThanOrEqual(max)
          expect(text.isWellFormed()).toBe(true)
        },
      ),
    )
    expect(digestValue('\ud83d', 100).isWellFormed()).toBe(true)
  })

  it('costs in proportion to what it keeps, whatever the size and depth of the value', () => {
    let deep: JsonValue = 'end'
    for (let i = 0; i < 400; i++) deep = { a: deep, b: 'x'.repeat(50) }
    const wide = Array.from({ length: 200_000 }, (_, i) => ({ id: i, name: `n${i}` }))
    const begun = performance.now()
    for (let i = 0; i < 20; i++) {
      expect(digestValue(deep, 4_000).length).toBeLessThanOrEqual(4_000)
      expect(digestValue(wide, 4_000).length).toBeLessThanOrEqual(4_000)
    }
    expect(performance.now() - begun).toBeLessThan(1_500)
  })

  it('lets no key reach a prototype', () => {
    const value = JSON.parse('{"__proto__": {"x": 1}, "constructor": 2}') as JsonValue
    expect(digestValue(value, 200)).toContain('"constructor":2')
    expect(({} as { x?: number }).x).toBeUndefined()
  })
})

describe('digestAll', () => {
  it('gives what the small ones leave to the large one', () => {
    const large = 'y'.repeat(3_000)
    const [a, b, c] = digestAll([{ a: 1 }, large, 'short'], 4_000)
    expect([a, c]).toEqual(['{"a":1}', '"short"'])
    expect(b).toBe(`"${large}"`)
  })

  it('keeps the sum within the budget, and something of each', () => {
    const texts = digestAll(
      Array.from({ length: 40 }, (_, i) => ({ n: i, text: 'z'.repeat(10_000) })),
      8_000,
    )
    expect(texts.join('').length).toBeLessThanOrEqual(8_000)
    expect(texts.every((text, i) => text.includes(`"n":${i}`))).toBe(true)
  })
})
