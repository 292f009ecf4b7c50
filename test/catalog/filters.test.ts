import { describe, expect, it } from 'vitest'
import { createAllProvider } from '../../src/catalog/capability-providers/all.ts'
import { createSearchProvider } from '../../src/catalog/capability-providers/search.ts'
import { createFilter, type FilterParts, OPEN_FILTER, viewFor } from '../../src/catalog/filters.ts'
import { setUp } from './catalog-setup.ts'
import { anySignal, capability, component, fakeSource, recordingLog } from './fakes.ts'

const bank = component('bank', {
  capabilities: [
    capability('balance', { effect: 'read', tags: ['money', 'safe'], description: 'Money on an account' }),
    capability('transfer', { effect: 'write', tags: ['money'], description: 'Sends money' }),
    capability('help', { description: 'Explains money' }),
  ],
})

async function offer(parts: Partial<FilterParts>, principal = 'ann') {
  const { catalog } = setUp(fakeSource('one', [bank]))
  await catalog.refresh(anySignal)
  const filter = createFilter({ settings: {}, ...parts })
  const query = { request: 'money', principal, signal: anySignal }
  const all = await createAllProvider({ catalog, filter }).offer(query)
  const found = await createSearchProvider({ catalog, filter, topK: 5 }).offer(query)
  const names = (one: typeof all) => one.offered.map(({ capability: { name } }) => name).toSorted()
  expect(names(found)).toEqual(names(all))
  return { names: names(all), hidden: all.hidden, filter, catalog }
}

describe('what may be offered', () => {
  it('is everything while no rule is set, at no cost', async () => {
    expect(createFilter({ settings: {} })).toBe(OPEN_FILTER)
    expect((await offer({})).names).toEqual(['balance', 'help', 'transfer'])
  })

  it('can be bounded to effects', async () => {
    const { names, hidden } = await offer({ settings: { effects: ['read', 'unknown'] } })
    expect(names).toEqual(['balance', 'help'])
    expect(hidden).toEqual([
      { name: 'bank.transfer', why: 'its effect is write; capabilities.effects allows read, unknown' },
    ])
  })

  it('can be bounded by tags, wanted and refused', async () => {
    expect((await offer({ settings: { tags: ['money'] } })).names).toEqual(['balance', 'transfer'])
    expect((await offer({ settings: { excludeTags: ['safe'] } })).names).toEqual(['help', 'transfer'])
    expect((await offer({ settings: { tags: ['money'], excludeTags: ['safe'] } })).names).toEqual(['transfer'])
  })

  it('can be bounded by what a call costs; what costs nothing that is known may be offered', async () => {
    expect((await offer({ settings: { maxCost: 1 }, costOf: () => 2 })).names).toEqual([])
    expect((await offer({ settings: { maxCost: 2 }, costOf: () => 2 })).names).toHaveLength(3)
    expect((await offer({ settings: { maxCost: 0 } })).names).toHaveLength(3)
  })

  it('is for each principal what it may use', async () => {
    const mayUse: FilterParts['mayUse'] = (who, _, { name }) => who === 'bob' || name !== 'transfer'
    expect((await offer({ mayUse })).names).toEqual(['balance', 'help'])
    expect((await offer({ mayUse })).hidden).toEqual([{ name: 'bank.transfer', why: '"ann" may not use it' }])
    expect((await offer({ mayUse }, 'bob')).names).toHaveLength(3)
  })

  it('is nothing when who should know throws, promises or shrugs: only true is yes', async () => {
    const log = recordingLog()
    const throwing = (): never => {
      throw new Error('the directory is down')
    }
    expect((await offer({ mayUse: throwing, log })).names).toEqual([])
    expect(log.warnings).toHaveLength(1)
    expect((await offer({ mayUse: (() => Promise.resolve(false)) as never })).names).toEqual([])
    expect((await offer({ mayUse: (() => 'yes') as never })).names).toEqual([])
  })
})

describe('the catalog as a principal may plan with it', () => {
  it('does not have what is withheld, by whatever way it is asked', async () => {
    const { catalog, filter } = await offer({ settings: { effects: ['read'] } })
    const view = viewFor(catalog, filter, 'ann')
    expect(view.find('BANK', 'Transfer')).toBeUndefined()
    expect(view.find('bank', 'balance')).toBeDefined()
    expect(view.offering('transfer')).toEqual([])
    expect(view.offering('balance')).toHaveLength(1)
    expect(view.component('bank')?.capabilities.map(({ name }) => name)).toEqual(['balance'])
    expect(view.components().flatMap(({ capabilities }) => capabilities)).toHaveLength(1)
    expect(view.fingerprint).toBe(catalog.fingerprint)
    const { filter: none } = await offer({ settings: { effects: ['read'] }, mayUse: () => false })
    expect(viewFor(catalog, none, 'ann').component('bank')).toBeUndefined()
  })

  it('is the very catalog while no rule is set', async () => {
    const { catalog } = await offer({})
    expect(viewFor(catalog, OPEN_FILTER, 'ann')).toBe(catalog)
  })
})

it('with a search that withholds nearly all still finds the rest, and names only a few of the hidden', async () => {
  const many = Array.from({ length: 300 }, (_, i) =>
    component(`weather-${i}`, { capabilities: [capability('weather', { effect: i === 299 ? 'read' : 'write' })] }),
  )
  const { catalog } = setUp(fakeSource('one', many))
  await catalog.refresh(anySignal)
  const filter = createFilter({ settings: { effects: ['read'] } })
  const query = { request: 'weather', principal: 'ann', signal: anySignal }
  const { offered, hidden } = await createSearchProvider({ catalog, filter, topK: 5 }).offer(query)
  expect(offered.map((one) => one.component.name)).toEqual(['weather-299'])
  expect(hidden).toHaveLength(40)
})
