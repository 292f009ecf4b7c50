import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import type { JsonSchema, JsonValue } from '../../src/contracts/json.ts'
import { compileSchema, loadSchemas } from '../../src/plan/schema.ts'

beforeAll(loadSchemas)

const types = ['string', 'number', 'integer', 'boolean', 'object', 'array', 'null'] as const
const scalarSchema: fc.Arbitrary<JsonSchema> = fc.oneof(
  fc.constantFrom(...types).map((type) => ({ type })),
  fc.subarray([...types], { minLength: 1 }).map((type) => ({ type })),
  fc.uniqueArray(fc.string({ maxLength: 4 }), { minLength: 1, maxLength: 4 }).map((values) => ({ enum: values })),
  fc.oneof(fc.string({ maxLength: 4 }), fc.integer()).map((only) => ({ const: only })),
)
const schemas = fc.letrec<{ schema: JsonSchema }>((tie) => ({
  schema: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    scalarSchema,
    fc
      .dictionary(fc.constantFrom('a', 'b_ms', 'c'), tie('schema'))
      .map((properties) => ({ type: 'object', properties })),
    tie('schema').map((items) => ({ type: 'array', items })),
    fc.array(tie('schema'), { minLength: 1, maxLength: 3 }).map((anyOf) => ({ anyOf })),
    fc.array(tie('schema'), { minLength: 1, maxLength: 2 }).map((oneOf) => ({ oneOf })),
    fc.array(tie('schema'), { minLength: 1, maxLength: 2 }).map((allOf) => ({ allOf })),
  ),
})).schema
const values: fc.Arbitrary<JsonValue> = fc.oneof(
  fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<JsonValue>,
  fc.constantFrom<JsonValue>(
    '42',
    '1.5',
    '30s',
    'true',
    '0',
    '',
    ' ',
    'NaN',
    '-0',
    '1e3',
    '{"a":"1"}',
    '[1]',
    2n ** 60n,
  ),
  fc.record({ a: fc.constantFrom<JsonValue>('1', 'x', null, 5), b_ms: fc.constantFrom<JsonValue>('1 s', '2', 3) }),
)

describe('coercion', () => {
  it('never changes a value that fits', () => {
    fc.assert(
      fc.property(schemas, values, (schema, value) => {
        const compiled = compileSchema(schema)
        if (compiled.check(value).length === 0) expect(compiled.coerce(value).value).toEqual(value)
      }),
      { numRuns: 1_000 },
    )
  })

  it('done twice gives what it gave once', () => {
    fc.assert(
      fc.property(schemas, values, (schema, value) => {
        const compiled = compileSchema(schema)
        const once = compiled.coerce(value).value
        expect(compiled.coerce(once).value).toEqual(once)
      }),
      { numRuns: 1_000 },
    )
  })

  it('gives every number back from its text, and every large integer', () => {
    const number = compileSchema({ type: 'number' })
    const text = compileSchema({ type: 'string' })
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (n) => {
        const written = text.coerce(n).value
        expect(written).not.toMatch(/[eE]/)
        // Beyond 2^53 the digits are kept as a bigint; -0 is written as 0, as JSON has it everywhere.
        expect(Number(number.coerce(written).value)).toBe(n === 0 ? 0 : n)
      }),
    )
    fc.assert(
      fc.property(fc.bigInt(), (n) => {
        expect(BigInt(number.coerce(text.coerce(n).value).value as number | bigint)).toBe(n)
      }),
    )
  })

  it('makes no number and no boolean of a text that is none (B32, B33)', () => {
    const nonsense = fc.string().filter((text) => !/\d/.test(text) && text !== 'true' && text !== 'false')
    fc.assert(
      fc.property(nonsense, fc.constantFrom('number', 'integer', 'boolean'), (given, type) => {
        const { value, issues } = compileSchema({ type: 'object', properties: { wait_ms: { type } } }).coerce({
          wait_ms: given,
        })
        expect(value).toEqual({ wait_ms: given })
        expect(issues).toHaveLength(1)
      }),
    )
  })
})

const coerce = (schema: JsonSchema, value: JsonValue) => compileSchema(schema).coerce(value)

