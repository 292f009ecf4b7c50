import { describe, expect, it } from 'vitest'
import { type ConfigInput, configSchema } from '../../src/contracts/config.ts'
import { Pools, prefixesOf } from '../../src/executor/pools.ts'
import { createManualClock } from '../support/manual-clock.ts'

const create = (settings: ConfigInput = {}, clock = createManualClock()): Pools =>
  new Pools(configSchema.parse(settings), { clock })

describe('the pools of the process', () => {
  it('count a key in each of its prefixes', () => {
    expect(prefixesOf('payments/alice')).toEqual(['payments', 'payments/alice'])
    const quotas = { payments: { maxConcurrency: 5 }, 'payments/alice': { maxConcurrency: 2 } }
    expect(
      create({ quotas })
        .enterRun('payments/alice')
        .map(({ name, limit }) => [name, limit]),
    ).toEqual([
      ['payments', 5],
      ['payments/alice', 2],
    ])
    expect(create().enterRun('payments/alice')).toEqual([])
  })

  it('know a component under its name in any case', () => {
    const pools = create()
    expect(pools.component('FX')).toBe(pools.component('fx'))
  })

  it('let a component have only the share of the traffic that its instances bear, in the steps in which they recover', () => {
    const pools = create({ components: { fx: { maxConcurrency: 20 } } })
    const pool = pools.component('fx')
    pool.setInstances([{ id: 'i1' }, { id: 'i2' }])
    const limits = [0, 0.1, 0.5, 1].map((share) => {
      pools.setShare({ component: 'fx', instance: 'i1', state: share === 0 ? 'open' : 'closed', share })
      return pool.limit
    })
    expect(limits).toEqual([10, 11, 15, 20])
    for (const instance of ['i1', 'i2']) pools.setShare({ component: 'fx', instance, state: 'open', share: 0 })
    expect(pool.limit).toBe(1)
    // Started anew, under another name.
    pool.setInstances([{ id: 'i3' }])
    expect(pool.limit).toBe(20)
  })

  it('give the same demand for the same needs, in one order whatever the order of writing', () => {
    const pools = create({ resources: { inventory: { gpu: 2, cpu: 8 } } })
    const demand = (resources: Record<string, number>) => pools.demandOf({ ofRun: [], resources, step: 's' })
    expect(demand({ gpu: 1, cpu: 2 })).toBe(demand({ cpu: 2, gpu: 1 }))
    expect(demand({ gpu: 1, cpu: 2 })?.pools.map(({ name }) => name)).toEqual(['cpu', 'gpu'])
    expect(pools.demandOf({ ofRun: [], step: 's' })).toBeUndefined()
  })

  it('do not mistake a key of concurrency that looks like something else for that', () => {
    const pools = create()
    const component = pools.component('pay')
    const ofStep = (key: string, of?: typeof component) =>
      pools.demandOf({ ofRun: [], concurrency: { key, limit: 1 }, component: of, step: 's' })
    ofStep('a\ncomponent 1 pay')
    expect(ofStep('a', component)?.pools.map(({ kind }) => kind)).toEqual(['concurrency', 'component'])
  })

  it('let a key of concurrency have the least limit of those that are about it, not of those that have gone', () => {
    const pools = create()
    const ofStep = (limit: number) => {
      const demand = pools.demandOf({ ofRun: [], concurrency: { key: 'db', limit }, step: 's' })
      if (demand === undefined) throw new Error('no demand')
      return demand
    }
    const demand = ofStep(5)
    expect(pools.admission.take(demand)).toBe(true)
    expect(ofStep(1).pools[0]?.limit).toBe(1)
    expect(ofStep(5).pools[0]?.limit).toBe(1)
    pools.admission.giveBack(demand)
    expect(ofStep(5).pools[0]?.limit).toBe(5)
  })

  it('do not sit out a pause that nobody would: the component then fails call by call', () => {
    const clock = createManualClock()
    const pools = create({}, clock)
    pools.pause(pools.component('fx'), 3_600_000)
    expect(pools.usage()).toEqual([])
    pools.pause(pools.component('fx'), 60_000)
    expect(pools.usage().some(({ pausedUntil }) => pausedUntil === new Date(clock.now() + 60_000).toISOString())).toBe(
      true,
    )
    pools.close()
  })

  it('forget keys of steps that nobody uses, and keep one that is in use', () => {
    const pools = create()
    const ofKey = (key: string) => pools.demandOf({ ofRun: [], concurrency: { key, limit: 1 }, step: 's' })
    const used = ofKey('used')
    const idle = ofKey('idle')
    if (used === undefined) throw new Error('no demand')
    expect(pools.admission.take(used)).toBe(true)
    for (let i = 0; i < 3_000; i++) ofKey(`k${i}`)
    expect(ofKey('used')).toBe(used)
    expect(ofKey('idle')).not.toBe(idle)
  })

  it('weigh a key by the quota of its widest part', () => {
    const pools = create({ quotas: { payments: { weight: 3 }, 'payments/alice': { weight: 7 } } })
    expect(['payments', 'payments/alice', 'other', ''].map((key) => pools.weightOf(key))).toEqual([3, 3, 1, 1])
  })

  it('say of a resource that there will never be enough of how much is needed and how much is there', () => {
    const pools = create({ resources: { inventory: { gpu: 2 } } })
    const refused = (resources: Record<string, number>) => () => pools.demandOf({ ofRun: [], resources, step: 's' })
    expect(refused({ gpu: 2 })).not.toThrow()
    expect(refused({ gpu: 3 })).toThrow(
      expect.objectContaining({ code: 'not_supported', details: { resource: 'gpu', needed: 3, available: 2 } }),
    )
    expect(refused({ fpga: 1 })).toThrow(
      expect.objectContaining({ details: { resource: 'fpga', needed: 1, available: 0 } }),
    )
  })

  it('let in who waits for a component as soon as an instance of it bears more', () => {
    const pools = create({ components: { fx: { maxConcurrency: 1 } } })
    const pool = pools.component('fx')
    pool.setInstances([{ id: 'i1' }])
    const demand = pools.demandOf({ ofRun: [], component: pool, step: 's' })
    if (demand === undefined) throw new Error('no demand')
    pool.limit = 0
    let isIn = false
    pools.admission.wait(demand, {
      order: { priority: 2, flow: ['k'] },
      isReady: () => true,
      admit: () => ((isIn = true), false),
    })
    expect(isIn).toBe(false)
    pools.setShare({ component: 'fx', instance: 'i1', state: 'closed', share: 1 })
    expect(isIn).toBe(true)
  })
})
