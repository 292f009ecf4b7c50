// A vendor's wire on a free port, one for each test file, and models that are asked over it as the registry makes them.
import { afterAll } from 'vitest'
import type { LanguageModel } from '../../src/contracts/model.ts'
import { createGuardedModel } from '../../src/providers/stream-guard.ts'
import type { WireModel } from '../../src/providers/wire-model.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { startRawServer } from '../support/raw-sse-server.ts'

export const clock = createManualClock()
export const server = await startRawServer()
afterAll(() => server.close())

export const guarded = (model: WireModel): LanguageModel =>
  createGuardedModel(model, clock, { idleTimeoutMs: 60_000, timeoutMs: 300_000 })

/** What the last request held. */
export const lastBody = (): Record<string, unknown> => server.requests.at(-1)?.body ?? {}
