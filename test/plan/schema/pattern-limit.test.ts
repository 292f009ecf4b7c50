import { describe, expect, it } from 'vitest'
import { longestMatched } from '../../../src/plan/schema/pattern-limit.ts'
import { compileSchema, loadSchemas } from '../../../src/plan/schema.ts'

describe('the text that a pattern is matched against', () => {
  it.each([
    '^[a-z]*[a-z]*[a-z]*[a-z]*$',
    '[a-z]*[a-z]*[a-z]*[a-z]*!!',
    '^.*.*.*.*.*.*.*.*=$',
    `^${'a?'.repeat(40)}${'a'.repeat(40)}$`,
    '^a{1,900}a{1,900}a{1,900}a{1,900}$',
  ])('is short enough that no pattern of a stranger blocks: %s', async (pattern) => {
    await loadSchemas()
    const schema = compileSchema({ type: 'string', pattern })
    const began = performance.now()
    for (const length of [30, 39, 60, 100, 148, 200, 400, 1_000, 2_000]) schema.check(`${'a'.repeat(length)}!`)
    expect(performance.now() - began).toBeLessThan(2_000)
  })

  it.each([
    ['^[a-z]+$', 2_000],
    ['^sha256:[a-f0-9]{64}$', 2_000],
    ['^[^@]+@[^@]+\\.[^@]+$', 200],
    ['^\\d{4}-\\d{2}-\\d{2}$', 2_000],
  ])('is as long as honest patterns need: %s', (pattern, length) => {
    expect(longestMatched(pattern)).toBeGreaterThanOrEqual(length)
  })
})
