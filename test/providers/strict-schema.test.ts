import { describe, expect, it } from 'vitest'
import { strictSchema } from '../../src/providers/strict-schema.ts'

const object = (properties: Record<string, unknown>, more: object = {}) => ({
  type: 'object',
  properties,
  required: Object.keys(properties),
  ...more,
})

describe('schemas for strict output', () => {
  it.each([
    ['an optional key, which nobody may guess', { type: 'object', properties: { a: { type: 'string' } } }],
    ['free keys', object({ a: { type: 'object' } })],
    ['keys beyond the known', object({ a: { type: 'string' } }, { additionalProperties: true })],
    ['a reference', object({ a: { $ref: '#/$defs/a' } })],
    ['oneOf', object({ a: { oneOf: [{ type: 'string' }] } })],
    ['a value of any type', object({ a: {} })],
    ['a list of anything', object({ a: { type: 'array' } })],
    ['a list at the root', { type: 'array', items: { type: 'string' } }],
    ['a choice at the root', object({ a: { type: 'string' } }, { anyOf: [{}] })],
    ['a choice of objects', object({ a: { enum: [{ b: 1 }] } })],
    [
      'a required key that has no schema',
      { type: 'object', properties: { a: { type: 'string' } }, required: ['a', 'b'] },
    ],
    ['a wrong type', object({ a: { type: 'text' } })],
  ])('does not fit %s', (_, schema) => {
    expect(strictSchema(schema, 'openai')).toBeUndefined()
  })

  it('closes objects on every level, and leaves the given schema as it is', () => {
    const inner = object({ n: { type: 'number' } })
    const schema = object(
      {
        list: { type: 'array', items: inner },
        either: { anyOf: [{ type: 'string' }, { type: 'null' }] },
        kind: { enum: ['a', null] },
      },
      { $schema: 'x', default: {} },
    )
    expect(strictSchema(schema, 'anthropic')).toEqual({
      type: 'object',
      properties: {
        list: { type: 'array', items: { ...inner, additionalProperties: false } },
        either: { anyOf: [{ type: 'string' }, { type: 'null' }] },
        kind: { enum: ['a', null] },
      },
      required: ['list', 'either', 'kind'],
      additionalProperties: false,
    })
    expect(inner).not.toHaveProperty('additionalProperties')
  })

  it('keeps limits where the vendor takes them, and says them in words where not', () => {
    const schema = object({ n: { type: 'integer', minimum: 1, description: 'How many.' } })
    expect(strictSchema(schema, 'openai')?.properties).toEqual({
      n: { type: 'integer', minimum: 1, description: 'How many.' },
    })
    expect(strictSchema(schema, 'anthropic')?.properties).toEqual({
      n: { type: 'integer', description: 'How many. Must fit {"minimum":1}.' },
    })
  })

  it('takes limits beyond 2^53, which JSON.stringify cannot send', () => {
    expect(
      strictSchema(object({ n: { type: 'integer', maximum: 9223372036854775807n } }), 'openai')?.properties,
    ).toEqual({ n: { type: 'integer', description: 'Must fit {"maximum":9223372036854775807}.' } })
  })

  it('lets no key of a foreign schema reach a prototype', () => {
    const schema = JSON.parse('{"type":"object","properties":{"__proto__":{"type":"string"}},"required":["__proto__"]}')
    const strict = strictSchema(schema, 'openai')
    expect(Object.getPrototypeOf(strict?.properties)).toBe(Object.prototype)
    expect(Object.keys(strict?.properties as object)).toEqual(['__proto__'])
  })
})
