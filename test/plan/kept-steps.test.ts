import { describe, expect, it } from 'vitest'
import type { Step } from '../../src/contracts/plan.ts'
import { keptSteps } from '../../src/plan/kept-steps.ts'

const call = (name: string, more: Partial<Step> = {}): Step => ({
  name,
  type: 'call',
  component: 't',
  action: 'do',
  dependsOn: [],
  ...more,
})
const kept = (before: readonly Step[], after: readonly Step[]): [string, string][] => [
  ...keptSteps({ steps: before }, { steps: after }).nameBefore,
]

describe('the steps that two plans share', () => {
  it('are those of the same name and content', () => {
    const other = call('b', { inputs: { n: 2 } })
    expect(kept([call('a'), call('b')], [call('a'), other])).toEqual([['a', 'a']])
  })
  it('are also those under another name, each taken once', () => {
    const seat = (name: string, n: number): Step => call(name, { inputs: { n } })
    expect(kept([seat('a', 1), seat('b', 1), seat('c', 2)], [seat('x', 1), seat('y', 1), seat('z', 1)])).toEqual([
      ['x', 'a'],
      ['y', 'b'],
    ])
  })
  it('are those that build on renamed ones as well, however far, and those that have changed their names', () => {
    const chain = (...[a = '', b = '', c = '']: string[]): Step[] => [
      call(a),
      { name: b, type: 'transform', set: { v: `\${steps.${a}.output.x}` }, dependsOn: [a] },
      call(c, {
        action: 'book',
        inputs: { seat: `\${steps["${b}"].output.v}` },
        if: `steps.${a}.success`,
        dependsOn: [a, b],
      }),
    ]
    expect(kept(chain('a', 'b', 'c'), chain('x', 'y', 'c'))).toEqual([
      ['x', 'a'],
      ['y', 'b'],
      ['c', 'c'],
    ])
    expect(kept(chain('a', 'b', 'c'), chain('x', 'b', 'z').toReversed())).toEqual([
      ['x', 'a'],
      ['b', 'b'],
      ['z', 'c'],
    ])
    const [one, two] = [1, 2].map((n) => ({ inputs: { n } }))
    expect(kept([call('a', one), call('b', two)], [call('a', two), call('b', one)])).toEqual([
      ['a', 'b'],
      ['b', 'a'],
    ])
  })
  it('are no gates or waits of other names, and none of a circle', () => {
    const gate = (name: string): Step => ({ name, type: 'gate', dependsOn: [] })
    expect(kept([gate('a')], [gate('b')])).toEqual([])
    const circle = (a: string, b: string): Step[] => [call(a, { dependsOn: [b] }), call(b, { dependsOn: [a] })]
    expect(kept(circle('a', 'b'), circle('x', 'y'))).toEqual([])
  })
  it('are none that build on something that has changed', () => {
    const reads = (name: string, from: string): Step =>
      call(name, { inputs: { v: `\${steps.${from}.output}` }, dependsOn: [from] })
    const changed = call('a', { inputs: { n: 2 } })
    expect(kept([call('a'), reads('b', 'a')], [changed, reads('b', 'a')])).toEqual([])
    expect(kept([call('a'), reads('b', 'a')], [changed, reads('x', 'a')])).toEqual([])
    expect(kept([call('a'), reads('b', 'a')], [call('a'), reads('x', 'a')])).toEqual([
      ['a', 'a'],
      ['x', 'b'],
    ])
  })
})
