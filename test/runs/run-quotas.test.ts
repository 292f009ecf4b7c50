import { describe, expect, it } from 'vitest'
import { createRunQuotas, keyPath } from '../../src/runs/run-quotas.ts'

describe('quotas of runs', () => {
  it('count nothing when no quota speaks of runs', () => {
    expect(createRunQuotas({ payments: { weight: 2, maxConcurrency: 3 } }, 100)).toBeUndefined()
  })
  it('let a key below another one take of both', () => {
    expect(keyPath('payments/alice')).toEqual(['payments', 'payments/alice'])
    const quotas = createRunQuotas({ payments: { maxRuns: 2 }, 'payments/alice': { maxRuns: 1 } }, 100)
    expect(quotas?.enter('payments/alice')).toBeUndefined()
    expect(quotas?.enter('payments/alice')).toBe('payments/alice')
    expect(quotas?.enter('payments/bob')).toBeUndefined()
    expect(quotas?.enter('payments/carol')).toBe('payments')
    quotas?.leave('payments/alice')
    expect(quotas?.enter('payments/carol')).toBeUndefined()
  })
  it('give every key without a quota of its own the default one', () => {
    const quotas = createRunQuotas({ default: { maxRuns: 1 }, big: { maxRuns: 2 } }, 100)
    expect([quotas?.enter('a'), quotas?.enter('a'), quotas?.enter('b')]).toEqual([undefined, 'a', undefined])
    expect([quotas?.enter('big'), quotas?.enter('big'), quotas?.enter('big')]).toEqual([undefined, undefined, 'big'])
  })
  it('refuse a run when so many of its key wait, and not because some are just about to begin', () => {
    const quotas = createRunQuotas({ a: { maxRuns: 2, maxQueued: 1 } }, 100)
    for (let i = 0; i < 3; i++) {
      expect(() => quotas?.refuse('a')).not.toThrow()
      quotas?.wait('a')
    }
    expect(() => quotas?.refuse('a')).toThrow(expect.objectContaining({ code: 'quota_exceeded' }))
    expect(() => quotas?.refuse('b')).not.toThrow()
    quotas?.waited('a')
    expect(() => quotas?.refuse('a')).not.toThrow()
  })
  it('show what is taken, and forget keys that have no runs', () => {
    const quotas = createRunQuotas({ default: { maxRuns: 3 } }, 100)
    quotas?.enter('a')
    quotas?.wait('a')
    expect(quotas?.usage()).toEqual([{ kind: 'runs', name: 'a', inUse: 1, limit: 3, waiting: 1 }])
    quotas?.leave('a')
    quotas?.waited('a')
    expect(quotas?.usage()).toEqual([])
  })
})
