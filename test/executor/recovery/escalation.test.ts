import { describe, expect, it } from 'vitest'
import type { RecoveryPolicy } from '../../../src/contracts/policy.ts'
import { createManualClock } from '../../support/manual-clock.ts'
import { fail, fine, inTurn, schema } from '../recovery-support.ts'
import { answer, call, createWorld, type Handler } from '../support.ts'

const down = fail(500, 'DOWN', 'down')

describe('escalation', () => {
  const escalating = (on: Handler, recovery: RecoveryPolicy) => {
    const clock = createManualClock()
    const world = createWorld({
      clock,
      tools: { 't/go': { inputs: schema, on }, 'b/go': fine },
      settings: { breaker: { enabled: false }, components: { t: { recovery: { maxAttempts: 1, ...recovery } } } },
    })
    const run = async (name: string, inputs = { q: 'x' }) => {
      const ran = await world.run({ steps: [call(name, 't/go', inputs)] })
      return ran.of('escalation')
    }
    return { world, run }
  }

  it('comes after so many failed steps in a row, over all runs, once, and names who is told', async () => {
    const { run } = escalating(down, { escalateAfter: 3, notify: ['on-call'] })
    expect(await run('one')).toEqual([])
    expect(await run('two')).toEqual([])
    expect(await run('three')).toMatchObject([
      { step: 'three', component: 't', failures: 3, notify: ['on-call'], error: { code: 'component_failed' } },
    ])
    expect(await run('four')).toEqual([])
  })

  it('counts a step once, in however many ways it asks the same component', async () => {
    const { run } = escalating(down, { escalateAfter: 2, fallbacks: [{ inputs: { n: 1 } }, { inputs: { n: 2 } }] })
    expect(await run('one')).toEqual([])
    expect(await run('two')).toMatchObject([{ failures: 2 }])
  })

  it('begins to count again after a success', async () => {
    const { run } = escalating(inTurn(down, fine, down, down), { escalateAfter: 2 })
    for (const name of ['one', 'two', 'three']) expect(await run(name)).toEqual([])
    expect(await run('four')).toHaveLength(1)
  })

  it('counts steps for which somebody else stood in, and none that were refused for their inputs', async () => {
    const standing = escalating(down, { escalateAfter: 2, fallbacks: [{ component: 'b' }] })
    expect(await standing.run('one')).toEqual([])
    expect(await standing.run('two')).toHaveLength(1)
    const refused = escalating(fail(422), { escalateAfter: 1 })
    expect(await refused.run('one')).toEqual([])
  })

  it('counts what a component answered, and nothing that never came to a call', async () => {
    const answered = escalating(() => answer('moved', 301), { escalateAfter: 1 })
    expect(await answered.run('one')).toHaveLength(1)
    const { world } = escalating(fine, { escalateAfter: 1 })
    const ran = await world.run({ steps: [call('go', 't/go', { q: '${1 / 0}' })] })
    expect(ran.end('go').status).toBe('failed')
    expect(ran.of('escalation')).toEqual([])
  })

  it('begins to count again after it stood in well for another', async () => {
    let isDown = true
    const world = createWorld({
      tools: {
        't/go': { inputs: schema, on: down },
        'b/go': { inputs: schema, on: (...of) => (isDown ? down : fine)(...of) },
      },
      settings: {
        breaker: { enabled: false },
        components: {
          t: { recovery: { maxAttempts: 1, fallbacks: [{ component: 'b' }] } },
          b: { recovery: { maxAttempts: 1, escalateAfter: 2 } },
        },
      },
    })
    const go = async (target: string) =>
      (await world.run({ steps: [call('go', target, { q: 'x' })] }))
        .of('escalation')
        .filter(({ component }) => component === 'b')
    expect(await go('b/go')).toEqual([])
    isDown = false
    await go('t/go')
    isDown = true
    expect(await go('b/go')).toEqual([])
    expect(await go('b/go')).toHaveLength(1)
  })

  it('counts a component that has left the catalog', async () => {
    const world = createWorld({ tools: {}, settings: { components: { ghost: { recovery: { escalateAfter: 2 } } } } })
    const go = async () => (await world.run({ steps: [call('go', 'ghost/act')] })).of('escalation')
    expect(await go()).toEqual([])
    expect(await go()).toMatchObject([{ component: 'ghost', error: { code: 'component_unavailable' } }])
  })

  it('does not come without a word of the policy', async () => {
    const { run } = escalating(down, {})
    for (const name of ['one', 'two', 'three', 'four']) expect(await run(name)).toEqual([])
  })
})

describe('a step that succeeded', () => {
  it('after a retry is no failure of its component', async () => {
    const world = createWorld({
      tools: { 't/go': inTurn(down, fine) },
      settings: { components: { t: { recovery: { initialWaitMs: 0, escalateAfter: 1 } } } },
    })
    const ran = await world.run({ steps: [call('go', 't/go')] })
    expect(ran.end('go').status).toBe('succeeded')
    expect(ran.of('escalation')).toEqual([])
  })
})
