import { describe, expect, it } from 'vitest'
import type { Component } from '../../src/contracts/capability.ts'
import type { Source } from '../../src/contracts/parts.ts'
import { names, setUp } from './catalog-setup.ts'
import { anySignal, capability, component, fakeSource, instance } from './fakes.ts'

const hang = (): Promise<never> => new Promise(() => undefined)

describe('names', () => {
  it('are found without regard to case, by one rule everywhere (B08)', async () => {
    const { catalog } = setUp(
      fakeSource('one', [component('Weather-Tool-V2', { capabilities: [capability('Get_Now')] })]),
    )
    await catalog.start()
    expect(catalog.component('weather-tool-v2')?.name).toBe('Weather-Tool-V2')
    expect(catalog.find('WEATHER-TOOL-V2', 'get_NOW')?.name).toBe('Get_Now')
    expect(names(catalog.offering('GET_now'))).toEqual(['Weather-Tool-V2'])
    expect(catalog.pick('weather-TOOL-v2')?.id).toBe('Weather-Tool-V2-1')
    expect(catalog.find('constructor', '__proto__')).toBeUndefined()
  })

  it('belong to the first listed of two sources, with one warning', async () => {
    const first = fakeSource('one', [component('fx')])
    const second = fakeSource('two', [component('FX', { source: 'two' }), component('extra', { source: 'two' })])
    const { catalog, log } = setUp(first, second)
    await catalog.start()
    await catalog.refresh(anySignal)
    second.answer = () => Promise.resolve([component('FX', { source: 'two' }), component('more', { source: 'two' })])
    await catalog.refresh(anySignal)
    expect(catalog.component('fx')?.source).toBe('one')
    expect(catalog.invokerOf(component('fx'))).toBe(first.invoker)
    expect(names(catalog.components())).toEqual(['fx', 'more'])
    expect(log.warnings).toEqual([expect.stringContaining('"FX" of source "two" is hidden')])
  })

  it('found twice in one source are one component with the instances of both, when they offer the same', async () => {
    const { catalog } = setUp(
      fakeSource('one', [component('fx'), component('fx', { instances: [instance('fx-2'), instance('fx-1')] })]),
    )
    await catalog.start()
    expect(catalog.component('fx')?.instances.map(({ id }) => id)).toEqual(['fx-1', 'fx-2'])
  })

  it('found twice in one source with different capabilities are the first, with a warning', async () => {
    const { catalog, log } = setUp(
      fakeSource('one', [component('fx'), component('fx', { capabilities: [capability('other')] })]),
    )
    await catalog.start()
    expect(catalog.find('fx', 'do')).toBeDefined()
    expect(catalog.find('fx', 'other')).toBeUndefined()
    expect(log.warnings).toEqual([expect.stringContaining('"fx" is there twice')])
  })

  it('of two sources may not be the same', () => {
    expect(() => setUp(fakeSource('one'), fakeSource('one'))).toThrow(
      expect.objectContaining({ code: 'invalid_config', message: expect.stringContaining('"one"') }),
    )
  })
})

