import { describe, expect, it } from 'vitest'
import type { JsonObject, JsonSchema } from '../../src/contracts/json.ts'
import { compileSchema, loadSchemas } from '../../src/plan/schema.ts'
import { formatAnswer } from '../../src/providers/answer-format.ts'
import { type Dialect, strictSchema } from '../../src/providers/strict-schema.ts'
import { modelCall } from './collect.ts'

const object = (properties: JsonObject, more: JsonObject = {}): JsonObject => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  ...more,
})

/** What capabilities ask for, with answers that are right by it: strictness may rule out none of them. */
const CASES: readonly (readonly [string, JsonSchema, readonly JsonObject[]])[] = [
  ['a free-form object', object({ filter: { type: 'object' } }), [{ filter: {} }, { filter: { a: { b: [1, null] } } }]],
  [
    'an object with some known keys and any others',
    object({ filter: object({ a: { type: 'string' } }, { additionalProperties: true }) }),
    [{ filter: { a: 'x', b: 2 } }],
  ],
  [
    'a record',
    object({ rates: { type: 'object', additionalProperties: { type: 'number' } } }),
    [{ rates: { EUR: 1.1, USD: 1 } }],
  ],
  [
    'a record by patterns',
    object({ tags: { type: 'object', patternProperties: { '^x-': { type: 'string' } } } }),
    [{ tags: { 'x-a': 'b' } }],
  ],
  [
    'recursion',
    object(
      { tree: { $ref: '#/$defs/node' } },
      { $defs: { node: object({ children: { type: 'array', items: { $ref: '#/$defs/node' } } }) } },
    ),
    [{ tree: { children: [{ children: [] }] } }],
  ],
  [
    'optional keys',
    { type: 'object', properties: { city: { type: 'string' }, days: { type: 'integer' } }, required: ['city'] },
    [{ city: 'Seoul' }, { city: 'Seoul', days: 3 }],
  ],
  [
    'optional keys further in',
    object({ at: { type: 'object', properties: { lat: { type: 'number' }, name: { type: 'string' } } } }),
    [{ at: { lat: 1 } }, { at: {} }],
  ],
  [
    'a union of types',
    object({ id: { anyOf: [{ type: 'string' }, { type: 'integer' }, { type: 'null' }] } }),
    [{ id: 'a' }, { id: 7 }, { id: null }],
  ],
  [
    'a union of objects',
    object({
      by: { anyOf: [object({ name: { type: 'string' } }), object({ id: { type: 'integer' } })] },
    }),
    [{ by: { name: 'x' } }, { by: { id: 1 } }],
  ],
  [
    'oneOf and allOf',
    object({ a: { oneOf: [{ type: 'string' }] }, b: { allOf: [{ type: 'integer' }, { minimum: 1 }] } }),
    [{ a: 'x', b: 2 }],
  ],
  ['a value of any type', object({ value: {} }), [{ value: { a: 1 } }, { value: 'x' }, { value: [1] }]],
  ['a list of anything', object({ rows: { type: 'array' } }), [{ rows: [1, 'a', { b: 2 }] }]],
  ['a tuple', object({ pair: { type: 'array', prefixItems: [{ type: 'string' }] } }), [{ pair: ['a', 1] }]],
  ['a list of types', object({ n: { type: ['number', 'string'] } }), [{ n: 1 }, { n: 'many' }]],
  ['no inputs', { type: 'object', properties: {} }, [{}]],
  ['what nobody described', { type: 'object' }, [{}, { a: 1 }]],
]

describe('strict output and free-form inputs', () => {
  it.each(
    CASES.flatMap(([name, schema, answers]) =>
      (['openai', 'anthropic'] as const).map((dialect): [string, Dialect, JsonSchema, readonly JsonObject[]] => [
        name,
        dialect,
        schema,
        answers,
      ]),
    ),
  )('%s: %s is never held to less than the capability takes', async (_, dialect, schema, answers) => {
    await loadSchemas()
    const strict = strictSchema(schema, dialect)
    for (const answer of answers) {
      expect(compileSchema(schema).check(answer)).toEqual([])
      if (strict !== undefined) expect(compileSchema(strict).check(answer)).toEqual([])
    }
    // What does not fit is told in full, in words, and asked for as JSON of any shape.
    const { format, messages } = formatAnswer(modelCall({ schema }), { dialect })
    if (strict === undefined) {
      expect(format.kind).toBe(dialect === 'openai' ? 'object' : 'free')
      expect(messages.at(-1)?.content).toContain(JSON.stringify(schema))
    } else expect(format).toEqual({ kind: 'schema', schema: strict })
  })

  it('holds both vendors to the schemas that both can take', () => {
    const strict = CASES.filter(([, schema]) => strictSchema(schema, 'openai') !== undefined).map(([name]) => name)
    expect(strict).toEqual(
      CASES.filter(([, schema]) => strictSchema(schema, 'anthropic') !== undefined).map(([name]) => name),
    )
    expect(strict).toEqual(expect.arrayContaining(['a union of types', 'a union of objects', 'a list of types']))
  })
})
