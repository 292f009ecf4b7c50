import { describe, expect, it } from 'vitest'
import type { RateLimitSpec } from '../../src/contracts/policy.ts'
import { createLeasedBucket } from '../../src/resilience/leased-bucket.ts'
import { createTokenBucket } from '../../src/resilience/token-bucket.ts'
import { createManualClock } from '../support/manual-clock.ts'

/** `answer` says what the shared place gives; each ask is settled by `settle`. */
function open(spec: RateLimitSpec = { requests: 100, perMs: 1_000, burst: 40 }) {
  const clock = createManualClock()
  const own = createTokenBucket(spec, () => clock.now())
  const asked: number[] = []
  const pending: PromiseWithResolvers<{ granted: number; retryInMs: number }>[] = []
  let changes = 0
  const bucket = createLeasedBucket({
    name: 'rates',
    spec,
    clock,
    own,
    coordination: {
      takeTokens(_name, _spec, wanted) {
        asked.push(wanted)
        const answer = Promise.withResolvers<{ granted: number; retryInMs: number }>()
        pending.push(answer)
        return answer.promise
      },
    },
    onChange: () => changes++,
  })
  const settled = async (act: (answer: PromiseWithResolvers<{ granted: number; retryInMs: number }>) => void) => {
    const answer = pending.shift()
    if (answer === undefined) throw new Error('nobody asks')
    act(answer)
    await clock.advance(0)
  }
  return {
    bucket,
    clock,
    own,
    asked,
    pending,
    changes: () => changes,
    grant: (granted: number, retryInMs = 0) => settled((answer) => answer.resolve({ granted, retryInMs })),
    lose: () => settled((answer) => answer.reject(new Error('away'))),
  }
}

