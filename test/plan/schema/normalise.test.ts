import { describe, expect, it } from 'vitest'
import type { JsonSchema } from '../../../src/contracts/json.ts'
import { normaliseSchema, safePattern, typeNameOf } from '../../../src/plan/schema/normalise.ts'

describe('a foreign schema', () => {
  it.each<[string, JsonSchema, unknown]>([
    ['other names of types', { type: ' Int64 ' }, { type: 'integer' }],
    ['a list of types, each once', { type: ['int', 'integer', 5, 'nil'] }, { type: ['integer', 'null'] }],
    ['a list with a type that says nothing', { type: ['int', 'any'] }, {}],
    ['nullable', { type: 'str', nullable: true, enum: ['a'] }, { type: ['string', 'null'], enum: ['a', null] }],
    ['nullable that is said already', { nullable: true, enum: ['a', null] }, { enum: ['a', null] }],
    ['nullable that is no boolean', { type: 'str', nullable: 'yes', enum: ['a'] }, { type: 'string', enum: ['a'] }],
    [
      'counts and limits of the right shape',
      { minLength: 0, maxLength: '3', minItems: -1, maxItems: 1.5, minProperties: 2, minimum: -1.5, maximum: '9' },
      { minLength: 0, minProperties: 2, minimum: -1.5 },
    ],
    ['a step above 0', { multipleOf: 0.5 }, { multipleOf: 0.5 }],
    ['a step of 0', { multipleOf: 0 }, {}],
    ['a step that is text', { multipleOf: '2' }, {}],
    ['known formats', { format: 'date' }, { format: 'date' }],
    ['unknown formats', { format: 'password' }, {}],
    ['exclusive limits of today', { minimum: 1, exclusiveMinimum: 0 }, { minimum: 1, exclusiveMinimum: 0 }],
    ['exclusive limits of old', { maximum: 5, exclusiveMaximum: true }, { exclusiveMaximum: 5 }],
    ['exclusive limits of nothing', { exclusiveMaximum: true, minimum: 1, exclusiveMinimum: false }, { minimum: 1 }],
    [
      'parts that are schemas',
      { not: { type: 'int' }, contains: true, if: 'x' },
      { not: { type: 'integer' }, contains: true },
    ],
    ['lists of schemas', { allOf: [], anyOf: [5, { type: 'bool' }] }, { anyOf: [true, { type: 'boolean' }] }],
    [
      'lists of items of draft-07',
      { items: [{ type: 'int' }], additionalItems: false },
      { prefixItems: [{ type: 'integer' }], items: false },
    ],
    [
      'additionalItems beside items',
      { items: { type: 'int' }, additionalItems: false },
      { items: { type: 'integer' } },
    ],
    ['an empty list of items', { items: [], additionalItems: 'x' }, {}],
    ['items of no shape', { items: 'int', uniqueItems: 'yes' }, {}],
    ['unique items', { uniqueItems: true }, { 'x-tutti-unique': true }],
    ['values of no shape', { enum: [], const: undefined, pattern: 5 }, {}],
    ['one value', { const: null }, { const: null }],
    ['a pattern', { pattern: '^a' }, { 'x-tutti-pattern': '^a' }],
    ['a pattern that could hang', { pattern: '(a+)+' }, {}],
    ['required names', { required: ['a', 5, 'a'] }, { required: ['a'] }],
    ['no required names', { required: [], properties: { a: 7 } }, { properties: { a: true } }],
    [
      'required at the property',
      { required: ['b'], properties: { a: { required: true }, c: { required: 'yes' } } },
      { required: ['b', 'a'], properties: { a: {}, c: {} } },
    ],
    ['other properties', { additionalProperties: { type: 'int' } }, { additionalProperties: { type: 'integer' } }],
    ['other properties of no shape', { additionalProperties: 'no' }, {}],
    [
      'properties by pattern',
      { patternProperties: { '^x': { type: 'int' } }, additionalProperties: false },
      { patternProperties: { '^x': { type: 'integer' } }, additionalProperties: false },
    ],
    [
      'properties by a pattern that could hang, with what they might allow',
      { patternProperties: { '^x': true, '(a+)+': true }, additionalProperties: false },
      { patternProperties: { '^x': true } },
    ],
    ['properties by no usable pattern', { patternProperties: { '(': true }, additionalProperties: false }, {}],
    [
      'the unit of a property, by its name',
      { properties: { wait_ms: { type: 'int' } }, dependentSchemas: { wait_ms: { type: 'int' } } },
      {
        properties: { wait_ms: { type: 'integer', 'x-tutti-unit': 'ms' } },
        dependentSchemas: { wait_ms: { type: 'integer' } },
      },
    ],
    [
      'keys of prototypes',
      JSON.parse('{"properties": {"__proto__": {}, "a": {}}}') as JsonSchema,
      { properties: { a: {} } },
    ],
    [
      'itself',
      { properties: { next: { $ref: '#' }, other: { $ref: '' } } },
      { properties: { next: { $ref: '#' }, other: { $ref: '#' } } },
    ],
    [
      'places in itself, by its address too',
      {
        $id: 'https://x/y',
        allOf: [{ $ref: 'https://x/y#/$defs/n' }, { $ref: '#/$defs/n' }],
        $defs: { n: { type: 'int' } },
      },
      {
        allOf: [{ $ref: '#/$defs/d0' }, { $ref: '#/$defs/d0' }],
        $defs: { d0: { type: 'integer' } },
      },
    ],
    [
      'places with odd names',
      {
        allOf: [{ $ref: '#/$defs/50%' }, { $ref: '#/$defs/a~1b%20c' }],
        $defs: { '50%': { type: 'int' }, 'a/b c': true },
      },
      { allOf: [{ $ref: '#/$defs/d0' }, { $ref: '#/$defs/d1' }], $defs: { d0: { type: 'integer' }, d1: true } },
    ],
    [
      'places elsewhere, of no schema, or nowhere',
      { title: 'x', allOf: [{ $ref: 'other#/title' }, { $ref: '#/title' }, { $ref: '#/nope' }, { $ref: 5 }] },
      { allOf: [{}, {}, {}, {}] },
    ],
  ])('says %s', (_, schema, wanted) => {
    expect(normaliseSchema(schema)).toEqual(wanted)
  })

  it('is used up to 100 levels and 20,000 parts, and not beyond', () => {
    const nested = (depth: number): JsonSchema => {
      let schema: JsonSchema = { type: 'integer' }
      for (let i = 0; i < depth; i++) schema = { items: schema }
      return schema
    }
    expect(normaliseSchema(nested(100))).toBeDefined()
    expect(normaliseSchema(nested(101))).toBeUndefined()
    const wide = (count: number): JsonSchema => ({ anyOf: Array.from({ length: count }, () => ({})) })
    expect(normaliseSchema(wide(19_999))).toBeDefined()
    expect(normaliseSchema(wide(20_000))).toBeUndefined()
  })

  it('may say a type in the words of many languages', () => {
    const types = ['[]string', 'string[]', 'list<int>', 'slice', 'map[string]int', 'map<string,int>', 'dict', 'JSON']
    expect(types.map(typeNameOf)).toEqual(['array', 'array', 'array', 'array', 'object', 'object', 'object', 'object'])
    expect(['any', 'T', '', 'constructor', 'hashmap[x]y', 'mylist<x>'].map(typeNameOf)).toEqual(
      Array(6).fill(undefined),
    )
  })
})

describe('a pattern of a stranger', () => {
  it.each([
    '(a+)+',
    '(a*)*',
    '(a|b)*',
    '(?:a?){2}',
    '(a+){12}',
    '(a+){1,}',
    '(a+){1,30}',
    '((ab)+c)*',
    '(a)(b+)+',
    '(a{2})+',
    '(.)\\1',
    '(?<x>a)\\k<x>',
    '(',
    '[',
    'a'.repeat(1_001),
  ])('is not used where it could take for ever, or is none: %s', (pattern) => {
    expect(safePattern(pattern)).toBeUndefined()
  })

  it.each([
    '^[a-z]+$',
    '(abc)+',
    '(?:abc)*x',
    '(?=a)b',
    '(?<!b)a',
    '(?!b)a',
    '(a+)',
    '(a|b)c',
    '(a|b)c+',
    '(a+){,3}',
    '(a+){x}',
    '[(*+]+',
    '([*+|])+',
    '\\(a+\\)+',
    '(\\+)+',
    '(a)(b)+c?',
    '\\-',
    '\\d{4}-\\d{2}',
    'a'.repeat(1_000),
  ])('is used else: %s', (pattern) => {
    expect(safePattern(pattern)).toBeInstanceOf(RegExp)
  })
})
