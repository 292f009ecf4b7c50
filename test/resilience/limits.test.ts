import { describe, expect, it } from 'vitest'
import { TuttiError } from '../../src/contracts/errors.ts'
import { createLimiter } from '../../src/resilience/limits.ts'

const never = new AbortController().signal

describe('createLimiter', () => {
  it('gives at most its number of places, and passes a freed one to who waits longest', async () => {
    const limiter = createLimiter(2)
    const order: string[] = []
    const first = await limiter.acquire(never)
    await limiter.acquire(never)
    const third = limiter.acquire(never).then(() => order.push('third'))
    const fourth = limiter.acquire(never).then(() => order.push('fourth'))
    expect([limiter.inUse, limiter.waiting]).toEqual([2, 2])
    first()
    await third
    expect(order).toEqual(['third'])
    limiter.release()
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
    const waiting = limiter.acquire(never)
    expect(limiter.tryAcquire()).toBe(false)
    release()
    expect(limiter.tryAcquire()).toBe(false)
    await waiting
    expect(limiter.inUse).toBe(1)
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
})
