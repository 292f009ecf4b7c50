import { describe, expect, it } from 'vitest'
import { createAutoProvider } from '../../src/catalog/capability-providers/auto.ts'
import { prepareList } from '../../src/catalog/prepare-list.ts'
import { createCatalogSearch } from '../../src/catalog/search.ts'
import { buildSnapshot } from '../../src/catalog/snapshot.ts'
import { createWarmSearch } from '../../src/catalog/warm-search.ts'
import type { Config } from '../../src/contracts/config.ts'
import type { Clock } from '../../src/contracts/parts.ts'
import { createOrchestrator, tool } from '../../src/index.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { anySignal, capability, component } from './fakes.ts'

const numbered = (count: number) => Array.from({ length: count }, (_, i) => component(`c${i}`))

async function snapshotOf(count: number) {
  const { prepared } = await prepareList(numbered(count), 'one', [])
  return (await buildSnapshot([prepared])).snapshot
}

/** A clock that tells how many deadlines were set. */
function countingClock() {
  const clock = createManualClock()
  const set: number[] = []
  const counting: Clock = {
    ...clock,
    after(delayMs, callback) {
      set.push(delayMs)
      return clock.after(delayMs, callback)
    },
  }
  return { clock: counting, advance: clock.advance, set }
}

describe('a search that is kept warm', () => {
  const watch = () => {
    const { clock, advance, set } = countingClock()
    let built = 0
    return { advance, set, built: () => built, warm: createWarmSearch({ clock, warm: () => built++ }) }
  }

  it('is built once for a burst of changes, a little after the last', async () => {
    const { advance, built, warm } = watch()
    warm.keep(() => true)
    for (let i = 0; i < 5; i++) {
      await advance(50)
      warm.onChange()
    }
    expect(built()).toBe(0)
    await advance(100)
    expect(built()).toBe(1)
  })

  it('costs a small catalog nothing, and is built once that has grown', async () => {
    const { advance, set, built, warm } = watch()
    let size = 10
    warm.onChange()
    warm.keep(() => size > 50)
    expect(set).toEqual([])
    size = 51
    warm.onChange()
    await advance(100)
    expect(built()).toBe(1)
  })

  it('is not built for a catalog that is closed by then', async () => {
    const { advance, built, warm } = watch()
    warm.keep(() => true)
    warm.close()
    warm.onChange()
    await advance(1_000)
    expect(built()).toBe(0)
  })

  it('has read the catalog before the first request comes, and asks no view that may cost money', async () => {
    const snapshot = await snapshotOf(60)
    let reads = 0
    const watched = {
      ...snapshot,
      get components() {
        reads++
        return snapshot.components
      },
    }
    let views = 0
    const feed = { name: 'meaning', viewOf: () => ({ name: `view ${views++}`, rank: () => [] }) }
    const { search, warm } = createCatalogSearch({ current: () => watched, feeds: [feed] })
    warm()
    await expect.poll(() => reads).toBe(1)
    expect(views).toBe(0)
    expect(await search('c7', 1)).toMatchObject([{ component: { name: 'c7' } }])
    expect(reads).toBe(1)
    expect(views).toBe(1)
  })

  const [few, many, very] = [50, 51, 501]
  const cases: [Config['capabilities']['provider'], number, boolean][] = [
    ['auto', few, false],
    ['auto', many, true],
    ['search', 1, true],
    ['all', very, false],
    ['tiered', many, false],
    ['tiered', very, true],
  ]
  it.each(cases)('is expected with the provider "%s" and %i capabilities: %s', async (provider, count, isExpected) => {
    const { clock, set } = countingClock()
    const tools = Array.from({ length: count }, (_, i) =>
      tool({ name: `t${i}`, description: 'x', input: { type: 'object' }, execute: () => null }),
    )
    await using tutti = createOrchestrator({ tools, clock, capabilities: { provider } })
    await tutti.start()
    expect(set.includes(100)).toBe(isExpected)
  })
})

describe('the choice between all and a search', () => {
  it('looks at no more capabilities than it must: to list a large catalog would hold everyone up', async () => {
    let seen = 0
    const components = numbered(10_000).map((one) => ({
      ...one,
      get capabilities() {
        seen++
        return [capability('do')]
      },
    }))
    const catalog = { components: () => components, search: async () => [] }
    await createAutoProvider({ catalog, topK: 20 }).offer({ request: 'x', principal: 'ann', signal: anySignal })
    expect(seen).toBe(51)
  })
})
