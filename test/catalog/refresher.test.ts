import { describe, expect, it } from 'vitest'
import { createCatalog } from '../../src/catalog/catalog.ts'
import { createLocalSource } from '../../src/connectors/local/local-source.ts'
import { tool } from '../../src/connectors/local/tool.ts'
import type { Component } from '../../src/contracts/capability.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { names, setUp } from './catalog-setup.ts'
import { anySignal, component, fakeSource, instance, recordingLog, settings } from './fakes.ts'

describe('refreshing', () => {
  it('happens every interval, counted from the end of the last', async () => {
    const source = fakeSource('one', [component('fx')])
    const { catalog, clock } = setUp(source)
    await catalog.start()
    await clock.advance(5_000)
    await catalog.refresh(anySignal)
    expect(source.loads).toBe(2)
    await clock.advance(9_999)
    expect(source.loads).toBe(2)
    await clock.advance(1)
    expect(source.loads).toBe(3)
  })

  it('is shared by callers, and one who gives up does not spoil it for the others', async () => {
    const source = fakeSource('one')
    const { catalog, clock } = setUp(source)
    await catalog.start()
    let answer: (components: readonly Component[]) => void = () => undefined
    source.answer = () =>
      new Promise((resolve) => {
        answer = resolve
      })
    const impatient = new AbortController()
    const first = catalog.refresh(impatient.signal)
    const second = catalog.refresh(anySignal)
    const late = catalog.refresh(AbortSignal.abort())
    impatient.abort()
    await expect(first).rejects.toMatchObject({ code: 'cancelled' })
    await expect(late).rejects.toMatchObject({ code: 'cancelled' })
    await clock.advance(0)
    answer([component('fx')])
    await second
    expect(source.loads).toBe(2)
    expect(names(catalog.components())).toEqual(['fx'])
  })

  it('follows a change that a source tells of, once for many', async () => {
    const source = fakeSource('one', [component('a')])
    const { catalog, clock } = setUp(source)
    await catalog.start()
    source.answer = () => Promise.resolve([component('a'), component('b')])
    for (let i = 0; i < 20; i++) source.changed()
    await clock.advance(100)
    expect(source.loads).toBe(2)
    expect(names(catalog.components())).toEqual(['a', 'b'])
  })

  it('follows again when the change was told during a load', async () => {
    const source = fakeSource('one', [component('a')])
    const { catalog, clock } = setUp(source)
    await catalog.start()
    source.answer = () => {
      source.changed()
      source.answer = () => Promise.resolve([component('b'), component('a')])
      return Promise.resolve([component('a')])
    }
    await catalog.refresh(anySignal)
    await clock.advance(100)
    expect(names(catalog.components())).toEqual(['b', 'a'])
  })

  it('is not done at all for local tools alone, so that nothing keeps the process awake', async () => {
    const source = createLocalSource([tool({ name: 'a', description: 'a', input: {}, execute: () => 1 })])
    const clock = createManualClock()
    let timers = 0
    const counted = {
      ...clock,
      after(delayMs: number, callback: () => void) {
        timers++
        const cancel = clock.after(delayMs, callback)
        return () => {
          timers--
          cancel()
        }
      },
    }
    const catalog = createCatalog({ sources: [source], clock: counted, log: recordingLog(), settings })
    await catalog.start()
    expect(names(catalog.components())).toEqual(['a'])
    expect(timers).toBe(0)
  })

  it('swaps whole: who holds a list keeps it unchanged', async () => {
    const source = fakeSource('one', [component('a')])
    const { catalog } = setUp(source)
    await catalog.start()
    const before = catalog.components()
    source.answer = () => Promise.resolve([component('a'), component('b')])
    await catalog.refresh(anySignal)
    expect(names(before)).toEqual(['a'])
    expect(Object.isFrozen(before)).toBe(true)
    expect(Object.isFrozen(before[0]?.instances)).toBe(true)
    expect(names(catalog.components())).toEqual(['a', 'b'])
  })

  it('keeps capabilities the same objects as long as they say the same, whatever the health', async () => {
    const source = fakeSource('one')
    source.answer = () => Promise.resolve([component('a')])
    const { catalog } = setUp(source)
    await catalog.start()
    const before = catalog.component('a')
    await catalog.refresh(anySignal)
    expect(catalog.component('a')).toBe(before)
    source.answer = () => Promise.resolve([component('a', { instances: [instance('a-1', 'unhealthy')] })])
    await catalog.refresh(anySignal)
    expect(catalog.component('a')?.instances[0]?.health).toBe('unhealthy')
    expect(catalog.find('a', 'do')).toBe(before?.capabilities[0])
  })
})
