import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { configSchema } from '../../src/contracts/config.ts'
import { type ErrorCode, TuttiError } from '../../src/contracts/errors.ts'
import { type Breakers, createBreakers } from '../../src/resilience/breaker.ts'

const settings = configSchema.parse({}).breaker
let breakers: Breakers

const fail = (code: ErrorCode) => () => Promise.reject(new TuttiError(code, 'it failed'))
const succeed = () => Promise.resolve('fine')
const codeOf = async (call: Promise<unknown>): Promise<string> => {
  try {
    await call
    return 'fine'
  } catch (error) {
    return error instanceof TuttiError ? error.code : 'other'
  }
}
const times = async (n: number, key: string, work: () => Promise<unknown>): Promise<string[]> => {
  const codes: string[] = []
  for (let i = 0; i < n; i++) codes.push(await codeOf(breakers.of(key).run(work)))
  return codes
}

beforeEach(() => {
  vi.useFakeTimers()
  breakers = createBreakers(settings)
})
afterEach(() => {
  breakers.close()
  vi.useRealTimers()
})

describe('createBreakers', () => {
  it('opens when half of at least ten calls failed, and lets nothing through then', async () => {
    await times(5, 'a/1', succeed)
    await times(4, 'a/1', fail('component_failed'))
    expect(breakers.of('a/1').state).toBe('closed')
    await times(1, 'a/1', fail('component_failed'))
    expect(breakers.of('a/1').state).toBe('open')
    const work = vi.fn(succeed)
    expect(await codeOf(breakers.of('a/1').run(work))).toBe('breaker_open')
    expect(work).not.toHaveBeenCalled()
  })

  it('says which breaker is open and when it is tried again', async () => {
    await times(10, 'rates/one', fail('component_unavailable'))
    vi.advanceTimersByTime(10_000)
    await expect(breakers.of('rates/one').run(succeed)).rejects.toThrow(
      /circuit breaker of "rates\/one" is open.*in 20s/,
    )
  })

  it('keeps instances apart', async () => {
    await times(10, 'a/1', fail('component_failed'))
    expect(await times(1, 'a/2', succeed)).toEqual(['fine'])
    expect(breakers.states()).toEqual([
      { key: 'a/1', state: 'open' },
      { key: 'a/2', state: 'closed' },
    ])
  })

  it('lets one call through after its rest, and closes when that one succeeds', async () => {
    await times(10, 'a/1', fail('component_timeout'))
    vi.advanceTimersByTime(settings.resetMs)
    expect(breakers.of('a/1').state).toBe('half-open')
    let finish: (value: string) => void = () => undefined
    const trial = breakers.of('a/1').run(() => new Promise<string>((resolve) => (finish = resolve)))
    expect(await times(1, 'a/1', succeed)).toEqual(['breaker_open'])
    finish('fine')
    await trial
    await vi.advanceTimersByTimeAsync(0)
    expect(breakers.of('a/1').state).toBe('closed')
  })

  it('forgets the failures from before it closed: one more does not open it again', async () => {
    await times(10, 'a/1', fail('component_failed'))
    vi.advanceTimersByTime(settings.resetMs)
    await times(1, 'a/1', succeed)
    await vi.advanceTimersByTimeAsync(0)
    await times(1, 'a/1', fail('component_failed'))
    expect(breakers.of('a/1').state).toBe('closed')
  })

  it('opens again when the one call fails', async () => {
    await times(10, 'a/1', fail('component_failed'))
    vi.advanceTimersByTime(settings.resetMs)
    await times(1, 'a/1', fail('component_failed'))
    expect(breakers.of('a/1').state).toBe('open')
  })

  it('takes an answer that refuses the inputs as a sign of life', async () => {
    await times(30, 'a/1', fail('component_rejected'))
    await times(30, 'a/1', fail('component_unauthorized'))
    expect(breakers.of('a/1').state).toBe('closed')
  })

  it("does not count a caller's cancel, and is neither closed nor stuck by one", async () => {
    await times(9, 'a/1', fail('component_failed'))
    await times(20, 'a/1', fail('cancelled'))
    await times(1, 'a/1', fail('component_failed'))
    expect(breakers.of('a/1').state).toBe('open')
    vi.advanceTimersByTime(settings.resetMs)
    expect(await times(1, 'a/1', fail('cancelled'))).toEqual(['cancelled'])
    expect(breakers.of('a/1').state).toBe('open')
    vi.advanceTimersByTime(settings.resetMs)
    expect(await times(1, 'a/1', succeed)).toEqual(['fine'])
  })

  it('forgets what is older than its window', async () => {
    await times(9, 'a/1', fail('component_failed'))
    vi.advanceTimersByTime(settings.windowMs + settings.windowMs / 10)
    await times(1, 'a/1', fail('component_failed'))
    expect(breakers.of('a/1').state).toBe('closed')
  })

  it('keeps at most 2,000 idle ones, and every open one', async () => {
    await times(10, 'a/open', fail('component_failed'))
    for (let i = 0; i < 2_500; i++) breakers.of(`b/${i}`)
    expect(breakers.states().length).toBeLessThanOrEqual(2_001)
    expect(breakers.states()).toContainEqual({ key: 'a/open', state: 'open' })
  })

  it('lets everything through when it is turned off', async () => {
    const off = createBreakers({ ...settings, enabled: false })
    for (let i = 0; i < 20; i++) await codeOf(off.of('a/1').run(fail('component_failed')))
    expect(await off.of('a/1').run(succeed)).toBe('fine')
    expect(off.states()).toEqual([])
  })

  it('leaves no timer behind when it is closed', () => {
    breakers.of('a/1')
    breakers.close()
    expect(vi.getTimerCount()).toBe(0)
  })
})
