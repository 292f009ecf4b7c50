import { describe, expect, it } from 'vitest'
import type { JsonSchema } from '../../../src/contracts/json.ts'
import { createManualClock } from '../../support/manual-clock.ts'
import { fail, fine, schema, throwing } from '../recovery-support.ts'
import { call, createWorld, cut, object, type ToolSpec, unreachable } from '../support.ts'

const down = fail(500, 'DOWN', 'down')
const reading = (on = fine, inputs: JsonSchema = schema): ToolSpec => ({ on, inputs, effect: 'read' })

async function run(tools: Readonly<Record<string, ToolSpec>>, step: object = {}) {
  const clock = createManualClock()
  const world = createWorld({ clock, tools, settings: { recovery: { initialWaitMs: 0 } } })
  const running = world.run({ steps: [call('go', 'a/go', { q: 'x' }, step)] })
  for (let i = 0; i < 20; i++) await clock.advance(10)
  const ran = await running
  return { world, ran, end: ran.end('go') }
}

describe('an equivalent capability', () => {
  it('of the same name, reading, with fitting inputs, stands in when its component fails', async () => {
    const { world, ran, end } = await run({ 'a/go': reading(down), 'b/go': reading() })
    expect(end.status).toBe('succeeded')
    expect(world.callsOf('b/go')).toMatchObject([{ inputs: { q: 'x' }, key: 'run_1:go:2' }])
    expect(ran.of('step-repair')).toMatchObject([{ way: 'equivalent' }])
  })

  it('is never taken for what writes, is of unknown effect, or takes other inputs', async () => {
    const other = object({ q: { type: 'number' }, amount: { type: 'number' } }, ['q'])
    const more = object({ q: { type: 'string' }, amount: { type: 'number' }, key: { type: 'string' } }, ['q', 'key'])
    for (const [first, second] of [
      [{ ...reading(down), effect: 'write' as const }, reading()],
      [{ ...reading(down), effect: 'unknown' as const }, reading()],
      [reading(down), { ...reading(), effect: 'unknown' as const }],
      [reading(down), reading(fine, other)],
      [reading(down), reading(fine, more)],
    ] as const) {
      const { world, end } = await run({ 'a/go': first, 'b/go': second })
      expect(end.error?.code).toBe('component_failed')
      expect(world.callsOf('b/go')).toEqual([])
    }
  })

  it('is not asked about inputs that were refused, and comes after what the step declares', async () => {
    const refused = await run({ 'a/go': reading(fail(404)), 'b/go': reading() })
    expect(refused.world.callsOf('b/go')).toEqual([])
    const declared = await run({ 'a/go': reading(down), 'b/go': reading() }, { fallback: [{ value: 1 }] })
    expect(declared.end).toMatchObject({ status: 'succeeded', output: 1 })
    expect(declared.world.callsOf('b/go')).toEqual([])
  })

  it('that fails too leaves the first error, and says so', async () => {
    const { end } = await run({ 'a/go': reading(down), 'b/go': reading(fail(500, 'X', 'also away')) })
    expect(end.error).toMatchObject({ code: 'component_failed' })
    expect(end.error?.message).toContain('also away')
  })

  it('is found for a step that names only a capability also where the effect is unknown', async () => {
    const unknown = (on = fine): ToolSpec => ({ on, inputs: schema, effect: 'unknown' })
    const { world, end } = await run(
      { 'a/go': unknown(down), 'b/go': unknown() },
      { component: undefined, action: undefined, capability: 'go' },
    )
    expect(end.status).toBe('succeeded')
    expect(world.callsOf('a/go')).toHaveLength(3)
  })

  it('is weighed by name, and says why it is none', async () => {
    const why = async (tools: Readonly<Record<string, ToolSpec>>, step: object = {}) => {
      const { ran } = await run(tools, step)
      return ran
        .of('recovery')
        .at(-1)
        ?.options.find(({ way }) => way === 'equivalent')
    }
    expect(await why({ 'a/go': reading(fail(404)), 'b/go': reading() })).toMatchObject({
      feasible: false,
      why: expect.stringContaining('does not speak of the component'),
    })
    expect(await why({ 'a/go': reading(down) })).toMatchObject({
      why: expect.stringContaining('Nobody else offers "go"'),
    })
    expect(await why({ 'a/go': { ...reading(down), effect: 'write' } })).toMatchObject({
      why: 'The step names its component, and the call may change something.',
    })
    expect(await why({ 'a/go': reading(down), 'b/go': { ...reading(), instances: [] } })).toMatchObject({
      feasible: false,
    })
  })

  it('needs no less trust, and an output that has what the plan reads', async () => {
    const outputs = object({ price: { type: 'number' } })
    const named = { 'a/go': { ...reading(down), outputs } }
    for (const other of [
      { ...reading(), outputs, trust: 'discovered' as const },
      { ...reading(), outputs: object({ price: { type: 'string' } }) },
      reading(),
    ])
      expect((await run({ ...named, 'b/go': other })).end.status).toBe('failed')
    const { end } = await run({ ...named, 'b/go': { ...reading(), outputs } })
    expect(end.status).toBe('succeeded')
  })

  it('gets the inputs that the first was called with, filled ones too', async () => {
    const clock = createManualClock()
    const world = createWorld({
      clock,
      tools: { 'a/go': reading(down), 'b/go': reading() },
      model: { fill: () => ({ q: 'asked for' }) },
      settings: { recovery: { initialWaitMs: 0 } },
    })
    const ran = await world.run({ steps: [call('go', 'a/go', {})] })
    expect(ran.end('go').status).toBe('succeeded')
    expect(world.callsOf('b/go')).toMatchObject([{ inputs: { q: 'asked for' } }])
    expect(world.asked).toHaveLength(1)
  })

  it('takes over when the breaker is open, and is passed over when its own is', async () => {
    const world = createWorld({
      clock: createManualClock(),
      tools: { 'a/go': reading(down), 'b/go': reading(down), 'c/go': reading() },
      settings: { recovery: { maxAttempts: 1 }, breaker: { volume: 2 } },
    })
    const go = async () => await world.run({ steps: [call('go', 'a/go', { q: 'x' })] })
    for (let i = 0; i < 2; i++) await go()
    const ran = await go()
    expect(ran.end('go').status).toBe('succeeded')
    const [decision] = ran.of('recovery')
    expect(decision).toMatchObject({ error: { code: 'breaker_open' }, chosen: 'equivalent' })
    expect(decision?.options.filter(({ way }) => way === 'equivalent')).toMatchObject([
      { what: 'b/go', feasible: false, why: 'The circuit breakers of "b" are open.' },
      { what: 'c/go', feasible: true },
    ])
    expect(ran.of('attempt-start')).toMatchObject([{ component: 'c', action: 'go' }])
    await world.executor.close()
  })

  it('takes over for a component that has gone, when it is known what that took and gave', async () => {
    const world = createWorld({ clock: createManualClock(), tools: { 'a/go': reading(), 'b/go': reading() } })
    const steps = [call('go', 'a/go', { q: 'x' })]
    await world.run({ steps })
    world.remove('a')
    const ran = await world.run({ steps })
    expect(ran.end('go').status).toBe('succeeded')
    expect(ran.of('recovery').map(({ chosen }) => chosen)).toEqual(['refresh', 'equivalent'])
    const strange = await world.run({ steps: [call('go', 'ghost/go', { q: 'x' })] })
    expect(strange.end('go').status).toBe('failed')
  })

  it('never repeats what may have taken effect: a lost answer counts, a refused connection does not', async () => {
    const free = { component: undefined, action: undefined, capability: 'go' }
    const unknown = (on = fine): ToolSpec => ({ on, inputs: schema, effect: 'unknown' })
    const lost = await run({ 'a/go': unknown(throwing(cut)), 'b/go': unknown() }, free)
    expect(lost.world.callsOf('b/go')).toEqual([])
    expect(
      lost.ran
        .of('recovery')
        .at(-1)
        ?.options.find(({ way }) => way === 'equivalent')?.why,
    ).toMatch(/twice/)
    const unsent = await run({ 'a/go': unknown(throwing(unreachable)), 'b/go': unknown() }, free)
    expect(unsent.world.callsOf('b/go')).toHaveLength(1)
    const read = await run({ 'a/go': reading(throwing(cut)), 'b/go': reading() })
    expect(read.world.callsOf('b/go')).toHaveLength(1)
  })

  it('is tried three times at most, one after the other', async () => {
    const tools = Object.fromEntries(['a', 'b', 'c', 'd', 'e'].map((name) => [`${name}/go`, reading(down)]))
    const { world } = await run(tools, { retry: { maxAttempts: 1 } })
    expect(world.calls.map(({ target }) => target)).toEqual(['a/go', 'b/go', 'c/go', 'd/go'])
  })

  it('is none that is internal', async () => {
    const world = createWorld({
      tools: { 'a/go': reading(down), 'b/go': reading() },
      settings: { recovery: { initialWaitMs: 0 } },
    })
    const offered = world.view.find('b', 'go')
    Object.assign(offered ?? {}, { internal: true })
    const ran = await world.run({ steps: [call('go', 'a/go', { q: 'x' })] })
    expect(ran.end('go').status).toBe('failed')
    expect(world.callsOf('b/go')).toEqual([])
  })

  it('fits where one of the two does not say of which type an input is, and not where it says another', async () => {
    const typed = object({ q: { type: 'string' } })
    const silent = object({ q: { description: 'anything' } })
    const other = object({ q: { type: ['string', 'null'] } })
    const without = object({ p: { type: 'string' } })
    const serves = async (from: JsonSchema, to: JsonSchema): Promise<boolean> =>
      (await run({ 'a/go': reading(down, from), 'b/go': reading(fine, to) })).end.status === 'succeeded'
    expect(await serves(typed, silent)).toBe(true)
    expect(await serves(silent, typed)).toBe(true)
    expect(await serves(silent, silent)).toBe(true)
    expect(await serves(typed, other)).toBe(false)
    expect(await serves(typed, without)).toBe(false)
    expect(await serves(silent, without)).toBe(false)
  })
})
