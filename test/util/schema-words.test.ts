import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { inWords } from '../../src/util/schema-words.ts'

const wordsFor = (schema: z.ZodType, value: unknown): string | undefined =>
  schema.safeParse(value, { error: inWords }).error?.issues[0]?.message

describe('what a schema wants, in words', () => {
  it.each<[z.ZodType, unknown, string]>([
    [z.number().int().min(1), 0, 'must be at least 1'],
    [z.number().positive(), 0, 'must be more than 0'],
    [z.number().max(100), 101, 'must be at most 100'],
    [z.number().lt(1), 1, 'must be less than 1'],
    [z.number().int(), 1.5, 'must be a whole number'],
    [z.number(), 'one', 'must be a number'],
    [z.string(), 30, 'must be text'],
    [z.string().min(1), '', 'must not be empty'],
    [z.string().min(8), 'short', 'must have at least 8 characters'],
    [z.boolean(), 'maybe', 'must be true or false'],
    [z.array(z.string()).min(1), [], 'must have at least one entry'],
    [z.array(z.string()).max(2), ['a', 'b', 'c'], 'must have at most 2 entries'],
    [z.record(z.string(), z.number()), [], 'must be an object'],
    [z.strictObject({ a: z.number() }), {}, 'is missing'],
    [z.enum(['fixed', 'linear']), 'quick', 'must be one of fixed, linear'],
    [z.literal('bearer'), 'basic', 'must be bearer'],
  ])('%#', (schema, value, words) => {
    expect(wordsFor(schema, value)).toBe(words)
  })

  it('leave the last word to what the schema says itself', () => {
    expect(wordsFor(z.number().min(1, 'must be one call or more'), 0)).toBe('must be one call or more')
  })
})
