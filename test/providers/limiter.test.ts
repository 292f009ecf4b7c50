import { describe, expect, it } from 'vitest'
import { TuttiError } from '../../src/contracts/errors.ts'
import { createLimiter } from '../../src/providers/limiter.ts'

const never = new AbortController().signal

describe('createLimiter', () => {
  it('gives at most its number of places, and passes a freed one to who waits longest', async () => {
    const limiter = createLimiter(2)
    const order: string[] = []
    const first = await limiter.acquire(never)
    const second = await limiter.acquire(never)
    const third = limiter.acquire(never).then(() => order.push('third'))
    const fourth = limiter.acquire(never).then(() => order.push('fourth'))
    expect([limiter.inUse, limiter.waiting]).toEqual([2, 2])
    first()
    await third
    expect(order).toEqual(['third'])
    second()
    await fourth
    expect(order).toEqual(['third', 'fourth'])
    expect([limiter.inUse, limiter.waiting]).toEqual([2, 0])
  })

  it('counts a place once, however often it is given back', async () => {
    const limiter = createLimiter(2)
    const release = await limiter.acquire(never)
    await limiter.acquire(never)
    release()
    release()
    expect(limiter.inUse).toBe(1)
  })

  it('lets nobody overtake who waits', async () => {
    const limiter = createLimiter(1)
    const release = await limiter.acquire(never)
    const order: string[] = []
    const waiting = limiter.acquire(never).then(() => order.push('who waited'))
    release()
    const late = limiter.acquire(never).then(() => order.push('who came later'))
    await waiting
    expect([order, limiter.inUse, limiter.waiting]).toEqual([['who waited'], 1, 1])
    void late
  })

  it('lets go of who is cancelled while waiting, at once, and keeps the order of the others (B60)', async () => {
    const limiter = createLimiter(1)
    const release = await limiter.acquire(never)
    const controller = new AbortController()
    const givenUp = limiter.acquire(controller.signal)
    const next = limiter.acquire(never)
    controller.abort(new Error('stop'))
    await expect(givenUp).rejects.toSatisfy((error) => error instanceof TuttiError && error.code === 'cancelled')
    expect(limiter.waiting).toBe(1)
    release()
    await next
    expect([limiter.inUse, limiter.waiting]).toEqual([1, 0])
  })

  it('takes no place for who was cancelled before asking', async () => {
    const limiter = createLimiter(1)
    await expect(limiter.acquire(AbortSignal.abort())).rejects.toThrow('cancelled')
    expect(limiter.inUse).toBe(0)
  })

  it('has one place at least', async () => {
    const limiter = createLimiter(0)
    await limiter.acquire(never)
    void limiter.acquire(never)
    expect([limiter.inUse, limiter.waiting]).toEqual([1, 1])
  })

  it('says why the wait ended, and leaves nothing on the signal of who got a place', async () => {
    const limiter = createLimiter(1)
    const reason = new Error('stop')
    await expect(limiter.acquire(AbortSignal.abort(reason))).rejects.toMatchObject({ cause: reason })
    const release = await limiter.acquire(never)
    const controller = new AbortController()
    const next = limiter.acquire(controller.signal)
    release()
    const releaseNext = await next
    controller.abort()
    expect(limiter.inUse).toBe(1)
    releaseNext()
    expect(limiter.inUse).toBe(0)
  })
})
