import { describe, expect, it } from 'vitest'
import { createAllProvider } from '../../src/catalog/capability-providers/all.ts'
import { createAutoProvider } from '../../src/catalog/capability-providers/auto.ts'
import { markDegraded } from '../../src/catalog/capability-providers/mark-degraded.ts'
import { createSearchProvider } from '../../src/catalog/capability-providers/search.ts'
import { createCatalog } from '../../src/catalog/catalog.ts'
import type { BreakerReport } from '../../src/contracts/api.ts'
import type { Component } from '../../src/contracts/capability.ts'
import type { CapabilityProvider } from '../../src/contracts/parts.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { anySignal, capability, component, fakeSource, instance, recordingLog, settings } from './fakes.ts'

async function catalogOf(components: readonly Component[]) {
  const source = fakeSource('one', components)
  const catalog = createCatalog({ sources: [source], clock: createManualClock(), log: recordingLog(), settings })
  await catalog.refresh(anySignal)
  return { catalog, source }
}

async function offer(provider: CapabilityProvider, request = 'do something') {
  const { offered, hidden } = await provider.offer({ request, principal: 'local', signal: anySignal })
  return { names: offered.map((o) => `${o.component.name}.${o.capability.name}`), offered, hidden }
}

const ill = { instances: [instance('x-1', 'unhealthy'), instance('x-2', 'unhealthy')] }
const numbered = (count: number): Component[] =>
  Array.from({ length: count }, (_, i) => component(`c${String(i).padStart(3, '0')}`))

describe('all capabilities', () => {
  it('are offered sorted by component and name, whatever the order of the catalog (B14)', async () => {
    const list = [
      component('weather', { capabilities: [capability('now'), capability('forecast')] }),
      component('fx', { capabilities: [capability('convert')] }),
    ]
    const one = await catalogOf(list)
    const two = await catalogOf(list.toReversed())
    const expected = ['fx.convert', 'weather.forecast', 'weather.now']
    expect((await offer(createAllProvider(one))).names).toEqual(expected)
    expect((await offer(createAllProvider(two))).names).toEqual(expected)
  })

  it('do not include internal ones, such as our own entry points (B13)', async () => {
    const entry = capability('run', { endpoint: '/runs', internal: true })
    const { catalog } = await catalogOf([component('tutti', { capabilities: [entry] }), component('fx')])
    expect(await offer(createAllProvider({ catalog }))).toMatchObject({ names: ['fx.do'], hidden: [] })
    expect((await offer(createSearchProvider({ catalog, topK: 20 }), 'run tutti')).names).toEqual([])
  })

  it('of components that cannot be called are hidden, with the reason', async () => {
    const { catalog } = await catalogOf([component('ill', ill), component('gone', { instances: [] }), component('fx')])
    expect(await offer(createAllProvider({ catalog }))).toMatchObject({
      names: ['fx.do'],
      hidden: [
        { name: 'gone.do', why: 'no instance of it is running' },
        { name: 'ill.do', why: 'all 2 instances are unhealthy' },
      ],
    })
  })

  it('end at fifty; the others are hidden, with the way out', async () => {
    const { catalog } = await catalogOf(numbered(52))
    const { names, hidden } = await offer(createAllProvider({ catalog }))
    expect(names).toHaveLength(50)
    expect(hidden).toMatchObject([{ name: 'c050.do', why: expect.stringContaining('search') }, { name: 'c051.do' }])
  })

  it('may be none at all (B04)', async () => {
    const { catalog } = await catalogOf([])
    expect(await offer(createAllProvider({ catalog }))).toMatchObject({ names: [], offered: [], hidden: [] })
  })

  it('are the same lists as long as the catalog is the same', async () => {
    const { catalog, source } = await catalogOf(numbered(3))
    const provider = createAllProvider({ catalog })
    const { offered } = await offer(provider)
    await catalog.refresh(anySignal)
    expect((await offer(provider)).offered).toBe(offered)
    source.answer = () => Promise.resolve(numbered(4))
    await catalog.refresh(anySignal)
    expect((await offer(provider)).names).toHaveLength(4)
  })
})

