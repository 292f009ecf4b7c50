import { describe, expect, it } from 'vitest'
import { createClosure } from '../../src/catalog/closure.ts'
import { fieldKey } from '../../src/catalog/feeders.ts'
import { prepareComponent } from '../../src/catalog/prepare-component.ts'
import { buildSnapshot } from '../../src/catalog/snapshot.ts'
import type { Capability, Component } from '../../src/contracts/capability.ts'
import type { Config } from '../../src/contracts/config.ts'
import { capability, component } from './fakes.ts'

type Mode = Config['capabilities']['dependencies']

const object = (properties: Record<string, string>, required: readonly string[] = []) => ({
  type: 'object',
  properties: Object.fromEntries(Object.entries(properties).map(([name, type]) => [name, { type }])),
  required,
})

async function close(
  components: readonly Component[],
  hits: readonly string[],
  mode: Mode,
  more: { limit?: number; withheld?: string } = {},
) {
  const prepared = components
    .map((one) => prepareComponent(one, 'one', () => undefined))
    .filter((one) => one !== undefined)
  const { snapshot } = await buildSnapshot([prepared])
  const closure = createClosure({ ...snapshot, components: () => snapshot.components }, mode)
  const offered = await closure({
    hits: hits.map((name, i) => {
      const [owner = '', action = ''] = name.split('/')
      return {
        component: snapshot.component(owner) as Component,
        capability: snapshot.find(owner, action) as Capability,
        score: 10 - i,
      }
    }),
    limit: more.limit ?? 20,
    mayOffer: (_, one) => one.name !== more.withheld,
  })
  return {
    names: offered.map((one) => `${one.component.name}/${one.capability.name}`),
    why: Object.fromEntries(offered.map((one) => [one.capability.name, one.why])),
    offered,
  }
}

describe('declared dependencies', () => {
  const tools = [
    component('geo', { capabilities: [capability('locate', { requires: ['permission'] }), capability('permission')] }),
    component('weather', { capabilities: [capability('now', { requires: ['geo/locate'] })] }),
    component('other', { capabilities: [capability('permission'), capability('unrelated')] }),
  ]

  it('come along right behind the hit, helpers of helpers too, with the reason', async () => {
    const { names, why } = await close(tools, ['weather/now', 'other/unrelated'], 'declared')
    expect(names).toEqual(['weather/now', 'geo/locate', 'geo/permission', 'other/unrelated'])
    expect(why).toMatchObject({
      now: undefined,
      locate: 'helper of now: it requires it',
      permission: 'helper of locate: it requires it',
    })
  })

  it('mean the own component first where a name alone is given', async () => {
    expect((await close(tools, ['geo/locate'], 'declared')).names).toEqual(['geo/locate', 'geo/permission'])
  })

  it('stay away when switched off', async () => {
    expect((await close(tools, ['weather/now'], 'off')).names).toEqual(['weather/now'])
  })

  it('that are withheld or internal do not come, and neither does what only they need', async () => {
    expect((await close(tools, ['weather/now'], 'declared', { withheld: 'locate' })).names).toEqual(['weather/now'])
    const inner = component('inner', {
      capabilities: [capability('a', { requires: ['b'] }), capability('b', { internal: true })],
    })
    expect((await close([inner], ['inner/a'], 'declared')).names).toEqual(['inner/a'])
  })

  it('in a circle, of themselves or of nothing that exists end', async () => {
    const circle = component('c', {
      capabilities: [capability('a', { requires: ['b', 'a', 'ghost', ''] }), capability('b', { requires: ['c/a'] })],
    })
    expect((await close([circle], ['c/a'], 'declared')).names).toEqual(['c/a', 'c/b'])
  })

  it('that were hits themselves keep their score', async () => {
    const { offered } = await close(tools, ['weather/now', 'geo/locate'], 'declared')
    expect(offered.map(({ score }) => score)).toEqual([10, 9, undefined])
  })

  it('leave one place in eight to hits, however many helpers the first one has', async () => {
    const many = Array.from({ length: 40 }, (_, i) => capability(`h${i}`))
    const greedy = component('g', {
      capabilities: [capability('greedy', { requires: many.map(({ name }) => name) }), ...many],
    })
    const { names } = await close([greedy, ...tools], ['g/greedy', 'other/unrelated', 'weather/now'], 'declared', {
      limit: 16,
    })
    expect(names).toHaveLength(16)
    expect(names).toContain('other/unrelated')
    expect(names).not.toContain('weather/now')
  })
})

