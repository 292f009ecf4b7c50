// Steps that are at work elsewhere since before the plan was whole: the scheduler waits for them and begins none of them.
import { describe, expect, it } from 'vitest'
import type { StepView } from '../../src/contracts/compiled.ts'
import { TuttiError } from '../../src/contracts/errors.ts'
import type { Step } from '../../src/contracts/plan.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { answer, call, createWorld } from './support.ts'

const viewOf = (status: StepView['status'], output: string | null = null): StepView => ({
  status,
  success: status === 'succeeded',
  error: status === 'failed' ? { code: 'component_failed', message: 'It broke.' } : null,
  output,
  response: output,
})
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const ok = (name: string, more: Partial<Step> = {}): Step => call(name, 't/ok', {}, more)

function worldWith(underway: string, more: { readonly signal?: AbortSignal; readonly maxConcurrency?: number } = {}) {
  const ended = Promise.withResolvers<StepView>()
  const world = createWorld({ tools: { 't/ok': () => answer('fine') } })
  const context = { underway: new Map([[underway, ended.promise]]) }
  return { world, end: ended.resolve, asking: { ...more, context } }
}

describe('a step that is underway', () => {
  it('is waited for, told no second time, and gives its output to what follows', async () => {
    const { world, end, asking } = worldWith('a')
    const steps = [ok('a'), call('b', 't/ok', { v: '${steps.a.output}' }, { dependsOn: ['a'] }), ok('c')]
    const running = world.run({ steps }, asking)
    await turn()
    expect(world.calls).toHaveLength(1)
    end(viewOf('succeeded', 'early'))
    const ran = await running
    expect(ran.of('step-start').map(({ step }) => step)).toEqual(['c', 'b'])
    expect(ran.of('step-end').map(({ step }) => step)).toEqual(['c', 'b'])
    expect(world.calls.at(-1)?.inputs).toEqual({ v: 'early' })
  })

  it('stops what has not begun when it fails and the plan says fail', async () => {
    const { world, end, asking } = worldWith('a')
    const running = world.run(
      {
        onError: { strategy: 'fail' },
        steps: [
          ok('a'),
          ok('b', { dependsOn: ['a'] }),
          ok('w', { type: 'wait', wait: { forMs: 1 } }),
          ok('x', { dependsOn: ['w', 'a'] }),
        ],
      },
      asking,
    )
    end(viewOf('failed'))
    const ran = await running
    expect(world.calls).toEqual([])
    expect([ran.end('b').skipReason, ran.end('x').skipReason]).toEqual(['dependency-failed', 'dependency-failed'])
  })

  it('goes on when another step fails, and holds up the end of the plan', async () => {
    const { world, end, asking } = worldWith('a')
    world.register('t/bad', () => answer({ error: 'no' }, 400))
    let isOver = false
    const running = world
      .run(
        { onError: { strategy: 'fail' }, steps: [call('f', 't/bad'), ok('a'), ok('b', { dependsOn: ['a'] })] },
        asking,
      )
      .then((ran) => {
        isOver = true
        return ran
      })
    await turn()
    await turn()
    expect(isOver).toBe(false)
    end(viewOf('succeeded'))
    expect((await running).end('b').skipReason).toBe('run-stopped')
  })

  it('does not hold up a cancel, and whoever began it tells of its end', async () => {
    const abort = new AbortController()
    const { world, end, asking } = worldWith('a', { signal: abort.signal })
    const running = world.run({ steps: [ok('a'), ok('b', { dependsOn: ['a'] })] }, asking)
    await turn()
    abort.abort(new TuttiError('cancelled', 'Enough.'))
    const ran = await running
    expect(ran.of('step-end').map(({ step, status }) => [step, status])).toEqual([['b', 'cancelled']])
    end(viewOf('cancelled'))
    await turn()
    expect(ran.of('step-end')).toHaveLength(1)
  })

  it('has one of the places of the run until it has ended', async () => {
    const { world, end, asking } = worldWith('a', { maxConcurrency: 1 })
    const running = world.run({ steps: [ok('a'), ok('b')] }, asking)
    await turn()
    expect(world.calls).toEqual([])
    end(viewOf('succeeded'))
    await running
    expect(world.calls).toHaveLength(1)
  })

  it('holds up no deadline of the others', async () => {
    const clock = createManualClock()
    const world = createWorld({
      clock,
      tools: { 't/never': () => new Promise(() => undefined), 't/ok': () => answer(1) },
    })
    const ended = Promise.withResolvers<StepView>()
    const running = world.run(
      { steps: [ok('a'), call('slow', 't/never', {}, { deadlineMs: 50 })] },
      { context: { underway: new Map([['a', ended.promise]]) } },
    )
    await turn()
    await clock.advance(60)
    ended.resolve(viewOf('succeeded'))
    expect((await running).end('slow')).toMatchObject({ status: 'failed', error: { code: 'deadline_exceeded' } })
  })
})

describe('inputs that were revised before', () => {
  it('count in the idempotency keys of their step', async () => {
    const world = createWorld({ tools: { 't/ok': () => answer('fine') } })
    await world.run({ steps: [ok('a'), ok('b')] }, { context: { inputRevisions: new Map([['a', 2]]) } })
    expect(world.calls.map(({ key }) => key)).toEqual(['run_1:a:3', 'run_1:b:1'])
  })
})