describe('a source', () => {
  it('that hangs costs start-up at most the start timeout, and nothing of the others (B65)', async () => {
    const dead = Array.from({ length: 10 }, (_, i) => fakeSource(`dead-${i}`))
    for (const source of dead) source.answer = hang
    const { catalog, clock, log } = setUp(...dead, fakeSource('alive', [component('fx', { source: 'alive' })]))
    let isStarted = false
    const starting = catalog.start().then(() => {
      isStarted = true
    })
    await clock.advance(2_999)
    expect(isStarted).toBe(false)
    expect(names(catalog.components())).toEqual(['fx'])
    await clock.advance(1)
    await starting
    expect(log.warnings).toEqual([expect.stringContaining('"dead-0", "dead-1"')])
    expect(catalog.sources()[0]).toMatchObject({ name: 'dead-0', state: 'loading' })
    await clock.advance(2_000)
    expect(catalog.sources().map(({ state }) => state)).toEqual([...dead.map(() => 'failed'), 'ready'])
    expect(catalog.sources()[0]?.error).toContain('5000 ms')
  })

  it('that answers late is there when it answers', async () => {
    const late = fakeSource('late')
    let answer: (components: readonly Component[]) => void = () => undefined
    late.answer = () =>
      new Promise((resolve) => {
        answer = resolve
      })
    const { catalog, clock } = setUp(late)
    const starting = catalog.start()
    await clock.advance(3_000)
    await starting
    answer([component('fx', { source: 'late' })])
    await clock.advance(0)
    expect(names(catalog.components())).toEqual(['fx'])
    expect(catalog.sources()).toMatchObject([{ state: 'ready', components: 1, loadedAt: '2026-01-01T00:00:03.000Z' }])
  })

  it.each([
    ['rejects', () => Promise.reject(new Error('refused'))],
    [
      'throws',
      () => {
        throw new Error('at once')
      },
    ],
    ['returns no list', () => Promise.resolve({} as never)],
    ['returns only garbage', () => Promise.resolve([null, { name: 7 }, 'x'] as never)],
  ])('that %s keeps its last good state and is stale', async (_name, misbehave) => {
    const source = fakeSource('one', [component('fx')])
    const { catalog, log } = setUp(source)
    await catalog.start()
    const good = source.answer
    source.answer = misbehave
    await catalog.refresh(anySignal)
    expect(names(catalog.components())).toEqual(['fx'])
    expect(catalog.sources()).toMatchObject([{ state: 'stale', components: 1, error: expect.any(String) }])
    expect(log.warnings.length).toBeGreaterThan(0)
    source.answer = good
    await catalog.refresh(anySignal)
    expect(catalog.sources()).toEqual([expect.not.objectContaining({ error: expect.anything() })])
  })

  it('loses a bad record, not the list (B68)', async () => {
    const cyclic: Record<string, unknown> = { type: 'object' }
    cyclic['self'] = cyclic
    const records: unknown[] = [
      component('good'),
      null,
      { name: 'no capabilities' },
      component('cyclic', { capabilities: [capability('do', { inputSchema: cyclic })] }),
      component('fine'),
    ]
    const { catalog, log } = setUp(fakeSource('one', records as readonly Component[]))
    await catalog.start()
    expect(names(catalog.components())).toEqual(['good', 'fine'])
    expect(log.warnings).toHaveLength(3)
  })

  it('that loses more than half is held back for one interval, then believed', async () => {
    const list = ['a', 'b', 'c', 'd'].map((name) => component(name))
    const source = fakeSource('one', list)
    const { catalog, clock } = setUp(source)
    await catalog.start()
    source.answer = () => Promise.resolve(list.slice(0, 1))
    await catalog.refresh(anySignal)
    expect(names(catalog.components())).toEqual(['a', 'b', 'c', 'd'])
    expect(catalog.sources()).toMatchObject([{ state: 'stale', error: expect.stringContaining('lost 3 of 4') }])
    await clock.advance(9_999)
    expect(catalog.components()).toHaveLength(4)
    await clock.advance(1)
    expect(names(catalog.components())).toEqual(['a'])
    expect(catalog.sources()).toMatchObject([{ state: 'ready' }])
  })

  it('that loses half, or comes back within the interval, is believed at once', async () => {
    const list = ['a', 'b', 'c', 'd'].map((name) => component(name))
    const source = fakeSource('one', list)
    const { catalog } = setUp(source)
    await catalog.start()
    source.answer = () => Promise.resolve([])
    await catalog.refresh(anySignal)
    source.answer = () => Promise.resolve(list)
    await catalog.refresh(anySignal)
    expect(catalog.sources()).toMatchObject([{ state: 'ready', components: 4 }])
    source.answer = () => Promise.resolve(list.slice(2))
    await catalog.refresh(anySignal)
    expect(names(catalog.components())).toEqual(['c', 'd'])
  })

  it('cannot pass for another: what it returns is called by its own invoker', async () => {
    const liar = fakeSource('liar', [component('fx', { source: 'local' })])
    const { catalog } = setUp(liar)
    await catalog.start()
    const found = catalog.component('fx')
    expect(found?.source).toBe('liar')
    expect(found && catalog.invokerOf(found)).toBe(liar.invoker)
    expect(() => catalog.invokerOf(component('x', { source: 'nobody' }))).toThrow(
      expect.objectContaining({ code: 'internal' }),
    )
  })

  it('that never ends a load is not asked again and again', async () => {
    const source = fakeSource('one')
    source.answer = hang
    const { catalog, clock } = setUp(source)
    void catalog.start()
    await clock.advance(120_000)
    expect(source.loads).toBe(3)
    expect(catalog.sources()[0]?.error).toContain('hang')
  })
})