describe('searched capabilities', () => {
  it('are the best for the request, with their scores', async () => {
    const { catalog } = await catalogOf([
      component('weather', { capabilities: [capability('forecast', { description: 'Weather of the next days' })] }),
      component('fx', { capabilities: [capability('convert', { description: 'Converts money' })] }),
      component('mail', { capabilities: [capability('send', { description: 'Sends a message about the weather' })] }),
    ])
    const { names, offered } = await offer(createSearchProvider({ catalog, topK: 2 }), 'how will the weather be')
    expect(names).toEqual(['weather.forecast', 'mail.send'])
    expect(offered[0]?.score).toBeGreaterThan(offered[1]?.score ?? Infinity)
  })

  it('may be none: nothing fits is an answer (B04)', async () => {
    const { catalog } = await catalogOf(numbered(60))
    expect((await offer(createSearchProvider({ catalog, topK: 20 }), 'quantum entanglement')).names).toEqual([])
  })

  it('that cannot be called make room for the next best', async () => {
    const { catalog } = await catalogOf([
      ...Array.from({ length: 9 }, (_, i) => component(`weather-a${i}`, ill)),
      component('weather-b', { description: 'x' }),
    ])
    const { names, hidden } = await offer(createSearchProvider({ catalog, topK: 2 }), 'weather')
    expect(names).toEqual(['weather-b.do'])
    expect(hidden).toHaveLength(9)
  })

  it('follow the catalog: new ones are found, and health is that of the moment', async () => {
    const { catalog, source } = await catalogOf([component('weather')])
    const provider = createSearchProvider({ catalog, topK: 5 })
    expect((await offer(provider, 'weather')).names).toEqual(['weather.do'])
    source.answer = () => Promise.resolve([component('weather', ill)])
    await catalog.refresh(anySignal)
    expect(await offer(provider, 'weather')).toMatchObject({ names: [], hidden: [{ name: 'weather.do' }] })
    source.answer = () => Promise.resolve([component('weather'), component('weather-station')])
    await catalog.refresh(anySignal)
    expect((await offer(provider, 'weather')).names.toSorted()).toEqual(['weather-station.do', 'weather.do'])
  })
})

describe('the automatic choice', () => {
  it('is all up to fifty, and a search above', async () => {
    const few = await catalogOf(numbered(50))
    const many = await catalogOf([...numbered(50), component('weather')])
    expect((await offer(createAutoProvider({ ...few, topK: 20 }), 'weather')).names).toHaveLength(50)
    expect((await offer(createAutoProvider({ ...many, topK: 20 }), 'weather')).names).toEqual(['weather.do'])
  })
})

describe('a component whose breakers are open', () => {
  const report = (component: string, instance: string, share = 0): BreakerReport => {
    const state = share === 0 ? 'open' : 'closed'
    return { component, instance, state, share }
  }
  const two = { instances: [instance('b-1'), instance('b-2')] }

  it('is offered as degraded, after all that are well', async () => {
    const { catalog } = await catalogOf([component('a'), component('b', two), component('c')])
    const provider = markDegraded(createAllProvider({ catalog }), () => [
      report('a', 'a-1'),
      report('b', 'b-1'),
      report('b', 'b-2'),
    ])
    const { names, offered } = await offer(provider)
    expect(names).toEqual(['c.do', 'a.do', 'b.do'])
    expect(offered.map(({ degraded }) => degraded)).toEqual([undefined, true, true])
  })

  it('is not degraded while one instance takes calls, if only a tenth of them', async () => {
    const { catalog } = await catalogOf([component('b', two)])
    const reports = [report('b', 'b-1'), report('b', 'b-2', 0.1)]
    const { offered } = await offer(markDegraded(createAllProvider({ catalog }), () => reports))
    expect(offered[0]?.degraded).toBeUndefined()
  })

  it('keeps its place where a search found it nearer than others', async () => {
    const { catalog } = await catalogOf([component('a'), component('b')])
    const found = catalog.components().map((one, i) => ({
      component: one,
      capability: one.capabilities[0] ?? capability('do'),
      score: 2 - i,
    }))
    const provider: CapabilityProvider = { offer: () => Promise.resolve({ offered: found, hidden: [] }) }
    expect((await offer(markDegraded(provider, () => [report('a', 'a-1')]))).names).toEqual(['a.do', 'b.do'])
  })

  it('costs nothing while all breakers are closed: the very same offer', async () => {
    const { catalog } = await catalogOf([component('a')])
    const all = createAllProvider({ catalog })
    const query = { request: 'x', principal: 'local', signal: anySignal }
    expect(await markDegraded(all, () => [report('a', 'a-1', 0.5)]).offer(query)).toBe(await all.offer(query))
  })
})
