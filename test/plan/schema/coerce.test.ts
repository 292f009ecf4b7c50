import { beforeAll, describe, expect, it } from 'vitest'
import type { JsonSchema, JsonValue } from '../../../src/contracts/json.ts'
import { compileSchema, loadSchemas } from '../../../src/plan/schema.ts'

beforeAll(loadSchemas)

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

  it.each<[string, JsonSchema, JsonValue, JsonValue]>([
    [
      'a chain of references',
      { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { type: 'integer' } } },
      '1',
      1,
    ],
    [
      'a schema that refers to itself',
      { properties: { n: { type: 'integer' }, next: { $ref: '#' } } },
      { n: '1', next: { next: { n: '2' } } },
      { n: 1, next: { next: { n: 2 } } },
    ],
    [
      'references in a circle, which say nothing',
      { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } },
      { n: '1' },
      { n: '1' },
    ],
    [
      'other properties where some are told by a pattern',
      { patternProperties: { '^x': { type: 'string' } }, additionalProperties: { type: 'integer' } },
      { x1: '5', y: 6 },
      { x1: '5', y: 6 },
    ],
    ['items behind those that are told one by one', { prefixItems: [{ type: 'integer' }] }, ['1', '2'], [1, '2']],
    [
      'the alternative that a list fits',
      { anyOf: [{ type: 'array', items: { type: 'integer' } }, { type: 'object' }] },
      ['1'],
      [1],
    ],
    [
      'two alternatives that a list fits: neither',
      {
        anyOf: [
          { type: 'array', items: { type: 'string' } },
          { type: 'array', items: { type: 'integer' } },
        ],
      },
      ['1'],
      ['1'],
    ],
    [
      'two kinds of objects that nothing tells apart: neither',
      {
        anyOf: [
          { type: 'object', properties: { a: { type: 'string' } } },
          { type: 'object', properties: { a: { type: 'integer' } } },
        ],
      },
      { a: '1' },
      { a: '1' },
    ],
    [
      'a kind of object by all of its required properties',
      {
        anyOf: [
          { type: 'object', properties: { n: { type: 'integer' } }, required: ['n', 'a'] },
          { type: 'object', properties: { n: { type: 'string' } }, required: ['n', 'b'] },
        ],
      },
      { n: '1', a: 1 },
      { n: 1, a: 1 },
    ],
    [
      'a kind of object by a fixed property, in another spelling',
      {
        oneOf: [
          { type: 'object', properties: { kind: { const: 'A' }, n: { type: 'integer' } } },
          { type: 'object', properties: { kind: { const: 'B' }, n: { type: 'string' } } },
        ],
      },
      { kind: 'a', n: '1' },
      { kind: 'A', n: 1 },
    ],
    ['values among alternatives', { anyOf: [{ enum: ['A'] }, { type: 'integer' }] }, 'a', 'A'],
    ['a type behind values', { anyOf: [{ enum: ['A'] }, { type: 'integer' }] }, '5', 5],
    ['parts of an alternative', { anyOf: [{ allOf: [{ type: 'integer' }] }, { type: 'boolean' }] }, 'true', true],
    ['the first part of an alternative', { anyOf: [{ allOf: [{ type: 'integer' }] }, { type: 'boolean' }] }, '7', 7],
    [
      'a measure for any number',
      { properties: { wait_ms: { type: 'number' } } },
      { wait_ms: '1.0005 s' },
      { wait_ms: 1000.5 },
    ],
    [
      'a measure in all parts',
      { properties: { wait_ms: { allOf: [{ type: 'number' }] } } },
      { wait_ms: '1 s' },
      { wait_ms: 1000 },
    ],
    ['text that is JSON where it is too long (B24)', { type: 'string', maxLength: 5 }, '{"code": "EUR"}', 'EUR'],
    ['text that is JSON and no value of the list (B24)', { type: 'string', enum: ['USD'] }, '{"code": "usd"}', 'USD'],
    [
      'text that is JSON where any text will do',
      { type: 'string', maxLength: 50 },
      '{"code": "EUR"}',
      '{"code": "EUR"}',
    ],
    ['text that is JSON without rules', { type: 'string' }, '{"code": "EUR"}', '{"code": "EUR"}'],
  ])('%s (as it is)', (_, schema, given, wanted) => {
    const { value, issues } = coerce(schema, given)
    expect(value).toEqual(wanted)
    expect(issues.filter(({ keyword }) => keyword !== 'anyOf')).toEqual([])
  })

  it('leaves what it cannot bring to the schema as it was given, the very object', () => {
    const fraction = { properties: { wait_ms: { type: 'integer' } } }
    expect(coerce(fraction, { wait_ms: '1.0005 s' })).toMatchObject({ value: { wait_ms: '1.0005 s' }, issues: [{}] })
    expect(coerce({ type: 'string', maxLength: 3 }, '[1, 2]').value).toBe('[1, 2]')
    expect(coerce({ type: 'string', maxLength: 3 }, '{broken}').value).toBe('{broken}')
    const fitting = { a: [1, { b: 'x' }], c: 'y' }
    const schema = {
      properties: { a: { items: { properties: { b: { type: 'string' } } } }, c: { enum: ['y'] } },
      additionalProperties: { type: 'integer' },
    }
    expect(coerce(schema, fitting)).toEqual({ value: fitting, issues: [] })
    expect(coerce(schema, fitting).value).toBe(fitting)
    expect(coerce({ items: { type: 'integer' } }, { items: ['1'] }).value).toEqual({ items: ['1'] })
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
