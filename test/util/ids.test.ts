import { describe, expect, it } from 'vitest'
import { createId, createRunId } from '../../src/util/ids.ts'

describe('ids', () => {
  it('are a prefix and a UUID of version 7 without its dashes', () => {
    expect(createRunId()).toMatch(/^run_[0-9a-f]{12}7[0-9a-f]{3}[89ab][0-9a-f]{15}$/)
    expect(createId('req')).toMatch(/^req_[0-9a-f]{32}$/)
  })
  it('begin with the time in ms', () => {
    const before = Date.now()
    const ms = Number.parseInt(createRunId().slice(4, 16), 16)
    expect(ms).toBeGreaterThanOrEqual(before)
    expect(ms).toBeLessThan(before + 60_000)
  })
  it('sort in the order in which they were made, also more than 4,096 within a millisecond', () => {
    const ids = Array.from({ length: 20_000 }, createRunId)
    expect(ids.toSorted()).toEqual(ids)
    expect(new Set(ids).size).toBe(ids.length)
  })
})
