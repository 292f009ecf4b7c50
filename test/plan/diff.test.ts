import { describe, expect, it } from 'vitest'
import type { PlanDocument, Step } from '../../src/contracts/plan.ts'
import { diffPlans, stepHash } from '../../src/plan/diff.ts'

const call = (name: string, inputs: Step['inputs'] = {}, more: Partial<Step> = {}): Step => ({
  name,
  type: 'call',
  component: 'fx',
  action: 'convert',
  inputs,
  dependsOn: [],
  ...more,
})
const plan = (...steps: Step[]): PlanDocument => ({ steps })

describe('stepHash', () => {
  it('is the same whatever the order of keys, the case of names and the name of the step', () => {
    const one = call('a', { from: 'EUR', to: { code: 'KRW', deep: [1, { x: 1, y: 2 }] } })
    const two = call('b', { to: { deep: [1, { y: 2, x: 1 }], code: 'KRW' }, from: 'EUR' }, { component: 'FX' })
    expect(stepHash(one)).toBe(stepHash(two))
    expect(stepHash(one)).toMatch(/^[0-9a-f]{64}$/)
  })

  it('does not look at how a step is carried out', () => {
    const tuned = call('a', {}, { timeoutMs: 5, retry: { maxAttempts: 9 }, priority: 'high', dependsOn: ['x'] })
    expect(stepHash(tuned)).toBe(stepHash(call('a')))
  })

  it.each<[string, Partial<Step>]>([
    ['component', { component: 'other' }],
    ['action', { action: 'rates' }],
    ['inputs', { inputs: { amount: 1 } }],
    ['condition', { if: 'inputs.x > 1' }],
    ['fallback', { fallback: [{ value: 0 }] }],
    ['type', { type: 'gate' }],
  ])('is another one for another %s', (_what, change) => {
    expect(stepHash(call('a', {}, change))).not.toBe(stepHash(call('a')))
  })

  it('keeps 1 and "1", and integers beyond 2^53, apart', () => {
    const hashes = [1, '1', 9_007_199_254_740_993n, 9_007_199_254_740_992n].map((n) => stepHash(call('a', { n })))
    expect(new Set(hashes).size).toBe(4)
  })

  it('counts what a model is shown: the description that is its prompt, and what the step waits for', () => {
    const write: Step = { name: 'w', type: 'ai-generate', dependsOn: ['a', 'b'], description: 'Sum it up.' }
    expect(stepHash({ ...write, description: 'Rhyme it.' })).not.toBe(stepHash(write))
    expect(stepHash({ ...write, dependsOn: ['b', 'a'] })).toBe(stepHash(write))
    expect(stepHash({ ...write, dependsOn: ['a'] })).not.toBe(stepHash(write))
  })
})

describe('diffPlans', () => {
  it('tells what is kept, added, changed and removed', () => {
    const before = plan(call('a'), call('b', { x: 1 }), call('c'))
    const after = plan(call('d'), call('b', { x: 2 }), call('a'))
    expect(diffPlans(before, after)).toEqual({ kept: ['a'], added: ['d'], changed: ['b'], removed: ['c'] })
  })

  it('takes a step for changed when it builds on one that has changed, however far', () => {
    const steps = [
      call('b', { x: '${steps.a.output.rate}' }),
      call('c', {}, { if: 'steps["b"].output.ok' }),
      call('d', {}, { dependsOn: ['c'] }),
      call('e', { text: 'steps.a is only text here' }),
    ]
    const { kept, changed } = diffPlans(plan(call('a', { n: 1 }), ...steps), plan(call('a', { n: 2 }), ...steps))
    expect(changed).toEqual(['a', 'b', 'c', 'd'])
    expect(kept).toEqual(['e'])
  })

  it('keeps a finished step that would now only wait for a new one', () => {
    const after = plan(call('new'), call('a', {}, { dependsOn: ['new'] }))
    expect(diffPlans(plan(call('a')), after)).toMatchObject({ kept: ['a'], added: ['new'], changed: [] })
  })

  it('holds for empty plans, for names of prototypes, and for circles', () => {
    expect(diffPlans(plan(), plan())).toEqual({ kept: [], added: [], changed: [], removed: [] })
    const names = ['__proto__', 'constructor']
    const odd = plan(...names.map((name) => call(name)))
    expect(diffPlans(odd, odd).kept).toEqual(names)
    const circle = (n: number): PlanDocument =>
      plan(call('a', { n }, { dependsOn: ['b'] }), call('b', {}, { dependsOn: ['a'] }))
    expect(diffPlans(circle(1), circle(2)).changed).toEqual(['a', 'b'])
  })

  it('compares 10,000 steps in a chain within a second', () => {
    const chain = (n: number): PlanDocument =>
      plan(
        ...Array.from({ length: 10_000 }, (_, i) => call(`s${i}`, { x: i === 0 ? n : `\${steps.s${i - 1}.output}` })),
      )
    const begun = performance.now()
    expect(diffPlans(chain(1), chain(2)).changed).toHaveLength(10_000)
    expect(performance.now() - begun).toBeLessThan(1_000)
  })
})
