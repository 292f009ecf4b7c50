import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { configSchema } from '../../src/contracts/config.ts'
import type { Coordination, SharedNote } from '../../src/contracts/coordination.ts'
import { TuttiError } from '../../src/contracts/errors.ts'
import { type Breakers, createBreakers } from '../../src/resilience/breaker.ts'

const settings = configSchema.parse({}).breaker
let breakers: Breakers

const succeed = () => Promise.resolve('fine')
const failTimes = async (n: number, key: string): Promise<void> => {
  for (let i = 0; i < n; i++) {
    const call = breakers.of(key).run(() => Promise.reject(new TuttiError('component_failed', 'it failed')))
    await expect(call).rejects.toMatchObject({ code: 'component_failed' })
  }
}

beforeEach(() => void vi.useFakeTimers())
afterEach(() => {
  breakers.close()
  vi.useRealTimers()
})

describe('breakers of several processes', () => {
  const createChannel = () => {
    const listeners = new Set<(note: SharedNote) => void>()
    const notes: SharedNote[] = []
    const coordination: Coordination = {
      takeTokens: () => Promise.reject(new Error('not used here')),
      announce(note) {
        notes.push(note)
        for (const heard of listeners) heard(note)
      },
      listen(heard) {
        listeners.add(heard)
        return () => listeners.delete(heard)
      },
      close: () => Promise.resolve(),
    }
    return { coordination, notes, listeners }
  }
  const { coordination, notes, listeners } = createChannel()
  const say = (key: unknown, untilMs: unknown) =>
    coordination.announce({ kind: 'breaker', key, untilMs } as unknown as SharedNote)
  const create = (more: Partial<typeof settings> = {}) =>
    createBreakers({ ...settings, ...more }, { clock: Date, coordination })
  let other: Breakers

  beforeEach(() => {
    notes.length = 0
    breakers = create()
    other = create()
  })
  afterEach(() => other.close())

  it('tells the others when one opens, who then do not call it for as long, and do not tell it on', async () => {
    other.of('a/1')
    await failTimes(10, 'a/1')
    expect(notes).toEqual([{ kind: 'breaker', key: 'a/1', untilMs: Date.now() + settings.resetMs }])
    expect(other.of('a/1').state).toBe('open')
    // Not asked for before the note came.
    const third = create()
    say('b/2', Date.now() + 7_000)
    expect(third.of('b/2').state).toBe('open')
    await expect(third.of('b/2').run(succeed)).rejects.toThrow(/in 7s/)
    third.close()
  })

  it('says of what it reports whether it was heard or seen', async () => {
    say('a/1', Date.now() + 4_000)
    expect(breakers.of('a/1').state).toBe('open')
    expect(breakers.reports()).toMatchObject([{ component: 'a', instance: '1', heard: true }])
    vi.advanceTimersByTime(4_000)
    await failTimes(1, 'a/1')
    expect(breakers.reports()).toMatchObject([{ state: 'open' }])
    expect(breakers.reports()[0]).not.toHaveProperty('heard')
  })

  it('opens until the time that was said, then rests as long as ever', async () => {
    say('a/1', Date.now() + 4_000)
    expect(breakers.of('a/1').state).toBe('open')
    vi.advanceTimersByTime(4_000)
    expect(breakers.of('a/1').state).toBe('half-open')
    await failTimes(1, 'a/1')
    vi.advanceTimersByTime(4_000)
    expect(breakers.of('a/1').state).toBe('open')
    vi.advanceTimersByTime(settings.resetMs - 4_000)
    expect(breakers.of('a/1').state).toBe('half-open')
  })

  it('never rests longer than its own reset for what others say', () => {
    say('a/1', Date.now() + 3_600_000)
    expect(breakers.of('a/1').state).toBe('open')
    vi.advanceTimersByTime(settings.resetMs)
    expect(breakers.of('a/1').state).toBe('half-open')
  })

  it.each([
    ['no key', undefined, 5_000],
    ['a key that is none', 'a', 5_000],
    ['a huge key', `a/${'x'.repeat(2_000)}`, 5_000],
    ['a time that is past', 'a/1', -1],
    ['a time that nobody means', 'a/1', 1e15],
    ['no time', 'a/1', Number.NaN],
    ['a time as text', 'a/1', '5000'],
  ])('does not believe a note with %s', (_what, key, inMs) => {
    say(key, typeof inMs === 'number' ? Date.now() + inMs : inMs)
    expect(breakers.of('a/1').state).toBe('closed')
    expect(breakers.isCalm).toBe(true)
  })

  it('neither tells nor hears when sharing is turned off', async () => {
    breakers.close()
    other.close()
    expect(listeners.size).toBe(0)
    breakers = create({ shared: false })
    await failTimes(10, 'a/1')
    expect(notes).toEqual([])
    say('a/2', Date.now() + 5_000)
    expect(breakers.of('a/2').state).toBe('closed')
  })
})
