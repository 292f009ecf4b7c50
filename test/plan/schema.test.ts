import { beforeAll, describe, expect, it } from 'vitest'
import type { JsonSchema, JsonValue } from '../../src/contracts/json.ts'
import { compileSchema, loadSchemas } from '../../src/plan/schema.ts'

beforeAll(loadSchemas)

const coerce = (schema: JsonSchema, value: JsonValue): JsonValue => compileSchema(schema).coerce(value).value
const keywords = (schema: JsonSchema, value: JsonValue): string[] =>
  compileSchema(schema)
    .check(value)
    .map((issue) => issue.keyword)

describe('coercion by schema', () => {
  const big = 2n ** 70n
  it.each<[string, JsonSchema, JsonValue, JsonValue]>([
    ['"42" is an integer', { type: 'integer' }, '42', 42],
    ['"12.0" is an integer (B33)', { type: 'integer' }, '12.0', 12],
    ['"12.5" is a number', { type: 'number' }, '12.5', 12.5],
    ['"1e3" is a number', { type: 'number' }, ' 1e3 ', 1000],
    ['"true" is a boolean', { type: 'boolean' }, 'true', true],
    ['"0" is a boolean', { type: 'boolean' }, '0', false],
    ['a number becomes text without exponent (B25)', { type: 'string' }, 1e21, '1000000000000000000000'],
    ['a small number becomes text without exponent', { type: 'string' }, 1.5e-7, '0.00000015'],
    ['a boolean becomes text', { type: 'string' }, true, 'true'],
    ['a large integer keeps its digits as text (B26)', { type: 'string' }, big, String(big)],
    ['the text of a large integer keeps its digits (B26)', { type: 'integer' }, String(big), big],
    ['an object gives its only text field', { type: 'string' }, { unit: 'EUR', n: 1 }, 'EUR'],
    ['an object gives its code (B24)', { type: 'string' }, { code: 'EUR', name: 'Euro' }, 'EUR'],
    ['an object gives its id where it has no code', { type: 'string' }, { title: 'x', id: 7, text: 'y' }, '7'],
    [
      'JSON text of an object gives its code where the text is refused (B24)',
      { type: 'string', maxLength: 3 },
      '{"code":"EUR","name":"Euro"}',
      'EUR',
    ],
    ['JSON text is an object where one is wanted', { type: 'object' }, '{"a":1}', { a: 1 }],
    ['JSON text is a list where one is wanted', { type: 'array' }, '[1]', [1]],
    [
      'nested properties and items',
      { type: 'object', properties: { a: { type: 'array', items: { type: 'integer' } } } },
      { a: ['1', 2] },
      { a: [1, 2] },
    ],
    ['an enum value in another case', { enum: ['USD', 'EUR'] }, 'usd', 'USD'],
    ['an enum of numbers given as text', { enum: [1, 2] }, '2', 2],
    ['Go type names (B38)', { type: 'float64' }, '1.5', 1.5],
    ['types in any case', { type: 'Integer' }, '5', 5],
    ['[]string is a list', { type: '[]string' }, '["a"]', ['a']],
    ['the first alternative it can be brought to', { anyOf: [{ type: 'integer' }, { type: 'boolean' }] }, 'true', true],
    [
      'along a reference to the schema itself',
      { $ref: '#/$defs/n', $defs: { n: { properties: { v: { type: 'integer' }, next: { $ref: '#/$defs/n' } } } } },
      { v: '1', next: { v: '2' } },
      { v: 1, next: { v: 2 } },
    ],
  ])('%s', (_, schema, given, wanted) => {
    expect(compileSchema(schema).coerce(given)).toMatchObject({ value: wanted, issues: [] })
  })

  it.each<[string, JsonSchema, JsonValue]>([
    ['"12.5" is no integer', { type: 'integer' }, '12.5'],
    ['"one hundred" never becomes 0 (B32)', { type: 'number' }, 'one hundred'],
    ['"" is no number', { type: 'number' }, ''],
    ['"NaN" is no number (B33)', { type: 'number' }, 'NaN'],
    ['"Infinity" is no number (B33)', { type: 'number' }, 'Infinity'],
    ['"1e999" is no number', { type: 'number' }, '1e999'],
    ['"yes" is no boolean (B33)', { type: 'boolean' }, 'yes'],
    ['null is not 0 (B27)', { type: 'integer' }, null],
    ['null is not text', { type: 'string' }, null],
    ['null is not false', { type: 'boolean' }, null],
    ['a single value is not wrapped into a list', { type: 'array', items: { type: 'string' } }, 'a'],
    ['an object without a telling field', { type: 'string' }, { a: 'x', b: 'y' }],
    ['an enum match that is not unique', { enum: ['a', 'A '] }, 'A'],
  ])('leaves the value and says so: %s', (_, schema, given) => {
    const { value, issues } = compileSchema(schema).coerce(given)
    expect(value).toEqual(given)
    expect(issues).toHaveLength(1)
  })

  it('names value and wanted type where coercion fails', () => {
    const { issues } = compileSchema({ type: 'object', properties: { amount: { type: 'number' } } }).coerce({
      amount: 'one hundred',
    })
    expect(issues).toEqual([
      {
        pointer: '/amount',
        keyword: 'type',
        wanted: 'number',
        value: 'one hundred',
        message: '"amount" is "one hundred"; a value of type number is wanted.',
      },
    ])
  })

  it('never changes the given value, and gives the same object back when all types fit (B34)', () => {
    const schema = { type: 'object', properties: { a: { type: 'integer' }, b: { type: 'object' } } }
    const given = Object.freeze({ a: '1', b: Object.freeze({ c: 1 }) })
    const changed = compileSchema(schema).coerce(given).value
    expect(changed).toEqual({ a: 1, b: { c: 1 } })
    expect((changed as { b: unknown }).b).toBe(given.b)
    const fitting = { a: 1, b: {} }
    expect(coerce(schema, fitting)).toBe(fitting)
  })

  it('keeps text that is JSON when the schema takes any text (B36)', () => {
    expect(coerce({ type: 'string' }, '{"code":"EUR"}')).toBe('{"code":"EUR"}')
  })
})