describe('the fingerprint', () => {
  it('changes with components and capabilities, not with health, instances or order', async () => {
    const source = fakeSource('one')
    const { catalog } = setUp(source)
    const after = async (...components: Component[]): Promise<string> => {
      source.answer = () => Promise.resolve(components)
      await catalog.refresh(anySignal)
      return catalog.fingerprint
    }
    const empty = catalog.fingerprint
    const both = await after(component('a'), component('b'))
    expect(both).not.toBe(empty)
    expect(await after(component('b'), component('a'))).toBe(both)
    expect(await after(component('b', { instances: [instance('b-9', 'unhealthy')] }), component('a'))).toBe(both)
    const extended = component('b', { capabilities: [capability('do'), capability('undo')] })
    const turned = component('b', { capabilities: [capability('undo'), capability('do')] })
    const more = await after(extended, component('a'))
    expect(more).not.toBe(both)
    expect(await after(turned, component('a'))).toBe(more)
    expect(await after(component('a'), component('b'))).toBe(both)
  })

  it('does not depend on the order in which a schema was written', async () => {
    const make = (inputSchema: Record<string, unknown>) =>
      component('a', { capabilities: [capability('do', { inputSchema })] })
    const one = setUp(fakeSource('one', [make({ type: 'object', properties: { a: {}, b: {} } })])).catalog
    const two = setUp(fakeSource('one', [make({ properties: { b: {}, a: {} }, type: 'object' })])).catalog
    await Promise.all([one.start(), two.start()])
    expect(one.fingerprint).toBe(two.fingerprint)
  })
})

describe('closing', () => {
  it('closes sources and invokers once, stops loading, and leaves what was known readable', async () => {
    const source = fakeSource('one', [component('fx')])
    const { catalog, clock } = setUp(source)
    await catalog.start()
    await Promise.all([catalog.close(), catalog.close()])
    await clock.advance(60_000)
    expect(source.loads).toBe(1)
    expect(source.closed).toBe(1)
    expect(names(catalog.components())).toEqual(['fx'])
    await expect(catalog.refresh(anySignal)).rejects.toMatchObject({ code: 'closed' })
    await expect(catalog.start()).rejects.toMatchObject({ code: 'closed' })
  })

  it('does not wait for a load that hangs, nor for a source whose closing hangs or fails', async () => {
    const loading = fakeSource('loading')
    loading.answer = hang
    const stuck: Source = { ...fakeSource('stuck'), discovery: { name: 'stuck', load: hang, close: hang } }
    const failing: Source = {
      ...fakeSource('failing'),
      discovery: { name: 'failing', load: hang, close: () => Promise.reject(new Error('no')) },
    }
    const { catalog, clock, log } = setUp(loading, stuck, failing)
    void catalog.start()
    await clock.advance(10)
    const closing = catalog.close()
    await clock.advance(5_000)
    await closing
    expect(log.warnings).toEqual([expect.stringContaining('could not be closed')])
  })
})

describe('ten thousand components', () => {
  it('are read without holding the event loop', async () => {
    const many = Array.from({ length: 10_000 }, (_, i) =>
      component(`component-${i}`, {
        capabilities: ['get', 'list', 'update'].map((verb) =>
          capability(`${verb}_${i}`, {
            inputSchema: { type: 'object', properties: { id: { type: 'string' }, limit: { type: 'integer' } } },
          }),
        ),
      }),
    )
    const { catalog } = setUp(fakeSource('one', many))
    let turns = 0
    let isCounting = true
    const count = (): void => {
      turns++
      if (isCounting) setImmediate(count)
    }
    setImmediate(count)
    await catalog.start()
    isCounting = false
    expect(catalog.components()).toHaveLength(10_000)
    expect(catalog.find('component-9999', 'update_9999')).toBeDefined()
    expect(turns).toBeGreaterThan(15)
  })
})
