import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonValue } from '../../src/contracts/json.ts'
import { byteLengthOf, stringifyJson } from '../../src/util/json.ts'
import { isLarge, jsonBytes, referTo, refOf } from '../../src/util/large-value.ts'

describe('the size of a value', () => {
  it('is about that of its JSON text, and never far below', () => {
    fc.assert(
      fc.property(fc.jsonValue({ maxDepth: 4 }), (value) => {
        const bytes = jsonBytes(value as JsonValue)
        const written = byteLengthOf(stringifyJson(value))
        expect(bytes).toBeLessThanOrEqual(written * 2 + 10)
        // Escapes and signs are not looked for.
        expect(bytes * 6 + 10).toBeGreaterThanOrEqual(written)
      }),
    )
  })

  it('is sought only up to the limit: what lies beyond is not looked at', () => {
    const touched: string[] = []
    const item = (i: number): JsonValue =>
      Object.defineProperty({}, 'text', {
        enumerable: true,
        get: () => {
          touched.push(String(i))
          return 'x'.repeat(1_000)
        },
      })
    const list = Array.from({ length: 100 }, (_, i) => item(i))
    expect(isLarge(list, 5_000)).toBe(true)
    expect(touched.length).toBeLessThan(8)
    const million = new Array<JsonValue>(1_000_000).fill(0)
    expect(isLarge(million, 1_000)).toBe(true)
  })

  it('counts large integers, text beyond ASCII, and nesting of any depth', () => {
    expect(jsonBytes(2n ** 100n)).toBe(31)
    expect(jsonBytes('é')).toBe(4)
    let deep: JsonValue = 1
    for (let i = 0; i < 100_000; i++) deep = [deep]
    expect(jsonBytes(deep)).toBe(200_001)
  })

  it('is large above the limit only', () => {
    expect(isLarge('x'.repeat(98), 100)).toBe(false)
    expect(isLarge('x'.repeat(99), 100)).toBe(true)
    expect(isLarge('x'.repeat(65_000))).toBe(false)
    expect(isLarge('x'.repeat(66_000))).toBe(true)
  })
})

describe('what stands for a large value', () => {
  it('tells its place, its size, its shape and its beginning', () => {
    const rows = { rows: Array.from({ length: 5_000 }, (_, i) => ({ id: i })), note: 'n' }
    const shown = referTo('steps.a.output', rows)
    expect(shown).toMatchObject({ $ref: 'steps.a.output', bytes: jsonBytes(rows), digest: { note: 'n' } })
    expect(stringifyJson(shown)).toContain('more of 5000 items')
    expect(stringifyJson(shown).length).toBeLessThan(2_200)
    expect(isLarge(referTo('x', 'y'.repeat(5_000), 2_000), 2_000)).toBe(false)
  })

  it('is made once for each object', () => {
    const rows = [Array.from({ length: 5_000 }, (_, i) => i)]
    expect(referTo('b', rows)['digest']).toBe(referTo('a', rows)['digest'])
  })

  it('is known by its keys; nothing else is taken for it', () => {
    expect(refOf({ $ref: 'a', bytes: 1, digest: null })).toBe('a')
    expect(refOf({ $ref: 'a' })).toBe('a')
    for (const other of [{ $ref: 1 }, { $ref: 'a', more: 1 }, { ref: 'a' }, ['$ref'], '$ref', null, undefined]) {
      expect(refOf(other)).toBeUndefined()
    }
  })
})
