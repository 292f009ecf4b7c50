import { describe, expect, it } from 'vitest'
import { type ConfigInput, configSchema } from '../../src/contracts/config.ts'
import type { PlanDocument } from '../../src/contracts/plan.ts'
import { type CacheAsk, createPlanCache } from '../../src/planner/plan-cache.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { demoComponents, viewOf } from './demo-world.ts'

const plan: PlanDocument = { steps: [{ name: 'a', type: 'gate', dependsOn: [] }] }
const ask = (more: Partial<CacheAsk> = {}): CacheAsk => ({
  request: 'Search the news',
  principal: 'local',
  view: viewOf(demoComponents),
  turns: [],
  ...more,
})

function setup(planner: NonNullable<ConfigInput['planner']> = {}) {
  const clock = createManualClock()
  let model: string | undefined = 'openai:a'
  const cache = createPlanCache({ settings: configSchema.parse({ planner }), clock, modelId: () => model })
  return {
    clock,
    cache,
    useModel: (id: string) => {
      model = id
    },
  }
}

describe('createPlanCache', () => {
  it('finds a plan again for the same request in other spacing and Unicode form, but not in other case', () => {
    const { cache } = setup()
    cache.store(ask({ request: 'Caf\u00e9 news' }), plan)
    expect(cache.find(ask({ request: '  Cafe\u0301 \n news ' }))?.document).toBe(plan)
    expect(cache.find(ask({ request: 'caf\u00e9 news' }))).toBeUndefined()
  })

  it('keeps principals, catalogs and models apart', () => {
    const { cache, useModel } = setup()
    cache.store(ask(), plan)
    expect(cache.find(ask({ principal: 'ann' }))).toBeUndefined()
    expect(cache.find(ask({ view: viewOf(demoComponents, 'f2') }))).toBeUndefined()
    expect(cache.find(ask())).toBeDefined()
    useModel('openai:b')
    expect(cache.find(ask())).toBeUndefined()
  })

  it('keeps nothing of a thread that has turns, no plan without steps, and none that is to be written anew', () => {
    const { cache } = setup()
    cache.store(ask(), { steps: [], reason: 'no' })
    expect(cache.find(ask())).toBeUndefined()
    cache.store(ask(), { steps: plan.steps.map((step) => ({ ...step, replanIf: 'true' })) })
    expect(cache.find(ask())).toBeUndefined()
    cache.store(ask(), plan)
    expect(cache.find(ask({ turns: [{ request: 'a', answer: 'b' }] }))).toBeUndefined()
  })

  it('keeps a plan that has expired, as not fresh', async () => {
    const { cache, clock } = setup({ cacheTtlMs: 1_000 })
    cache.store(ask(), plan)
    await clock.advance(999)
    expect(cache.find(ask())?.isFresh).toBe(true)
    await clock.advance(1)
    expect(cache.find(ask())).toMatchObject({ isFresh: false, ageMs: 1_000 })
  })

  it('takes no plan of another day for fresh: plans go by what day it is', async () => {
    const { cache, clock } = setup({ cacheTtlMs: 86_400_000 })
    cache.store(ask(), plan)
    const untilMidnight = 86_400_000 - (clock.now() % 86_400_000)
    await clock.advance(untilMidnight - 1)
    expect(cache.find(ask())?.isFresh).toBe(true)
    await clock.advance(1)
    expect(cache.find(ask())?.isFresh).toBe(false)
  })

  it('forgets on demand, and the least used above its size', () => {
    const { cache } = setup({ cacheSize: 2 })
    for (const request of ['a', 'b', 'c']) cache.store(ask({ request }), plan)
    expect(cache.find(ask({ request: 'a' }))).toBeUndefined()
    cache.evict(ask({ request: 'b' }))
    expect(cache.find(ask({ request: 'b' }))).toBeUndefined()
    expect(cache.stats().size).toBe(1)
  })

  it('counts hits and misses, but not of what is never kept', () => {
    const { cache } = setup()
    cache.count(ask(), 'hit')
    cache.count(ask(), 'miss')
    cache.count(ask({ turns: [{ request: 'a', answer: 'b' }] }), 'miss')
    expect(cache.stats()).toEqual({ hits: 1, misses: 1, size: 0 })
  })

  it('keeps nothing when it is turned off', () => {
    const { cache } = setup({ cacheEnabled: false })
    cache.store(ask(), plan)
    expect(cache.find(ask())).toBeUndefined()
  })
})
