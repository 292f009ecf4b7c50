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
const schemasWith = (...choices: readonly ('anyOf' | 'oneOf' | 'allOf')[]): fc.Arbitrary<JsonSchema> =>
  fc.letrec<{ schema: JsonSchema }>((tie) => ({
    schema: fc.oneof(
      { maxDepth: 3, withCrossShrink: true },
      scalarSchema,
      fc
        .dictionary(fc.constantFrom('a', 'b_ms', 'c'), tie('schema'))
        .map((properties) => ({ type: 'object', properties })),
      tie('schema').map((items) => ({ type: 'array', items })),
      ...choices.map((key) => fc.array(tie('schema'), { minLength: 1, maxLength: 2 }).map((list) => ({ [key]: list }))),
    ),
  })).schema
const schemas = schemasWith('anyOf', 'oneOf', 'allOf')
/** Parts of `allOf` may contradict each other, and then each pulls the value its way again. */
const consistentSchemas = schemasWith('anyOf', 'oneOf')
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
      fc.property(consistentSchemas, values, (schema, value) => {
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