describe('inferred dependencies', () => {
  const find = capability('find_city', {
    inputSchema: object({ text: 'string' }, ['text']),
    outputSchema: object({ id: 'integer', text: 'string' }),
  })
  const wants = (name: string, type = 'integer', more: object = {}) =>
    capability('forecast', {
      inputSchema: { type: 'object', properties: { [name]: { type, ...more } }, required: [name] },
    })
  const towns = component('towns', { capabilities: [find] })
  const given = async (wanted: Capability, others: readonly Component[] = [towns]) =>
    (await close([component('w', { capabilities: [wanted] }), ...others], ['w/forecast'], 'inferred')).names.slice(1)

  it('are capabilities whose output has the name of a required input', async () => {
    const codes = component('codes', {
      capabilities: [capability('lookup', { outputSchema: { type: 'array', items: object({ cityId: 'string' }) } })],
    })
    expect(await given(wants('city_id', 'string'), [codes])).toEqual(['codes/lookup'])
  })

  it('read a bare `id` together with what the capability finds, and say what it gives', async () => {
    const { why } = await close(
      [component('w', { capabilities: [wants('cityId')] }), towns],
      ['w/forecast'],
      'inferred',
    )
    expect(why).toMatchObject({ find_city: 'helper of forecast: gives `cityId`' })
  })

  it('see through the role that an input has: `originSkyId` is a `skyId`, and an id alone is nothing', async () => {
    const airports = component('airports', {
      capabilities: [capability('search', { outputSchema: object({ skyId: 'string', id: 'string' }) })],
    })
    expect(await given(wants('originSkyId', 'string'), [airports])).toEqual(['airports/search'])
    expect(await given(wants('user_id', 'string'), [airports])).toEqual([])
  })

  it('do not fit across types, nor feed what has a default, an enum or a yes and no', async () => {
    expect(await given(wants('city_id', 'object'))).toEqual([])
    expect(await given(wants('city_id', 'integer', { default: 1 }))).toEqual([])
    expect(await given(wants('city_id', 'integer', { enum: [1, 2] }))).toEqual([])
    expect(await given(wants('city_id', 'boolean'))).toEqual([])
    // A number can be written where text is wanted.
    expect(await given(wants('city_id', 'string'))).toEqual(['towns/find_city'])
  })

  it('do not come from what only says back what it was given', async () => {
    expect(await given(wants('text', 'string'))).toEqual([])
  })

  it('do not come where a name is so common that it means nothing', async () => {
    const many = Array.from({ length: 12 }, (_, i) =>
      component(`c${i}`, { capabilities: [capability('get', { outputSchema: object({ total: 'number' }) })] }),
    )
    expect(await given(wants('total', 'number'), many)).toEqual([])
    expect(await given(wants('total', 'number'), many.slice(0, 3))).toHaveLength(2)
  })

  it('come from the own component even where the name is common elsewhere', async () => {
    const total = capability('get', { outputSchema: object({ total: 'number' }) })
    const many = Array.from({ length: 12 }, (_, i) => component(`c${i}`, { capabilities: [total] }))
    const own = component('w', {
      capabilities: [wants('total', 'number'), capability('sum', { outputSchema: object({ total: 'number' }) })],
    })
    expect((await close([...many, own], ['w/forecast'], 'inferred')).names).toEqual(['w/forecast', 'w/sum'])
  })

  it('go by the name of a getter where there is no output schema', async () => {
    const phone = component('phone', { capabilities: [capability('getCurrentLocation'), capability('setLocation')] })
    expect(await given(wants('location', 'string'), [phone])).toEqual(['phone/getCurrentLocation'])
  })

  it('are not added to what an author has declared', async () => {
    const declared = { ...wants('city_id'), requires: ['phone/call'] }
    const phone = component('phone', { capabilities: [capability('call')] })
    expect(await given(declared, [towns, phone])).toEqual(['phone/call'])
  })

  it('survive an input whose name is an essay', async () => {
    for (const name of ['a_'.repeat(60_000), 'aB'.repeat(60_000)]) expect(await given(wants(name))).toEqual([])
  })

  it('survive schemas that are anything', async () => {
    const strange = [null, [], 'x', { properties: [] }, { properties: { a: null } }, { type: ['string'], items: 3 }]
    const odd = strange.map((outputSchema, i) =>
      component(`o${i}`, { capabilities: [capability('x', { outputSchema: outputSchema as never })] }),
    )
    expect(await given(wants('a'), odd)).toEqual(['o4/x'])
  })
})

it.each([
  ['locationId', 'location_id'],
  ['Location ID', 'location_id'],
  ['HTTPServerURL', 'http_server_url'],
  ['--x--', 'x'],
  ['', ''],
])('%j and its other spellings are one field', (name, key) => {
  expect(fieldKey(name)).toBe(key)
})