describe('schemas of every dialect', () => {
  it.each<[string, JsonSchema, JsonValue, JsonValue]>([
    ['const', { properties: { v: { const: 2 } } }, { v: '2' }, { v: 2 }],
    ['const as text', { const: 'Metric' }, 'metric', 'Metric'],
    ['nullable', { type: 'integer', nullable: true }, '5', 5],
    ['null in a list of types', { type: ['null', 'number'] }, '1.5', 1.5],
    ['null among alternatives', { anyOf: [{ type: 'null' }, { type: 'integer' }] }, '7', 7],
    [
      'what stands beside a $ref',
      { $defs: { n: { type: 'integer' } }, properties: { wait_ms: { $ref: '#/$defs/n', minimum: 5 } } },
      { wait_ms: '2 s' },
      { wait_ms: 2000 },
    ],
    [
      'definitions of draft-07',
      { definitions: { n: { type: 'integer' } }, properties: { a: { $ref: '#/definitions/n' } } },
      { a: '1' },
      { a: 1 },
    ],
    ['lists of items of draft-07', { items: [{ type: 'integer' }, { type: 'boolean' }] }, ['1', 'true'], [1, true]],
    [
      'prefixItems of 2020-12',
      { prefixItems: [{ type: 'integer' }], items: { type: 'boolean' } },
      ['1', 'false'],
      [1, false],
    ],
    ['other properties', { additionalProperties: { type: 'integer' } }, { a: '1' }, { a: 1 }],
    [
      'all parts of allOf',
      { allOf: [{ properties: { a: { type: 'integer' } } }, { properties: { b: { type: 'number' } } }] },
      { a: '1', b: '2.5' },
      { a: 1, b: 2.5 },
    ],
    [
      'a measure that may be null',
      { properties: { wait_ms: { anyOf: [{ type: 'integer' }, { type: 'null' }] } } },
      { wait_ms: '1 s' },
      { wait_ms: 1000 },
    ],
    [
      'the kind of object that a fixed property tells',
      {
        oneOf: [
          { properties: { kind: { const: 'circle' }, r: { type: 'number' } }, required: ['kind', 'r'] },
          { properties: { kind: { const: 'square' }, r: { type: 'string' } }, required: ['kind', 'r'] },
        ],
      },
      { kind: 'circle', r: '2' },
      { kind: 'circle', r: 2 },
    ],
    [
      'the kind of object that its required properties tell',
      {
        anyOf: [
          { type: 'object', properties: { lat: { type: 'number' } }, required: ['lat'] },
          { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
        ],
      },
      { lat: '1.5' },
      { lat: 1.5 },
    ],
  ])('%s', (_, schema, given, wanted) => {
    const { value, issues } = coerce(schema, given)
    expect(value).toEqual(wanted)
    expect(issues).toEqual([])
  })

  it('leaves a text that a choice takes as text, also where a number has a unit', () => {
    const schema = { properties: { wait_ms: { type: ['string', 'number'] } } }
    expect(coerce(schema, { wait_ms: '5 s' })).toEqual({ value: { wait_ms: '5 s' }, issues: [] })
  })

  it('tells each repair with its place, and none of an alternative that was not taken', () => {
    const schema = {
      properties: {
        list: { items: { anyOf: [{ type: 'integer' }, { enum: ['On', 'Off'] }] } },
        'a/b': { enum: ['X'] },
      },
    }
    expect(coerce(schema, { list: [1, 'off'], 'a/b': 'x' }).repairs).toEqual([
      { pointer: '/list/1', from: 'off', to: 'Off' },
      { pointer: '/a~1b', from: 'x', to: 'X' },
    ])
  })
})

describe('formats', () => {
  it.each([
    ['date', '2024-02-29'],
    ['date-time', '2024-02-29T10:00:00Z'],
    ['date-time', '2024-02-29 10:00'],
    ['date-time', '2024-02-29T10:00:00.123+0100'],
    ['time', '23:59'],
    ['email', 'a@localhost'],
    ['uri', 'https://example.org/a b'.replace(' ', '%20')],
    ['uri', 'urn:isbn:1'],
    ['uuid', '123E4567-E89B-12D3-A456-426614174000'],
    ['ipv4', '10.0.0.1'],
    ['int64', 'anything: an unknown format says nothing'],
  ])('%s takes %s', (format, text) => {
    expect(compileSchema({ type: 'string', format }).check(text)).toEqual([])
  })

  it.each([
    ['date', 'next Tuesday'],
    ['date', '2023-02-29'],
    ['date', '2023-13-01'],
    ['date-time', '2024-02-29'],
    ['time', '25:00'],
    ['email', 'Jane Doe'],
    ['uri', 'not a uri'],
    ['uri', '/relative'],
    ['uuid', '123'],
    ['ipv4', '300.0.0.1'],
  ])('%s refuses %s, which is wrong for everybody', (format, text) => {
    expect(compileSchema({ type: 'string', format }).check(text)).toMatchObject([{ keyword: 'format', value: text }])
  })
})
