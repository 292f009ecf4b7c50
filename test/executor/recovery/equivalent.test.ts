import { describe, expect, it } from 'vitest'
import type { JsonSchema } from '../../../src/contracts/json.ts'
import { createManualClock } from '../../support/manual-clock.ts'
import { fail, fine, schema } from '../recovery-support.ts'
import { call, createWorld, object, type ToolSpec } from '../support.ts'

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

  it('is not asked about inputs that were refused, nor where the step declares a fallback', async () => {
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
})
