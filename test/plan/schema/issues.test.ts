import { beforeAll, describe, expect, it, vi } from 'vitest'
import type { JsonSchema, JsonValue } from '../../../src/contracts/json.ts'
import { checkBySchema, compileSchema, loadSchemas } from '../../../src/plan/schema.ts'

beforeAll(loadSchemas)

const big = 2n ** 60n
const check = (schema: JsonSchema, value: JsonValue) => compileSchema(schema).check(value)

describe('what does not fit a schema', () => {
  it.each<[JsonSchema, JsonValue, string, string, string]>([
    [{ required: ['a'] }, {}, 'required', '/a', '"a" is required and missing.'],
    [{ properties: { o: { required: ['a/b'] } } }, { o: {} }, 'required', '/o/a~1b', '"a/b" is required and missing.'],
    [
      { properties: { a: {}, b: {} }, additionalProperties: false },
      { c: 1 },
      'additionalProperties',
      '/c',
      '"c" is not known here; known are a, b.',
    ],
    [{ additionalProperties: false }, { c: 1 }, 'additionalProperties', '/c', '"c" is not known here; known are none.'],
    [{ enum: ['km', 5, null] }, 'm', 'enum', '', 'The value is "m"; allowed are km, 5, null.'],
    [{ properties: { n: { enum: [7] } } }, { n: { a: 1 } }, 'enum', '/n', '"n" is {"a":1}; allowed are 7.'],
    [{ type: 'integer' }, 'x', 'type', '', 'The value is "x"; a value of type integer is wanted.'],
    [
      { properties: { n: { type: ['integer', 'null'] } } },
      { n: 'x' },
      'type',
      '/n',
      '"n" is "x"; a value of type integer or null is wanted.',
    ],
    [{ pattern: '^a' }, 'b', 'pattern', '', 'The value is "b"; it must match the pattern ^a.'],
    [{ uniqueItems: true }, [1, 1], 'unique', '', 'The value is [1,1]; it must not have equal items.'],
    [{ minLength: 3 }, 'b', 'minLength', '', 'The value is "b"; it must NOT have fewer than 3 characters.'],
    [{ minItems: 2 }, [1], 'minItems', '', 'The value is [1]; it must NOT have fewer than 2 items.'],
    [{ multipleOf: 2 }, 3, 'multipleOf', '', 'The value is 3; it must be multiple of 2.'],
  ])('%j: %j', (schema, value, keyword, pointer, message) => {
    expect(check(schema, value)).toMatchObject([{ keyword, pointer, message }])
  })

  it('is told with what is wanted, and with the nearest of what is allowed', () => {
    expect(check({ type: ['integer', 'null'] }, 'x')).toMatchObject([{ wanted: 'integer or null', value: 'x' }])
    expect(check({ enum: ['kilometre', 'mile'] }, 'kilometer')[0]?.alternatives?.[0]).toBe('kilometre')
    expect(check({ enum: [10, 99] }, 98)[0]?.alternatives?.[0]).toBe('99')
  })

  it('is told once: a choice and not its branches, a condition and not that there is one', () => {
    const keywords = (schema: JsonSchema, value: JsonValue) => check(schema, value).map(({ keyword }) => keyword)
    expect(keywords({ oneOf: [{ type: 'integer' }, { type: 'null' }], minLength: 2 }, 'x')).toEqual([
      'oneOf',
      'minLength',
    ])
    expect(keywords({ oneOf: [{ type: 'string' }, { minLength: 1 }] }, 'x')).toEqual(['oneOf'])
    expect(keywords({ if: { required: ['a'] }, then: { required: ['b'] } }, { a: 1 })).toEqual(['required'])
    expect(keywords({ allOf: [{ type: 'integer' }, { type: 'integer' }] }, 'x')).toEqual(['type'])
  })

  it('is told for fifty places at most', () => {
    expect(check({ items: { type: 'integer' } }, Array(60).fill('x'))).toHaveLength(50)
  })

  it('holds for the places of large integers too, which count as numbers', () => {
    const integers = { type: 'array', items: { type: 'integer', maximum: 5 } }
    expect(check(integers, [1, big])).toMatchObject([{ keyword: 'maximum', pointer: '/1', value: big }])
    expect(check({ items: { type: 'integer' } }, [1, big])).toEqual([])
    expect(check({ additionalProperties: { items: { type: 'number' } } }, { a: [1], b: [big, 2] })).toEqual([])
    expect(check({ properties: { a: { type: 'integer' } }, required: ['b'] }, { a: big, c: 1 })).toMatchObject([
      { keyword: 'required' },
    ])
    expect(check({ type: 'string' }, big)).toMatchObject([{ keyword: 'type', value: big }])
  })

  it('is not searched for where the search would take too long', () => {
    expect(check({ pattern: '^a' }, 'b'.repeat(2_001))).toEqual([])
    expect(check({ pattern: '^a' }, 'b'.repeat(2_000))).toMatchObject([{ keyword: 'pattern' }])
    expect(check({ pattern: '^a' }, 'a'.repeat(2_000))).toEqual([])
    expect(check({ uniqueItems: true }, Array(1_001).fill(1))).toEqual([])
    expect(check({ uniqueItems: true }, Array(1_000).fill(1))).toMatchObject([{ keyword: 'unique' }])
    expect(check({ uniqueItems: true }, [1, '1', { a: 1 }, { a: 2 }])).toEqual([])
  })

  it('is told in words alone where only those are wanted', async () => {
    expect(await checkBySchema({ type: 'integer', minimum: 2 }, 1)).toEqual(['The value is 1; it must be >= 2.'])
    expect(await checkBySchema({ type: 'integer' }, 1)).toEqual([])
  })
})

describe('before the schema library is loaded', () => {
  let fresh: { compileSchema: typeof compileSchema; loadSchemas: typeof loadSchemas }
  beforeAll(async () => {
    vi.resetModules()
    fresh = await import('../../../src/plan/schema.ts')
  })

  it('a schema says what was forgotten, and works as soon as that is done', async () => {
    const schema = fresh.compileSchema({ type: 'integer' })
    expect(() => schema.check(1)).toThrow('"loadSchemas"')
    await fresh.loadSchemas()
    expect(schema.check('x')).toHaveLength(1)
  })
})
