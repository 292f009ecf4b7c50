import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { shapeOf, toCodeValue, toWirePath, toWireValue, wireKeysAt } from '../../src/util/shape.ts'

const schema = z.strictObject({
  maxWaitMs: z.number().default(5),
  byName: z.record(z.string(), z.strictObject({ perMs: z.number().optional() })).optional(),
  items: z.array(z.strictObject({ fooBar: z.string().optional(), raw: z.custom<unknown>().optional() })).optional(),
  auth: z
    .discriminatedUnion('type', [
      z.strictObject({ type: z.literal('a'), tokenUrl: z.string() }),
      z.strictObject({ type: z.literal('b'), keyName: z.string() }),
    ])
    .optional(),
})
const shape = shapeOf(schema)

const code = {
  maxWaitMs: 90_000,
  byName: { some_name: { perMs: 1 }, someName: {} },
  items: [{ fooBar: 'x', raw: { maxWaitMs: 5 } }],
  auth: { type: 'b', keyName: 'k' },
}
const wire = {
  max_wait: '90s',
  by_name: { some_name: { per: '1ms' }, someName: {} },
  items: [{ foo_bar: 'x', raw: { maxWaitMs: 5 } }],
  auth: { type: 'b', key_name: 'k' },
}

describe('the two spellings of a schema', () => {
  it('rename our keys at every level, and nothing of the user', () => {
    expect(toWireValue(shape, code)).toEqual(wire)
    expect(toCodeValue(shape, wire)).toEqual(code)
    expect(toWireValue(shape, wire)).toEqual(wire)
  })

  it('leave what they do not know, what is written twice, and what is no duration to the schema', () => {
    expect(toWireValue(shape, { other: 1, maxWaitMs: -5, max_wait: '1s' })).toEqual({
      other: 1,
      maxWaitMs: -5,
      max_wait: '1s',
    })
    expect(toWireValue(shape, { maxWaitMs: -5 })).toEqual({ max_wait: '-5ms' })
    expect(toWireValue(shape, { maxWaitMs: Number.NaN })).toEqual({ max_wait: 'NaNms' })
    expect(toWireValue(shape, [1])).toEqual([1])
  })

  it('lead from a place in code to the same place outside', () => {
    expect(toWirePath(shape, ['byName', 'someName', 'perMs'])).toEqual(['by_name', 'someName', 'per'])
    expect(toWirePath(shape, ['items', 0, 'fooBar'])).toEqual(['items', 0, 'foo_bar'])
    expect(wireKeysAt(shape, ['items', 3])).toEqual(['foo_bar', 'raw'])
    expect(wireKeysAt(shape, ['auth'])).toEqual(['type', 'token_url', 'key_name'])
    expect(wireKeysAt(shape, ['by_name'])).toEqual([])
  })
})
