import { describe, expect, it } from 'vitest'
import type { Source } from '../src/contracts/parts.ts'
import { createLazySource } from '../src/lazy-source.ts'
import { anySignal, component, fakeSource } from './catalog/fakes.ts'

const lazyOver = (open: () => Promise<Source>) => createLazySource({ name: 'mcp:x', open })

describe('a source whose connector loads when it is needed', () => {
  it('opens nothing before the first load, and once for all loads', async () => {
    let opened = 0
    const inner = fakeSource('inner', [component('a')])
    const source = lazyOver(() => {
      opened++
      return Promise.resolve(inner)
    })
    source.invoker.usePolicies?.(() => undefined)
    await source.discovery.close?.()
    expect(opened).toBe(0)
    const other = lazyOver(() => {
      opened++
      return Promise.resolve(inner)
    })
    const [first, second] = await Promise.all([other.discovery.load(anySignal), other.discovery.load(anySignal)])
    expect([opened, first, second]).toEqual([1, [component('a')], [component('a')]])
  })

  it('hands on policies and watchers that came before it was open', async () => {
    const inner = fakeSource('inner')
    let told: unknown
    inner.invoker.usePolicies = (policyOf) => (told = policyOf('x'))
    let changes = 0
    const source = lazyOver(() => Promise.resolve(inner))
    source.invoker.usePolicies?.(() => ({ cost: 3 }))
    const stop = source.discovery.watch?.(() => changes++)
    await source.discovery.load(anySignal)
    inner.changed()
    stop?.()
    inner.changed()
    expect([told, changes]).toEqual([{ cost: 3 }, 1])
  })

  it('tries again after a connector that could not be loaded', async () => {
    let attempts = 0
    const source = lazyOver(() => {
      attempts++
      return attempts === 1 ? Promise.reject(new Error('not installed')) : Promise.resolve(fakeSource('inner'))
    })
    await expect(source.discovery.load(anySignal)).rejects.toThrow('not installed')
    expect(await source.discovery.load(anySignal)).toEqual([])
  })

  it('closes what was still opening when it was closed', async () => {
    const inner = fakeSource('inner')
    let ready: (source: Source) => void = () => undefined
    const source = lazyOver(() => new Promise((resolve) => (ready = resolve)))
    const loading = source.discovery.load(anySignal)
    await source.discovery.close?.()
    ready(inner)
    await loading
    expect(inner.closed).toBe(1)
  })
})
