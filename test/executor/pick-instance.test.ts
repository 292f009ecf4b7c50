import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createInstancePicker } from '../../src/catalog/pick-instance.ts'
import type { Component, Instance } from '../../src/contracts/capability.ts'
import { configSchema } from '../../src/contracts/config.ts'
import { TuttiError } from '../../src/contracts/errors.ts'
import type { CatalogView, PickOptions } from '../../src/contracts/parts.ts'
import type { CallTarget } from '../../src/executor/call-target.ts'
import { type CallMemory, pickInstance, stayIn } from '../../src/executor/pick-instance.ts'
import { refreshView } from '../../src/executor/refresh-view.ts'
import type { StepExecution } from '../../src/executor/step-execution.ts'
import { type Breakers, createBreakers } from '../../src/resilience/breaker.ts'
import { createManualClock } from '../support/manual-clock.ts'

const settings = configSchema.parse({}).breaker
let breakers: Breakers

beforeEach(() => {
  vi.useFakeTimers()
  breakers = createBreakers(settings, { clock: Date })
})
afterEach(() => {
  breakers.close()
  vi.useRealTimers()
})

const at = (id: string, region?: string): Instance => ({
  id,
  health: 'healthy',
  ...(region !== undefined && { region }),
})

/** A component on these instances, as a step of some run meets it. */
function createWorld(instances: readonly Instance[]) {
  const component: Component = { name: 'rates', kind: 'tool', source: 's', trust: 'local', capabilities: [], instances }
  const picker = createInstancePicker()
  const asked: (PickOptions | undefined)[] = []
  const view: Pick<CatalogView, 'pick'> = {
    pick(_name, options) {
      asked.push(options)
      return picker.pick(instances, options)
    },
  }
  const execution = { run: { view }, frame: { clock: { now: Date.now } } } as unknown as StepExecution
  const target = { component, breakerKeys: new Map() } as unknown as CallTarget
  const pick = (memory: CallMemory = { avoid: undefined }): string =>
    pickInstance(execution, target, breakers, memory).id
  const fail = async (id: string, times = 1): Promise<void> => {
    for (let i = 0; i < times; i++) {
      const call = breakers.of(`rates/${id}`).run(() => Promise.reject(new TuttiError('component_failed', 'it failed')))
      await call.catch(() => undefined)
    }
  }
  const succeed = (id: string): Promise<void> => breakers.of(`rates/${id}`).run(() => Promise.resolve())
  return { pick, fail, succeed, asked, target }
}

describe('pickInstance (B56)', () => {
  it('asks for nothing but the least busy while nothing fails', () => {
    const { pick, asked } = createWorld([at('a'), at('b')])
    expect([pick(), pick(), pick()]).toEqual(['a', 'b', 'a'])
    expect(asked).toEqual([undefined, undefined, undefined])
  })

  it('lets every step and run avoid for five seconds one that failed, while another is there', async () => {
    const { pick, fail } = createWorld([at('a'), at('b')])
    await fail('a')
    expect(Array.from({ length: 4 }, () => pick())).toEqual(['b', 'b', 'b', 'b'])
    expect(pick({ avoid: new Set(['b']) })).toBe('a')
    vi.advanceTimersByTime(5_000)
    expect(new Set([pick(), pick()])).toEqual(new Set(['a', 'b']))
  })

  it('takes the one that failed when it is the only one', async () => {
    const { pick, fail } = createWorld([at('a')])
    await fail('a')
    expect(pick()).toBe('a')
  })

  it('passes over an open breaker, gives its instance one call when it is due, and then its share', async () => {
    const { pick, fail, succeed } = createWorld([at('a'), at('b')])
    await fail('a', 10)
    vi.advanceTimersByTime(settings.resetMs - 1)
    expect(new Set(Array.from({ length: 10 }, () => pick()))).toEqual(new Set(['b']))
    vi.advanceTimersByTime(1)
    expect(pick()).toBe('a')
    let finish: () => void = () => undefined
    const trial = breakers.of('rates/a').run(() => new Promise<void>((resolve) => (finish = resolve)))
    expect(new Set(Array.from({ length: 20 }, () => pick()))).toEqual(new Set(['b']))
    finish()
    await trial
    const picked = Array.from({ length: 110 }, () => pick())
    expect(picked.filter((id) => id === 'a')).toHaveLength(10)
    for (let i = 0; i < settings.rampCalls * 2; i++) await succeed('a')
    const whole = Array.from({ length: 20 }, () => pick())
    expect(whole.filter((id) => id === 'a')).toHaveLength(10)
  })

  it('gives one with an open breaker where all are open, which then says when it is tried again', async () => {
    const { pick, fail } = createWorld([at('a'), at('b')])
    await fail('a', 10)
    await fail('b', 10)
    expect(['a', 'b']).toContain(pick())
  })

  it('calls only instances of the region that was asked for, and says so when there is none', async () => {
    const { pick, target, fail } = createWorld([at('a', 'eu'), at('b', 'us'), at('c')])
    const memory = stayIn('us', target)
    expect([pick(memory), pick(memory)]).toEqual(['b', 'b'])
    await fail('b')
    expect(pick(memory)).toBe('b')
    expect(() => stayIn('asia', target)).toThrow(/"rates" has no instance in the region "asia"/)
    memory.avoid?.add('b')
    memory.avoid?.delete('a')
    expect(() => pick(memory)).toThrow(/no instance in the region/)
  })

  it('fails clearly when nothing runs', () => {
    const { pick } = createWorld([])
    expect(() => pick()).toThrow(/"rates" has no healthy instance now/)
  })
})

describe('refreshView (B57)', () => {
  function createSteps(refresh: (signal: AbortSignal) => Promise<void>) {
    const clock = createManualClock()
    const view = { refresh: vi.fn(refresh) }
    const step = (signal = new AbortController().signal): Promise<void> =>
      refreshView({ run: { view }, frame: { clock }, signal } as unknown as StepExecution)
    return { clock, view, step }
  }

  it('asks the catalog once for all steps that miss something at the same time, or a moment later', async () => {
    vi.useRealTimers()
    const { clock, view, step } = createSteps(() => clock.sleep(300, new AbortController().signal))
    const all = Promise.all(Array.from({ length: 700 }, () => step()))
    await clock.advance(300)
    await all
    await clock.advance(999)
    await step()
    expect(view.refresh).toHaveBeenCalledTimes(1)
    await clock.advance(1)
    const again = step()
    await clock.advance(300)
    await again
    expect(view.refresh).toHaveBeenCalledTimes(2)
  })

  it('lets a step go that is stopped, while the others wait on', async () => {
    vi.useRealTimers()
    const ended = Promise.withResolvers<void>()
    const { step } = createSteps(() => ended.promise)
    const controller = new AbortController()
    const stopped = step(controller.signal)
    const other = step()
    controller.abort(new TuttiError('cancelled', 'The run was cancelled.'))
    await expect(stopped).rejects.toMatchObject({ code: 'cancelled' })
    ended.resolve()
    await expect(other).resolves.toBeUndefined()
  })
})
