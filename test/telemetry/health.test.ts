import { describe, expect, it } from 'vitest'
import type { BreakerReport } from '../../src/contracts/api.ts'
import type { Component } from '../../src/contracts/capability.ts'
import { listDown, reportHealth } from '../../src/telemetry/health.ts'

const component = (name: string, ...ids: string[]): Component => ({
  name,
  kind: 'tool',
  source: 'test',
  trust: 'configured',
  capabilities: [],
  instances: ids.map((id) => ({ id, health: 'healthy' })),
})
const known = new Map([
  ['rates', component('Rates', 'a', 'b')],
  ['weather', component('weather', 'w')],
])
const report = (name: string, instance: string, state: BreakerReport['state']): BreakerReport => ({
  component: name,
  instance,
  state,
  share: state === 'closed' ? 0.5 : 0,
})
const downOf = (...reports: BreakerReport[]): string[] => listDown(reports, (name) => known.get(name.toLowerCase()))
const healthOf = (downComponents: readonly string[], withheld: readonly string[] = []) =>
  reportHealth({
    sources: [{ name: 's', state: 'ready', components: 2, capabilities: 1 }],
    modelId: 'openai:x',
    journalDurable: false,
    downComponents,
    withheld,
    closed: false,
  })

describe('health and breakers', () => {
  it('are about components of which no instance may be called', () => {
    expect(downOf(report('rates', 'a', 'open'))).toEqual([])
    expect(downOf(report('rates', 'a', 'open'), report('rates', 'b', 'half-open'))).toEqual([])
    expect(downOf(report('rates', 'a', 'open'), report('rates', 'b', 'open'))).toEqual(['Rates'])
    expect(downOf(report('weather', 'w', 'open'), report('gone', 'g', 'open'))).toEqual(['weather'])
  })
  it('degrade the whole, by name, and leave it ready for runs', () => {
    expect(healthOf(['rates'])).toMatchObject({
      status: 'degraded',
      ready: true,
      checks: { breakers: { status: 'degraded', message: expect.stringContaining('"rates"') } },
    })
    expect(healthOf([])).toMatchObject({ status: 'healthy', checks: { breakers: { status: 'ok' } } })
    expect(healthOf([]).checks).not.toHaveProperty('credentials')
    const many = healthOf(Array.from({ length: 500 }, (_, i) => `c${i}`)).checks['breakers']?.message ?? ''
    expect(many).toContain('and 490 more')
  })
})

describe('health and credentials', () => {
  it('name the components that are not called for where they are', () => {
    expect(healthOf([], ['pay'])).toMatchObject({
      status: 'degraded',
      ready: true,
      checks: { credentials: { status: 'degraded', message: expect.stringContaining('"pay"') } },
    })
  })
})
