import { describe, expect, it } from 'vitest'
import type { Component } from '../../src/contracts/capability.ts'
import { configSchema } from '../../src/contracts/config.ts'
import type { Invoker } from '../../src/contracts/parts.ts'
import { CallTargets } from '../../src/executor/call-target.ts'
import { Pools } from '../../src/executor/pools.ts'
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
})
