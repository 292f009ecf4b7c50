import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { TuttiError } from '../../src/contracts/errors.ts'
import type { Step } from '../../src/contracts/plan.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { answer, call, createWorld, failure, type Handler } from './support.ts'

const rejections: unknown[] = []
const note = (reason: unknown): void => {
  rejections.push(reason)
}
beforeEach(() => {
  rejections.length = 0
  process.on('unhandledRejection', note)
})
afterEach(async () => {
  await new Promise((resolve) => setImmediate(resolve))
  process.off('unhandledRejection', note)
  expect(rejections).toEqual([])
})

const stop = new TuttiError('cancelled', 'The run was cancelled.')
const hang: Handler = () => new Promise(() => undefined)

/** Runs until `after` ms, cancels, and looks without letting time pass. */
async function cancelled(
  steps: readonly Step[],
  tools: Record<string, Handler>,
  { after = 50, settings = {}, maxConcurrency = 10, model = {} } = {},
) {
  const clock = createManualClock()
  const controller = new AbortController()
  const world = createWorld({ clock, tools, settings, model })
  const running = world.run({ steps }, { signal: controller.signal, maxConcurrency })
  await clock.advance(after)
  controller.abort(stop)
  const ran = await running
  const count = ran.events.length
  await clock.advance(600_000)
  expect(ran.events.length).toBe(count)
  return { ran, world, status: Object.fromEntries(ran.of('step-end').map(({ step, status }) => [step, status])) }
}

describe('cancelling', () => {
  it('ends calls in flight at once, keeps what was done, and starts nothing more (B59, B60)', async () => {
    let aborted: unknown
    const listening: Handler = (_, { signal }) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => {
          aborted = signal.reason
          reject(new Error('aborted'))
        })
      })
    const { ran, world, status } = await cancelled(
      [
        call('first', 't/ok'),
        call('h', 't/listen', {}, { dependsOn: ['first'] }),
        call('deaf', 't/hang'),
        call('after', 't/ok', {}, { dependsOn: ['h'] }),
      ],
      { 't/ok': () => answer(1), 't/listen': listening, 't/hang': hang },
    )
    expect(status).toEqual({ first: 'succeeded', h: 'cancelled', deaf: 'cancelled', after: 'cancelled' })
    expect(aborted).toBe(stop)
    expect(ran.of('attempt-end').map(({ step, status: s }) => [step, s])).toEqual([
      ['first', 'succeeded'],
      ['deaf', 'cancelled'],
      ['h', 'cancelled'],
    ])
    expect(ran.of('step-start', 'after')).toEqual([])
    expect(world.callsOf('t/ok')).toHaveLength(1)
  })

  it('ends the pause before a retry at once (B60)', async () => {
    const { world, status } = await cancelled([call('b', 't/busy')], {
      't/busy': () => answer({ error: 'slow' }, 429, { 'retry-after': '20' }),
    })
    expect(status).toEqual({ b: 'cancelled' })
    expect(world.calls).toHaveLength(1)
  })

  it('ends the wait for a place at the component at once (B60)', async () => {
    const { world, status } = await cancelled(
      [call('a', 't/hang'), call('b', 't/hang')],
      { 't/hang': hang },
      { settings: { executor: { componentConcurrency: 1 } } },
    )
    expect(status).toEqual({ a: 'cancelled', b: 'cancelled' })
    expect(world.calls).toHaveLength(1)
  })

  it('ends the wait for a place of the run at once', async () => {
    const { ran, status } = await cancelled(
      [call('a', 't/hang'), call('b', 't/hang')],
      { 't/hang': hang },
      { maxConcurrency: 1 },
    )
    expect(status).toEqual({ a: 'cancelled', b: 'cancelled' })
    expect(ran.of('step-start', 'b')).toEqual([])
  })

  it('ends a waiting step of an hour at once', async () => {
    const { status } = await cancelled([{ name: 'w', type: 'wait', dependsOn: [], wait: { forMs: 3_600_000 } }], {})
    expect(status).toEqual({ w: 'cancelled' })
  })

  it('ends a question to the model at once, and does not fall back', async () => {
    const { world, status } = await cancelled(
      [call('a', 't/bad', {}, { fallback: [{ value: 1 }] })],
      { 't/bad': () => failure(400, 'BAD', 'no') },
      { model: { 're-resolve': () => new Promise(() => undefined) } },
    )
    expect(world.asked[0]?.signal.aborted).toBe(true)
    expect(status).toEqual({ a: 'cancelled' })
  })

  it('before the start runs nothing, and every step is told to be cancelled', async () => {
    const world = createWorld({ tools: { 't/ok': () => answer(1) } })
    const ran = await world.run(
      { steps: [call('a', 't/ok'), call('b', 't/ok', {}, { dependsOn: ['a'] })] },
      { signal: AbortSignal.abort(stop) },
    )
    expect(ran.events.map((fact) => fact.type)).toEqual(['step-end', 'step-end'])
    expect(world.calls).toEqual([])
  })

  it('gives steps the reason of the run, such as its timeout', async () => {
    const world = createWorld({ tools: { 't/hang': hang } })
    const controller = new AbortController()
    const running = world.run({ steps: [call('a', 't/hang')] }, { signal: controller.signal })
    await new Promise((resolve) => setImmediate(resolve))
    controller.abort(new TuttiError('run_timeout', 'The run took longer than 2m.'))
    expect((await running).end('a')).toMatchObject({ status: 'cancelled', error: { code: 'run_timeout' } })
  })

  it('leaves other runs alone (B40)', async () => {
    const world = createWorld({ tools: { 't/hang': hang, 't/ok': () => answer(1) } })
    const controller = new AbortController()
    const stuck = world.run(
      { steps: Array.from({ length: 10 }, (_, i) => call(`h${i}`, 't/hang')) },
      { signal: controller.signal },
    )
    const other = await world.run({ steps: [call('a', 't/ok'), call('b', 't/ok', {}, { dependsOn: ['a'] })] })
    expect(other.end('b').status).toBe('succeeded')
    controller.abort(stop)
    await stuck
  })
})

describe('the deadline of a step', () => {
  const deadline = async (step: Partial<Step>, handler: Handler, maxConcurrency = 10) => {
    const clock = createManualClock()
    const world = createWorld({
      clock,
      tools: { 't/go': handler, 't/hang': async (_, { signal }) => (await clock.sleep(5_000, signal), answer(1)) },
    })
    const running = world.run({ steps: [call('first', 't/hang'), call('go', 't/go', {}, step)] }, { maxConcurrency })
    await clock.advance(20_000)
    return { end: (await running).end('go'), world }
  }

  it('bounds attempts, pauses and queueing together', async () => {
    const retrying = await deadline(
      { deadlineMs: 1_000, retry: { maxAttempts: 50, initialWaitMs: 300, backoff: 'fixed' } },
      () => failure(503, 'B', 'busy'),
    )
    expect(retrying.end).toMatchObject({ status: 'failed' })
    expect(retrying.end.durationMs).toBeLessThanOrEqual(1_000)
    const hanging = await deadline({ deadlineMs: 1_000 }, hang)
    expect(hanging.end).toMatchObject({ status: 'failed', durationMs: 1_000, error: { code: 'deadline_exceeded' } })
    const queued = await deadline({ deadlineMs: 1_000 }, () => answer(1), 1)
    expect(queued.end).toMatchObject({ status: 'failed', durationMs: 1_000, error: { code: 'deadline_exceeded' } })
    expect(queued.world.callsOf('t/go')).toEqual([])
  })
})
