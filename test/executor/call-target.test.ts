import { describe, expect, it } from 'vitest'
import type { Component } from '../../src/contracts/capability.ts'
import { configSchema } from '../../src/contracts/config.ts'
import type { Invoker } from '../../src/contracts/parts.ts'
import { CallTargets } from '../../src/executor/call-target.ts'
import { Pools } from '../../src/executor/pools.ts'
import { compilePlan } from '../../src/plan/compile.ts'
import { loadSchemas } from '../../src/plan/schema.ts'
import { capability, component, createView } from '../plan/fake-view.ts'
import { createManualClock } from '../support/manual-clock.ts'

await loadSchemas()
const settings = configSchema.parse({})
const invoker: Invoker = { invoke: async () => ({ body: null }) }

describe('a step that names only a capability', () => {
  it('is served by the first component that is well, and by the first of all when none is (B56)', () => {
    const of = (name: string, health: 'healthy' | 'unhealthy'): Component =>
      component(name, [capability('go', { type: 'object' })], { instances: [{ id: `${name}-1`, health }] })
    const served = (...components: Component[]): string | undefined =>
      new CallTargets(settings, () => invoker, new Pools(settings, { clock: createManualClock() })).find(
        { capability: 'go' },
        createView(components),
      )?.component.name
    expect(served(of('a', 'unhealthy'), of('b', 'healthy'), of('c', 'healthy'))).toBe('b')
    expect(served(of('a', 'unhealthy'), of('b', 'unhealthy'))).toBe('a')
    expect(served()).toBeUndefined()
  })

  it('serves it by its one capability when none is named, and not at all where there are several', () => {
    const targets = new CallTargets(settings, () => invoker, new Pools(settings, { clock: createManualClock() }))
    const view = createView([
      component('one', [capability('go', { type: 'object' })]),
      component('two', [capability('go', { type: 'object' }), capability('stop', { type: 'object' })]),
    ])
    expect(targets.find({ component: 'one' }, view)?.label).toBe('one/go')
    expect(targets.find({ component: 'two' }, view)).toBeUndefined()
    expect(targets.find({ component: 'two', action: 'stop' }, view)?.label).toBe('two/stop')
    expect(targets.find({ component: 'two', capability: 'stop' }, view)?.label).toBe('two/stop')
    expect(targets.find({ component: 'one', action: 'gone' }, view)).toBeUndefined()
    expect(targets.find({}, view)).toBeUndefined()
    expect(targets.find({ component: 'one', action: 'go' }, view)).toBe(
      targets.find({ component: 'one', action: 'go' }, view),
    )
  })
})

describe('what a step is expected to take', () => {
  it('is what was learnt of its target or of its kind, how long it waits, and nothing for what only computes', async () => {
    const targets = new CallTargets(settings, () => invoker, new Pools(settings, { clock: createManualClock() }))
    const view = createView([component('fx', [capability('go', { type: 'object' })])])
    const { plan } = await compilePlan({
      inputs: { at: { type: 'string' } },
      steps: [
        { name: 'call', type: 'call', component: 'fx', action: 'go', dependsOn: [] },
        { name: 'gone', type: 'call', component: 'nobody', action: 'go', dependsOn: [] },
        { name: 'pause', type: 'wait', wait: { forMs: 700 }, dependsOn: [] },
        { name: 'moment', type: 'wait', wait: { until: '${inputs.at}' }, dependsOn: [] },
        { name: 'gate', type: 'gate', dependsOn: [] },
        { name: 'sum', type: 'transform', set: { a: 1 }, dependsOn: [] },
        { name: 'text', type: 'ai-generate', prompt: 'Write', dependsOn: [] },
      ],
    })
    if (plan === undefined) throw new Error('no plan')
    targets.find({ component: 'fx', action: 'go' }, view)?.durations.observe(40)
    targets.durationsOf('ai-generate').observe(60)
    const expectMs = targets.expectations(plan, view)
    expect(plan.steps.map(({ index }) => expectMs(index))).toEqual([40, 50, 700, 0, 0, 0, 60])
    expect(expectMs(99)).toBe(0)
  })
})
