import { describe, expect, it } from 'vitest'
import { raceAbort, whenAborted } from '../../src/util/abort.ts'

describe('whenAborted', () => {
  it('calls back at the abort, each listener once', () => {
    const abort = new AbortController()
    const heard: string[] = []
    whenAborted(abort.signal, () => heard.push('a'))
    whenAborted(abort.signal, () => heard.push('b'))
    abort.abort()
    abort.abort()
    expect(heard).toEqual(['a', 'b'])
  })
  it('calls back at once when the abort was earlier', () => {
    let isHeard = false
    whenAborted(AbortSignal.abort(), () => {
      isHeard = true
    })
    expect(isHeard).toBe(true)
  })
  it('is silent after it was ended', () => {
    const abort = new AbortController()
    const heard: string[] = []
    const ignore = whenAborted(abort.signal, () => heard.push('a'))
    whenAborted(abort.signal, () => heard.push('b'))
    ignore()
    abort.abort()
    expect(heard).toEqual(['b'])
  })
})

describe('raceAbort', () => {
  it('gives what the promise gives, or throws the reason of the abort', async () => {
    expect(await raceAbort(Promise.resolve(1), new AbortController().signal)).toBe(1)
    const never = new Promise(() => undefined)
    await expect(raceAbort(never, AbortSignal.abort('enough'))).rejects.toMatchObject({ code: 'cancelled' })
  })
})
