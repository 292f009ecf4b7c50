import { describe, expect, it } from 'vitest'
import { createLearntWords } from '../../src/catalog/learnt-words.ts'
import { readRequest } from '../../src/catalog/request-words.ts'

const weather = { component: 'weather', action: 'get' }
const other = { component: 'other', action: 'do' }

function setUp() {
  const learnt = createLearntWords()
  const learn = (request: string, principal: string, ...used: { component: string; action: string }[]) =>
    learnt.learn(readRequest(request), principal, used)
  const scoreOf = (request: string, { component }: { component: string }): number =>
    learnt.find(readRequest(request)).find((hit) => hit.component === component)?.score ?? 0
  return { learnt, learn, scoreOf }
}

describe('what was learnt from runs', () => {
  it('leads from the words of a request to what served it', () => {
    const { learn, scoreOf } = setUp()
    learn('do I need an umbrella', 'ann', weather)
    expect(scoreOf('umbrella today?', weather)).toBeGreaterThan(0)
    expect(scoreOf('book a table', weather)).toBe(0)
  })

  it('counts for little after one run, and for more after several people', () => {
    const { learn, scoreOf } = setUp()
    learn('umbrella', 'ann', weather)
    const once = scoreOf('umbrella', weather)
    expect(once).toBeLessThanOrEqual(0.25)
    for (const principal of ['bob', 'cid', 'dee']) learn('umbrella', principal, weather)
    expect(scoreOf('umbrella', weather)).toBeGreaterThan(2 * once)
  })

  it('cannot be pushed far by one principal, however often it says the same', () => {
    const { learn, scoreOf } = setUp()
    for (let i = 0; i < 200; i++) learn('umbrella', 'mallory', other)
    expect(scoreOf('umbrella', other)).toBeLessThanOrEqual(0.4)
    for (const principal of ['ann', 'bob', 'cid', 'dee']) learn('umbrella', principal, weather)
    expect(scoreOf('umbrella', weather)).toBeGreaterThan(scoreOf('umbrella', other))
  })

  it('fades when nothing confirms it', () => {
    const { learn, scoreOf } = setUp()
    learn('umbrella', 'ann', weather)
    const before = scoreOf('umbrella', weather)
    for (let i = 0; i < 5_000; i++) learn('table', 'ann', other)
    expect(scoreOf('umbrella', weather)).toBeCloseTo(before / 2, 3)
  })

  it('tells less of each capability when a word led to many', () => {
    const { learn, scoreOf } = setUp()
    learn('umbrella', 'ann', weather)
    for (let i = 0; i < 9; i++) learn('find', 'ann', { component: `c${i}`, action: 'a' })
    expect(scoreOf('find umbrella', weather)).toBeGreaterThan(2 * scoreOf('find umbrella', { component: 'c0' }))
  })

  it('keeps to a bound: words, capabilities of a word, and what one run adds', () => {
    const { learnt, learn } = setUp()
    for (let i = 0; i < 2_000; i++) {
      learn(Array.from({ length: 40 }, (_, k) => `w${(i * 40 + k).toString(36)}q`).join(' '), 'ann', weather)
    }
    expect(learnt.size).toBe(20_000)
    for (let i = 0; i < 100; i++) learn('umbrella', 'ann', { component: `c${i}`, action: 'a' })
    expect(learnt.find(readRequest('umbrella'))).toHaveLength(16)
    learn('novel', 'ann', ...Array.from({ length: 1_000 }, (_, i) => ({ component: `n${i}`, action: 'a' })))
    expect(learnt.find(readRequest('novel'))).toHaveLength(16)
  })

  it('treats names that are also keys of objects as any other', () => {
    const { learn, scoreOf } = setUp()
    learn('constructor __proto__', 'ann', { component: '__proto__', action: 'constructor' })
    expect(scoreOf('constructor', { component: '__proto__' })).toBeGreaterThan(0)
  })
})
