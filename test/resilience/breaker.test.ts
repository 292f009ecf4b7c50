import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { BreakerReport } from '../../src/contracts/api.ts'
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
  breakers = createBreakers(settings, { clock: Date })
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
    expect(breakers.reports()).toMatchObject([{ component: 'a', instance: '1', state: 'open', share: 0 }])
    expect(breakers.find('a/2')?.state).toBe('closed')
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
    await times(2 * settings.rampCalls, 'a/1', succeed)
    expect(breakers.of('a/1').share).toBe(1)
    await times(9, 'a/1', fail('component_failed'))
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

  it.each(['component_rate_limited', 'component_timeout'] as const)(
    'counts an answer of 429 or 408 as a failure: %s',
    async (code) => {
      await times(10, 'a/1', fail(code))
      expect(breakers.of('a/1').state).toBe('open')
    },
  )

  it('is tried again when the instance said it may be, if that is sooner than its rest', async () => {
    const busy = (details: object) => () =>
      Promise.reject(new TuttiError('component_rate_limited', 'slow down', { details: { ...details } }))
    await times(9, 'a/1', fail('component_failed'))
    await times(1, 'a/1', busy({ retry_after_ms: 4_000 }))
    vi.advanceTimersByTime(3_999)
    expect(breakers.of('a/1').state).toBe('open')
    vi.advanceTimersByTime(1)
    expect(breakers.of('a/1').state).toBe('half-open')
    for (const [asked, restMs] of [
      [1, 1_000],
      [3_600_000, settings.resetMs],
      [Number.NaN, settings.resetMs],
    ] as const) {
      await times(1, 'a/1', busy({ retry_after_ms: asked }))
      vi.advanceTimersByTime(restMs - 1)
      expect(breakers.of('a/1').state).toBe('open')
      vi.advanceTimersByTime(1)
      expect(breakers.of('a/1').state).toBe('half-open')
    }
    await times(1, 'a/1', fail('component_failed'))
    vi.advanceTimersByTime(settings.resetMs - 1)
    expect(breakers.of('a/1').state).toBe('open')
  })

  it('forgets an instance that never came back, and says so to who keeps its share, to nobody else', async () => {
    const told: BreakerReport[] = []
    const forgotten: BreakerReport[] = []
    breakers.close()
    breakers = createBreakers(settings, {
      clock: Date,
      onChange: (report) => told.push(report),
      onForget: (report) => forgotten.push(report),
    })
    await times(10, 'a/gone', fail('component_failed'))
    await times(10, 'a/here', fail('component_failed'))
    for (let minute = 0; minute < 11; minute++) {
      vi.advanceTimersByTime(60_000)
      await times(1, 'a/here', minute === 0 ? succeed : fail('component_rejected'))
      expect(breakers.isCalm).toBe(false)
    }
    expect(forgotten).toMatchObject([{ component: 'a', instance: 'gone', state: 'closed', share: 1 }])
    expect(breakers.reports()).toMatchObject([{ instance: 'here', share: 0.5 }])
    expect(told.filter(({ instance, share }) => instance === 'gone' && share > 0)).toEqual([])
    expect(breakers.find('a/gone')).toBeUndefined()
    vi.advanceTimersByTime(1_300_000)
    expect(breakers.isCalm).toBe(true)
    expect(vi.getTimerCount()).toBe(1)
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
    await times(10, 'a/ramping', fail('component_failed'))
    vi.advanceTimersByTime(settings.resetMs)
    await times(10, 'a/open', fail('component_failed'))
    await times(1, 'a/ramping', succeed)
    const busy = breakers.of('a/busy').run(() => new Promise(() => undefined))
    for (let i = 0; i < 2_500; i++) breakers.of(`b/${i}`)
    const kept = Array.from({ length: 2_500 }, (_, i) => breakers.find(`b/${i}`)).filter((one) => one !== undefined)
    expect(kept.length).toBeLessThanOrEqual(2_001)
    expect(breakers.find('a/open')?.state).toBe('open')
    expect(breakers.find('a/ramping')?.share).toBe(0.1)
    expect(breakers.find('a/busy')).toBeDefined()
    void busy
  })

  it('lets everything through when it is turned off', async () => {
    const off = createBreakers({ ...settings, enabled: false }, { clock: Date })
    for (let i = 0; i < 20; i++) await codeOf(off.of('a/1').run(fail('component_failed')))
    expect(await off.of('a/1').run(succeed)).toBe('fine')
    expect(off.reports()).toEqual([])
    expect(off.isCalm).toBe(true)
  })

  it('comes back in steps: a tenth, a half, all, each after so many calls that succeeded', async () => {
    const told: BreakerReport[] = []
    breakers.close()
    breakers = createBreakers(settings, { clock: Date, onChange: (report) => told.push(report) })
    await times(10, 'a/1', fail('component_failed'))
    expect(breakers.of('a/1').share).toBe(0)
    vi.advanceTimersByTime(settings.resetMs)
    expect(breakers.of('a/1')).toMatchObject({ state: 'half-open', share: 0, admits: 0.1 })
    await times(1, 'a/1', succeed)
    expect(breakers.of('a/1').share).toBe(0.1)
    await times(settings.rampCalls - 1, 'a/1', succeed)
    expect(breakers.of('a/1').share).toBe(0.1)
    await times(1, 'a/1', succeed)
    expect(breakers.of('a/1').share).toBe(0.5)
    expect(breakers.reports()).toMatchObject([{ component: 'a', instance: '1', state: 'closed', share: 0.5 }])
    await times(settings.rampCalls, 'a/1', succeed)
    expect(breakers.of('a/1').share).toBe(1)
    expect(breakers.reports()).toEqual([])
    expect(told.map(({ state, share }) => [state, share])).toEqual([
      ['open', 0],
      ['half-open', 0],
      ['closed', 0.1],
      ['closed', 0.5],
      ['closed', 1],
    ])
    expect(told[0]?.openedAt).toMatch(/^\d{4}-.*Z$/)
  })

  it('opens again at one fault while it recovers, and begins at the first step then', async () => {
    await times(10, 'a/1', fail('component_failed'))
    vi.advanceTimersByTime(settings.resetMs)
    await times(1 + settings.rampCalls, 'a/1', succeed)
    expect(breakers.of('a/1').share).toBe(0.5)
    await times(1, 'a/1', fail('component_rejected'))
    expect(breakers.of('a/1').share).toBe(0.5)
    await times(1, 'a/1', fail('component_failed'))
    expect(breakers.of('a/1')).toMatchObject({ state: 'open', share: 0 })
    vi.advanceTimersByTime(settings.resetMs)
    await times(1, 'a/1', succeed)
    expect(breakers.of('a/1').share).toBe(0.1)
  })

  it('does not hear late answers of calls from before it opened: neither good nor bad ones count for what came after', async () => {
    const late: PromiseWithResolvers<string>[] = []
    const begun = Array.from({ length: 12 }, () => {
      const one = Promise.withResolvers<string>()
      late.push(one)
      return codeOf(breakers.of('a/1').run(() => one.promise))
    })
    await times(10, 'a/1', fail('component_failed'))
    vi.advanceTimersByTime(settings.resetMs)
    await times(1, 'a/1', succeed)
    for (const [i, one] of late.entries()) {
      if (i === 0) one.reject(new TuttiError('component_timeout', 'late'))
      else one.resolve('late')
    }
    await Promise.all(begun)
    expect(breakers.of('a/1')).toMatchObject({ state: 'closed', share: 0.1 })
  })

  it('lets a burst of parallel calls make one call to a component that is being tried', async () => {
    await times(10, 'a/1', fail('component_failed'))
    vi.advanceTimersByTime(settings.resetMs)
    const work = vi.fn(fail('component_failed'))
    const codes = await Promise.all(Array.from({ length: 700 }, () => codeOf(breakers.of('a/1').run(work))))
    expect(work).toHaveBeenCalledTimes(1)
    expect(codes.filter((code) => code === 'breaker_open')).toHaveLength(699)
  })

  it('uses what is declared for a component instead of the settings', async () => {
    breakers.close()
    const policyOf = (component: string) =>
      component === 'weak'
        ? { volume: 2, resetMs: 1_000, ramp: [1] }
        : component === 'off'
          ? { enabled: false }
          : undefined
    breakers = createBreakers(settings, { clock: Date, policyOf })
    await times(2, 'weak/1', fail('component_failed'))
    await times(9, 'other/1', fail('component_failed'))
    await times(20, 'off/1', fail('component_failed'))
    expect(['weak/1', 'other/1', 'off/1'].map((key) => breakers.of(key).state)).toEqual(['open', 'closed', 'closed'])
    vi.advanceTimersByTime(1_000)
    await times(1, 'weak/1', succeed)
    expect(breakers.of('weak/1').share).toBe(1)
  })

  it('knows who failed a moment ago, and is calm again after five seconds', async () => {
    expect(breakers.isCalm).toBe(true)
    await times(1, 'a/1', fail('component_rejected'))
    expect(breakers.isCalm).toBe(true)
    await times(1, 'a/1', fail('component_timeout'))
    expect(breakers.of('a/1').lastFaultAt).toBe(Date.now())
    expect(breakers.isCalm).toBe(false)
    vi.advanceTimersByTime(4_999)
    expect(breakers.isCalm).toBe(false)
    vi.advanceTimersByTime(1)
    expect(breakers.isCalm).toBe(true)
  })

  it('goes on when the one who is told of changes throws', async () => {
    breakers.close()
    const onChange = () => {
      throw new Error('a listener failed')
    }
    breakers = createBreakers(settings, { clock: Date, onChange })
    expect(await times(11, 'a/1', fail('component_failed'))).toEqual([
      ...Array.from({ length: 10 }, () => 'component_failed'),
      'breaker_open',
    ])
  })

  it('remembers a fault of the call that tries it, so that others are asked first, and nothing else of it', async () => {
    await times(10, 'a/1', fail('component_failed'))
    for (const code of ['component_failed', 'cancelled', 'component_rejected'] as const) {
      const before = breakers.of('a/1').lastFaultAt
      vi.advanceTimersByTime(settings.resetMs)
      await times(1, 'a/1', fail(code))
      expect(breakers.of('a/1').lastFaultAt).toBe(
        code === 'component_failed' ? Date.now() : code === 'cancelled' ? before : 0,
      )
      expect(breakers.of('a/1').state).toBe(code === 'component_rejected' ? 'closed' : 'open')
    }
  })

  it('leaves no timer behind when it is closed', () => {
    breakers.of('a/1')
    breakers.close()
    expect(vi.getTimerCount()).toBe(0)
  })
})