describe('a leased bucket', () => {
  it('asks once for what is wanted, says "soon" until the answer is there, and tells when it is', async () => {
    const { bucket, asked, grant, changes, own } = open()
    expect([bucket.tryTake(1), bucket.tryTake(1), asked, changes()]).toEqual([5, 5, [1], 0])
    await grant(1)
    expect([changes(), own.taken]).toEqual([1, 0])
    expect([bucket.tryTake(1), own.taken]).toEqual([0, 1])
    expect([bucket.tryTake(1), asked.length]).toEqual([5, 2])
  })

  it('asks for as many as are wanted at once, less what it has', async () => {
    const { bucket, asked, grant } = open()
    bucket.tryTake(7)
    await grant(7)
    expect([asked, bucket.tryTake(7)]).toEqual([[7], 0])
    bucket.giveBack(3)
    expect(bucket.tryTake(9)).toBe(5)
    expect(asked).toEqual([7, 6])
    await grant(6)
    expect(bucket.tryTake(9)).toBe(0)
  })

  it('leases twice as many each time they are used up within a second, up to a tenth of the burst', async () => {
    const { bucket, asked, grant, clock } = open()
    const useUp = async (): Promise<void> => {
      await grant(asked.at(-1) ?? 0)
      while (bucket.tryTake(1) === 0);
    }
    bucket.tryTake(1)
    for (let i = 0; i < 4; i++) await useUp()
    expect(asked).toEqual([1, 2, 4, 4, 4])
    await grant(4)
    while (bucket.tryTake(1) === 0);
    await grant(4)
    await clock.advance(1_001)
    expect(bucket.tryTake(1), 'these were meant for a rush that is over').toBe(5)
    expect(asked.at(-1)).toBe(1)
  })

  it('leases one at a time when the last one was asked for a second ago', async () => {
    const { bucket, asked, grant, clock } = open()
    bucket.tryTake(1)
    await grant(1)
    await clock.advance(1_000)
    expect([bucket.tryTake(1), bucket.tryTake(1)]).toEqual([0, 5])
    await grant(1)
    await clock.advance(999)
    expect([bucket.tryTake(1), bucket.tryTake(1)]).toEqual([0, 5])
    expect(asked).toEqual([1, 1, 2])
  })

  it('keeps what nobody wants for a second, not longer', async () => {
    const { bucket, asked, grant, clock } = open()
    bucket.tryTake(3)
    await grant(3)
    await clock.advance(1_000)
    expect(bucket.tryTake(1)).toBe(0)
    await clock.advance(1_001)
    expect([bucket.tryTake(1), asked]).toEqual([5, [3, 1]])
  })

  it('asks for the next lease before this one is used up, and not while it is told to wait', async () => {
    const { bucket, asked, grant, clock } = open()
    bucket.tryTake(1)
    await grant(1)
    bucket.tryTake(1)
    bucket.tryTake(1)
    await grant(2)
    while (bucket.tryTake(1) === 0);
    await grant(4)
    expect(asked, 'the next one is asked for ahead').toEqual([1, 2, 4])
    bucket.tryTake(1)
    bucket.tryTake(1)
    expect(asked, 'half of it is left').toHaveLength(3)
    expect([bucket.tryTake(1), asked]).toEqual([0, [1, 2, 4, 4]])
    expect([bucket.tryTake(1), asked.length], 'one question at a time').toEqual([0, 4])
    await grant(3, 50)
    expect([bucket.tryTake(1), bucket.tryTake(1), asked.length]).toEqual([0, 0, 4])
    await clock.advance(50)
    expect([bucket.tryTake(1), asked.length]).toEqual([0, 5])
  })

  it('waits as long as it is told when there are none, and at least a millisecond', async () => {
    const { bucket, asked, grant, clock } = open()
    bucket.tryTake(1)
    await grant(0, 30)
    expect(bucket.tryTake(1)).toBe(30)
    await clock.advance(29)
    expect([bucket.tryTake(1), asked.length]).toEqual([1, 1])
    await clock.advance(1)
    expect([bucket.tryTake(1), asked.length]).toEqual([5, 2])
    await grant(0, 0)
    expect(bucket.tryTake(1)).toBe(1)
  })

  it('counts by itself while the shared place is away, and asks for one token once a second', async () => {
    const { bucket, asked, lose, grant, clock, changes } = open({ requests: 2, perMs: 1_000 })
    bucket.tryTake(1)
    await lose()
    expect(changes()).toBe(1)
    expect([bucket.tryTake(1), bucket.tryTake(1), bucket.tryTake(1)]).toEqual([0, 0, 500])
    await clock.advance(999)
    expect(asked).toHaveLength(1)
    expect(bucket.tryTake(1)).toBe(0)
    await clock.advance(1)
    expect([bucket.tryTake(2), asked, bucket.tryTake(2), asked.length]).toEqual([500, [1, 1], 500, 2])
    await lose()
    expect(bucket.tryTake(1), 'the way back takes as long again').toBe(0)
    expect(asked).toHaveLength(2)
    await clock.advance(1_000)
    bucket.tryTake(1)
    await grant(1)
    expect([bucket.tryTake(1), bucket.tryTake(1), asked.length]).toEqual([0, 5, 4])
  })

  it('loses its lease when the shared place goes away, and what is given back meanwhile goes to its own count only', async () => {
    const { bucket, lose, grant, clock, asked, own } = open()
    bucket.tryTake(2)
    await grant(2)
    expect(bucket.tryTake(3)).toBe(5)
    await lose()
    bucket.tryTake(5)
    expect(own.taken).toBe(5)
    bucket.giveBack(2)
    expect(own.taken).toBe(3)
    await clock.advance(1_000)
    bucket.tryTake(1)
    await grant(0, 40)
    expect(bucket.tryTake(1)).toBe(40)
    expect(asked).toEqual([2, 2, 1])
  })

  it('owes what was used beyond what was asked for, however long nobody asks', async () => {
    const { bucket, asked, grant, clock } = open()
    bucket.tryTake(1)
    await grant(1)
    bucket.tryTake(1)
    bucket.giveBack(-3)
    await clock.advance(5_000)
    expect(bucket.tryTake(1)).toBe(5)
    expect(asked).toEqual([1, 4])
  })
})
