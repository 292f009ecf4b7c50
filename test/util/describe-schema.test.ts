import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { z as z3 } from 'zod/v3'
import { describeSchema, type SchemaOutput, type StandardSchema } from '../../src/util/describe-schema.ts'

const city4 = z.object({ city: z.string().describe('A city'), days: z.int().min(1).default(3) })
const city3 = z3.object({ city: z3.string().describe('A city'), days: z3.number().int().min(1).default(3) })

describe('a schema, described', () => {
  it('gives the fields of a zod 4 schema, with a default optional on the input side', () => {
    expect(describeSchema(city4, 'input').jsonSchema).toEqual({
      type: 'object',
      properties: {
        city: { type: 'string', description: 'A city' },
        days: { type: 'integer', minimum: 1, default: 3 },
      },
      required: ['city'],
    })
  })

  it('gives the same for a zod 3 schema, never an empty one', () => {
    expect(describeSchema(city3, 'input').jsonSchema).toEqual(describeSchema(city4, 'input').jsonSchema)
  })

  it('requires on the output side what is there after parsing', () => {
    expect(describeSchema(city4, 'output').jsonSchema).toMatchObject({ required: ['city', 'days'] })
  })

  it('drops the bounds that an integer of zod 4 carries, and keeps those that were asked for', () => {
    const schema = z.object({ n: z.int(), m: z.int().max(10), deep: z.array(z.object({ k: z.int() })) })
    const text = JSON.stringify(describeSchema(schema, 'input').jsonSchema)
    expect(text).not.toContain('9007199254740991')
    expect(text).toContain('"maximum":10')
  })

  it('describes dates and big integers by what JSON can carry', () => {
    const schema = z.object({ at: z.coerce.date(), big: z.bigint() })
    expect(describeSchema(schema, 'input').jsonSchema).toMatchObject({
      properties: { at: { type: 'string', format: 'date-time' }, big: { type: 'integer' } },
    })
  })

  it.each([
    ['zod 4', city4],
    ['zod 3', city3],
  ])('parses with %s: defaults are applied, issues name the place', async (_name, schema) => {
    const { parse } = describeSchema(schema, 'input')
    expect(await parse?.({ city: 'Rome' })).toEqual({ value: { city: 'Rome', days: 3 } })
    expect(await parse?.({ city: 'Rome', days: 0 })).toMatchObject({ issues: [{ path: 'days' }] })
    expect(await parse?.({ days: 1 })).toMatchObject({ issues: [{ path: 'city' }] })
  })

  it('writes places in lists with brackets', async () => {
    const { parse } = describeSchema(z.object({ items: z.array(z.object({ name: z.string() })) }), 'input')
    expect(await parse?.({ items: [{ name: 'a' }, { name: 1 }] })).toMatchObject({
      issues: [{ path: 'items[1].name' }],
    })
  })

  it('parses an asynchronous refinement', async () => {
    const schema = z.object({ id: z.string().refine(async (id) => Promise.resolve(id === 'known'), 'is not known') })
    const { parse } = describeSchema(schema, 'input')
    expect(await parse?.({ id: 'known' })).toEqual({ value: { id: 'known' } })
    expect(await parse?.({ id: 'other' })).toEqual({ issues: [{ path: 'id', message: 'is not known' }] })
  })

  it('parses without a promise where none is needed', () => {
    expect(describeSchema(city4, 'input').parse?.({ city: 'Rome' })).toEqual({ value: { city: 'Rome', days: 3 } })
  })

  it('says that a union of objects is an object', () => {
    const union = z.union([z.object({ a: z.string() }), z.object({ b: z.string() })])
    const { jsonSchema } = describeSchema(union, 'input')
    expect(jsonSchema['type']).toBe('object')
    expect(jsonSchema['anyOf']).toHaveLength(2)
  })

  it('keeps a recursive schema whole', () => {
    const node = z.object({
      name: z.string(),
      get children() {
        return z.array(node)
      },
    })
    expect(JSON.stringify(describeSchema(node, 'input').jsonSchema)).toContain('$ref')
  })
})

describe('another Standard Schema', () => {
  const evens: StandardSchema<{ n: number }> = {
    '~standard': {
      version: 1,
      vendor: 'by-hand',
      validate: (value) =>
        typeof value === 'object' && value !== null && 'n' in value && typeof value.n === 'number' && value.n % 2 === 0
          ? { value: { n: value.n } }
          : { issues: [{ message: 'must be even', path: [{ key: 'n' }] }] },
    },
  }

  it('validates, and is an open object when it offers no JSON Schema', async () => {
    const described = describeSchema(evens, 'input')
    expect(described.jsonSchema).toEqual({ type: 'object' })
    expect(await described.parse?.({ n: 2 })).toEqual({ value: { n: 2 } })
    expect(await described.parse?.({ n: 3 })).toEqual({ issues: [{ path: 'n', message: 'must be even' }] })
  })

  it('uses the JSON Schema that it offers, and does without when that throws', () => {
    const offered = { type: 'object', properties: { n: { type: 'number' } } }
    const withJson = { '~standard': { ...evens['~standard'], jsonSchema: { input: () => offered } } }
    expect(describeSchema(withJson, 'input').jsonSchema).toEqual(offered)
    const refusing = {
      '~standard': {
        ...evens['~standard'],
        jsonSchema: {
          input: () => {
            throw new Error('not representable')
          },
        },
      },
    }
    expect(describeSchema(refusing, 'input').jsonSchema).toEqual({ type: 'object' })
  })

  it('may be a function', async () => {
    const callable = Object.assign(() => undefined, evens)
    expect(await describeSchema(callable, 'input').parse?.({ n: 4 })).toEqual({ value: { n: 4 } })
  })
})

describe('a plain JSON Schema', () => {
  it('stays the very object it is, without a parser', () => {
    const schema = { type: 'object', properties: { a: { type: 'string' } } }
    expect(describeSchema(schema, 'input')).toEqual({ jsonSchema: schema })
    expect(describeSchema(schema, 'input').jsonSchema).toBe(schema)
  })

  it('may say nothing at all: then any object passes', () => {
    expect(describeSchema({}, 'input').jsonSchema).toEqual({ type: 'object' })
  })
})

describe('what is refused', () => {
  it.each([
    ['a zod schema that says nothing', z.any()],
    ['a zod 3 schema that says nothing', z3.any()],
    ['inputs that are no object', z.string()],
    ['inputs that are a list', { type: 'array' }],
    ['a bare bag of zod fields', { city: z.string() }],
  ])('%s', (_name, schema) => {
    expect(() => describeSchema(schema, 'input')).toThrow(expect.objectContaining({ code: 'invalid_config' }))
  })
})

describe('the type of a parsed value', () => {
  it('is inferred from zod 4, zod 3 and Standard Schemas', () => {
    expectTypeOf<SchemaOutput<typeof city4>>().toEqualTypeOf<{ city: string; days: number }>()
    expectTypeOf<SchemaOutput<typeof city3>>().toEqualTypeOf<{ city: string; days: number }>()
    expectTypeOf<SchemaOutput<{ type: 'object' }>>().toEqualTypeOf<Record<string, unknown>>()
    expect(describeSchema(city3, 'output').jsonSchema).toMatchObject({ type: 'object' })
  })
})
