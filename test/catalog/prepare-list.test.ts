import { describe, expect, it } from 'vitest'
import { prepareList } from '../../src/catalog/prepare-list.ts'
import { component } from './fakes.ts'

const named = (names: readonly string[]) => names.map((name) => component(name))

describe('what a source found', () => {
  it('is compared with what it had before: how much of that is lost', async () => {
    const { prepared, lost } = await prepareList(named(['a', 'b', 'c']), 'one', [])
    expect(lost).toBe(0)
    expect(await prepareList(named(['A', 'd', 'e']), 'one', prepared)).toMatchObject({ lost: 2 })
    const twice = await prepareList(named(['a', 'a', 'b', 'c']), 'one', prepared)
    expect(twice).toMatchObject({ lost: 0, skipped: [] })
    expect(await prepareList([], 'one', prepared)).toMatchObject({ lost: 3, prepared: [] })
  })

  it('is looked through in slices, and so is what it had before: a hundred thousand hold nobody up', async () => {
    const [entry] = (await prepareList(named(['a']), 'one', [])).prepared
    if (entry === undefined) throw new Error('nothing was prepared')
    const last = Array.from({ length: 100_000 }, (_, i) => ({ ...entry, key: `a${i}` }))
    let turns = 0
    const beat = (): void => {
      turns++
      timer = setImmediate(beat)
    }
    let timer = setImmediate(beat)
    const { lost } = await prepareList([], 'one', last)
    clearImmediate(timer)
    expect(lost).toBe(100_000)
    expect(turns).toBeGreaterThanOrEqual(3)
  })

  it('loses a bad capability, not the component around it', async () => {
    const capability = (name: unknown) => ({ name, description: '', inputSchema: { type: 'object' }, effect: 'read' })
    const component = (name: string, ...names: unknown[]) => ({
      name,
      kind: 'tool',
      source: 'one',
      trust: 'configured',
      capabilities: names.map(capability),
      instances: [],
    })
    const found = [component('good', 'a', 'b\nc', 'x'.repeat(300), 7, 'd'), component('bad', '', null)]
    const { prepared, skipped } = await prepareList(found, 'one', [])
    expect(prepared.map((entry) => entry.component.capabilities.map(({ name }) => name))).toEqual([['a', 'd']])
    expect(skipped).toEqual(['3 capabilities of "good" cannot be used', 'entry 1 is no component'])
    const again = await prepareList(found, 'one', prepared)
    expect(again.prepared).toBe(prepared)
  })
})
