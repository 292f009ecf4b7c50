import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TuttiError } from '../../src/contracts/errors.ts'
import { byteLengthOf, isJsonObject, MAX_JSON_DEPTH, parseJson, stringifyJson } from '../../src/util/json.ts'

const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth)

describe('parseJson', () => {
  it('refuses a number that no double holds: it would be written as null later', () => {
    for (const text of ['1e999', '{"n": -1E+400}', `${'9'.repeat(400)}.5`])
      expect(() => parseJson(text)).toThrow(SyntaxError)
    expect(parseJson('[1e308, "1e999", 1e-999]')).toEqual([1e308, '1e999', 0])
  })
  it('keeps every digit of an integer beyond 2^53 (B26)', () => {
    expect(parseJson('{"id": 12345678901234567890, "n": -9007199254740993}')).toEqual({
      id: 12345678901234567890n,
      n: -9007199254740993n,
    })
  })

  it('leaves safe integers and fractions as numbers', () => {
    expect(parseJson('[9007199254740991, 1.2345678901234567890123, 1e300, 0]')).toEqual([
      9007199254740991, 1.2345678901234567, 1e300, 0,
    ])
  })

  it('does not touch long digits inside strings', () => {
    expect(parseJson('{"a": "12345678901234567890", "b": 12345678901234567890}')).toEqual({
      a: '12345678901234567890',
      b: 12345678901234567890n,
    })
  })

  it.each(['{"__proto__": {"admin": true}, "a": 1}', '{"\\u005f_proto__": {"admin": true}, "a": 1}'])(
    'drops a key that would set a prototype: %s',
    (text) => {
      const value = parseJson(text)
      if (!isJsonObject(value)) throw new Error('An object was expected.')
      expect(Object.getOwnPropertyNames(value)).toEqual(['a'])
      expect(Reflect.get(Object.assign({}, value), 'admin')).toBeUndefined()
    },
  )

  it('drops it beside large integers, and at any depth', () => {
    const value = parseJson('[{"x": {"__proto__": 1, "id": 12345678901234567890}}]')
    expect(stringifyJson(value)).toBe('[{"x":{"id":12345678901234567890}}]')
  })

  it('reads nesting up to the limit and refuses one level more', () => {
    expect(stringifyJson(parseJson(nested(MAX_JSON_DEPTH)))).toBe(nested(MAX_JSON_DEPTH))
    expect(() => parseJson(nested(MAX_JSON_DEPTH + 1))).toThrow(SyntaxError)
    expect(() => parseJson('{"a":'.repeat(100_000))).toThrow(SyntaxError)
  })

  it('counts no brackets inside strings', () => {
    const text = JSON.stringify({ a: '['.repeat(2000), b: 'x\\"[', c: '\\' })
    expect(parseJson(text)).toEqual(JSON.parse(text))
  })

  it('refuses a number of thousands of digits and whatever is not JSON', () => {
    expect(() => parseJson('1'.repeat(5000))).toThrow(SyntaxError)
    for (const text of ['', '{', '{a:1}', 'NaN', "{'a':1}"]) expect(() => parseJson(text)).toThrow(SyntaxError)
  })

  it('reads what JSON.stringify writes, as JSON.parse does', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        const plain: unknown = JSON.parse(text)
        fc.pre(!text.includes('__proto__') && !/\d{16}/.test(text))
        expect(parseJson(text)).toEqual(plain)
      }),
    )
  })
})

describe('stringifyJson', () => {
  it('writes every digit of a bigint, as a number', () => {
    expect(stringifyJson({ id: 12345678901234567890n, list: [1n, 2] })).toBe('{"id":12345678901234567890,"list":[1,2]}')
  })

  it('gives large integers back as they were read', () => {
    fc.assert(
      fc.property(fc.bigInt(), (n) => {
        const text = `{"n":${n},"s":"${n}"}`
        expect(stringifyJson(parseJson(text))).toBe(text)
      }),
    )
  })

  it('writes NaN and infinities as null, and leaves out what is undefined (B33)', () => {
    expect(stringifyJson({ a: NaN, b: Infinity, c: undefined, d: [undefined, -Infinity] })).toBe(
      '{"a":null,"b":null,"d":[null,null]}',
    )
    expect(stringifyJson(undefined)).toBe('null')
  })

  it('indents, also beside bigints', () => {
    expect(stringifyJson({ a: 1n }, 2)).toBe('{\n  "a": 1\n}')
  })

  it('fails with a code for a value that contains itself', () => {
    const value: Record<string, unknown> = { n: 1n }
    value['self'] = value
    expect(() => stringifyJson(value)).toThrow(TuttiError)
  })
})

it('tells objects from lists and null', () => {
  expect([{}, { a: 1 }, Object.create(null)].every(isJsonObject)).toBe(true)
  expect([[], null, 'x', 1, undefined].some(isJsonObject)).toBe(false)
})

it('counts bytes, not characters', () => {
  expect(byteLengthOf('größe 😀')).toBe(12)
})
