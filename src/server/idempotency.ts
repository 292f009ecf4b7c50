// The same Idempotency-Key with the same body is the same run; with another body it is a mistake.
import { createHash } from 'node:crypto'
import { LRUCache } from 'lru-cache'
import { TuttiError } from '../contracts/errors.ts'

export interface SubmittedRun {
  readonly runId: string
}

export interface IdempotentSubmit {
  /**
   * Submits once per principal and key; callers that come meanwhile get the same run.
   * @throws TuttiError `conflict` for the same key with another body, `invalid_request` for a key that cannot be one
   */
  submit<T extends SubmittedRun>(
    ask: { principal: string; key: string; body: string },
    work: () => Promise<T>,
  ): Promise<SubmittedRun>
}

/** Kept in memory, the least recently used first out. */
const MAX_KEYS = 10_000

/** `isKnown` says whether a run is still kept: a key of a run that is gone may be used again. */
export function createIdempotentSubmit(isKnown: (runId: string) => Promise<boolean>): IdempotentSubmit {
  const submitted = new LRUCache<string, { readonly digest: string; readonly run: Promise<SubmittedRun> }>({
    max: MAX_KEYS,
  })
  return {
    async submit({ principal, key, body }, work) {
      if (!/^[\x21-\x7e]{1,255}$/.test(key))
        throw new TuttiError('invalid_request', 'The Idempotency-Key must be 1 to 255 visible ASCII characters.')
      const id = `${principal}\n${key}`
      const digest = createHash('sha256').update(body).digest('base64')
      const earlier = submitted.get(id)
      if (earlier !== undefined) {
        if (earlier.digest !== digest)
          throw new TuttiError(
            'conflict',
            `The Idempotency-Key "${key}" was used with another body. Use a new key for a new run.`,
          )
        const run = await earlier.run
        if (await isKnown(run.runId)) return run
        // Another caller may have begun anew while this one looked.
        const now = submitted.get(id)
        if (now !== undefined && now !== earlier) return await now.run
      }
      const run = work()
      const entry = { digest, run }
      submitted.set(id, entry)
      try {
        return await run
      } catch (error) {
        // A refusal is not a run: the key stays free.
        if (submitted.get(id) === entry) submitted.delete(id)
        throw error
      }
    },
  }
}