describe('schemas of strangers', () => {
  it('accepts large integers as integers', () => {
    expect(keywords({ type: 'object', properties: { id: { type: 'integer' } } }, { id: 2n ** 60n })).toEqual([])
  })

  it('tolerates draft-07, boolean exclusive limits and boolean required', () => {
    const schema = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      properties: { n: { type: 'int', minimum: 1, exclusiveMinimum: true, required: true } },
    }
    expect(keywords(schema, { n: 1 })).toEqual(['exclusiveMinimum'])
    expect(keywords(schema, {})).toEqual(['required'])
  })

  it('drops a wrong keyword and keeps the others', () => {
    const schema = {
      type: 'object',
      required: 'all',
      properties: { a: { type: 'string', minLength: '3', maxLength: 2 }, b: 7 },
    }
    expect(keywords(schema, { a: 'abc' })).toEqual(['maxLength'])
  })

  it('follows references to any place in the schema; one that leads nowhere says nothing', () => {
    const schema = {
      type: 'object',
      properties: {
        a: { $ref: '#/nope' },
        b: { $ref: '#/components/schemas/B' },
        c: { $ref: '#/properties/d/items/0' },
        d: { items: [{ type: 'boolean' }] },
      },
      components: { schemas: { B: { type: 'integer' } } },
    }
    expect(keywords(schema, { a: 1, b: 'x', c: 5 })).toEqual(['type', 'type'])
    expect(coerce(schema, { b: '1', c: 'true' })).toEqual({ b: 1, c: true })
  })

  it('lets everything pass, and says so, where the schema cannot be used', () => {
    let schema: Record<string, unknown> = { type: 'integer' }
    for (let i = 0; i < 200; i++) schema = { type: 'object', properties: { a: schema } }
    expect(compileSchema(schema).enforced).toBe(false)
    expect(compileSchema(schema).coerce({ a: 1 })).toEqual({ value: { a: 1 }, issues: [] })
    expect(compileSchema({ type: 'object' }).enforced).toBe(true)
  })

  it('fetches nothing: a reference to elsewhere says nothing, the rest is enforced', () => {
    const schema = { type: 'object', properties: { a: { $ref: 'http://127.0.0.1:9/x.json' }, b: { type: 'integer' } } }
    expect(keywords(schema, { a: 'anything', b: 'x' })).toEqual(['type'])
  })

  it.each<[string, string, string]>([
    ['bounded repetitions in a row', `^${'a{0,40}'.repeat(8)}b$`, 'a'.repeat(300)],
    ['endless repetitions in a row', `^${'a*'.repeat(9)}b$`, 'a'.repeat(300)],
    ['many that may be there or not', `^${'a?'.repeat(40)}${'a'.repeat(40)}b$`, 'a'.repeat(40)],
    ['many choices', `^${'(a|a)'.repeat(40)}b$`, 'a'.repeat(40)],
    ['a repetition from every place', '\\s+\\s+$', `${' '.repeat(50_000)}x`],
  ])('is held up neither in values nor in names by a pattern of %s', (_name, pattern, text) => {
    const begin = performance.now()
    expect(compileSchema({ type: 'string', pattern }).check(text)).toEqual([])
    compileSchema({ type: 'object', patternProperties: { [pattern]: { type: 'number' } } }).check({ [text]: 'x' })
    expect(performance.now() - begin).toBeLessThan(2_000)
  })

  it('still checks the patterns that people write, in values and in names', () => {
    for (const [pattern, good, bad] of [
      ['^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$', 'a@b.kr', 'a@b'],
      ['^\\d{4}-\\d{2}-\\d{2}$', '2026-11-21', '21.11.2026'],
      ['^(red|green|blue)$', 'red', 'pink'],
      ['^\\+?[1-9]\\d{1,14}$', '+8210', '0'],
    ] as const) {
      expect(compileSchema({ type: 'string', pattern }).check(good)).toEqual([])
      expect(compileSchema({ type: 'string', pattern }).check(bad)).toHaveLength(1)
      const names = compileSchema({
        type: 'object',
        patternProperties: { [pattern]: { type: 'number' } },
        additionalProperties: false,
      })
      expect(names.check({ [good]: 1 })).toEqual([])
      expect(names.check({ [bad]: 1 })).toHaveLength(1)
    }
  })

  it('is not held up by a pattern that takes exponential time', () => {
    const started = performance.now()
    compileSchema({ type: 'string', pattern: '^(a+)+$' }).check(`${'a'.repeat(60)}!`)
    compileSchema({ type: 'string', pattern: '(x|xx)*y' }).check('x'.repeat(5_000))
    expect(performance.now() - started).toBeLessThan(500)
    expect(keywords({ type: 'string', pattern: '^[a-z]+$' }, 'A1')).toEqual(['pattern'])
  })

  it('survives schemas and values that contain themselves or nest without end', () => {
    const cyclic: Record<string, unknown> = { type: 'object' }
    cyclic['properties'] = { a: cyclic }
    expect(compileSchema(cyclic).check({ a: 1 })).toEqual([])
    let deep: JsonValue = 1
    for (let i = 0; i < 50_000; i++) deep = [deep]
    expect(keywords({ $ref: '#/$defs/l', $defs: { l: { items: { $ref: '#/$defs/l' } } } }, deep)).toEqual(['depth'])
  })

  it('names unknown properties with the nearest known ones, and legal values', () => {
    const schema = {
      type: 'object',
      properties: { query: { type: 'string' }, unit: { enum: ['km', 'mi'] } },
      additionalProperties: false,
    }
    expect(compileSchema(schema).check({ qurey: 'x', unit: 'm' })).toMatchObject([
      { pointer: '/qurey', keyword: 'additionalProperties', alternatives: ['query', 'unit'] },
      { pointer: '/unit', keyword: 'enum', alternatives: ['km', 'mi'] },
    ])
  })

  it('tells a failed choice once instead of every branch of it', () => {
    expect(keywords({ anyOf: [{ type: 'integer' }, { type: 'boolean' }] }, 'x')).toEqual(['anyOf'])
  })

  it('compiles one schema once, whether the object or only its text is the same', () => {
    const schema = { type: 'string' }
    expect(compileSchema(schema)).toBe(compileSchema(schema))
    expect(compileSchema({ type: 'string' })).toBe(compileSchema(schema))
  })
})
