// What recovery decided, in the few words that fit behind a step.
import type { RunEvent } from '../../contracts/events.ts'
import type { RecoveryWay } from '../../contracts/run.ts'
import { showDuration } from './text.ts'

type Recovery = Extract<RunEvent, { type: 'recovery' }>

/** `503`, `timeout`, `breaker open`. */
function causeOf({ error }: Recovery): string {
  const status = error.details?.['status']
  return typeof status === 'number' ? String(status) : error.code.replace(/^component_/, '').replaceAll('_', ' ')
}

const WORDS: Readonly<Record<RecoveryWay, (cause: string, what: string, waitMs: number) => string>> = {
  retry: (cause, _what, waitMs) => `${cause}, again ${waitMs > 0 ? `in ${showDuration(waitMs)}` : 'at once'}`,
  refresh: (cause) => `${cause}, looking where it is now`,
  credentials: (cause) => `${cause}, with new credentials`,
  're-resolve': (cause) => `${cause}, correcting the inputs`,
  fallback: (cause, what) => `${cause} ⇄ ${what} stands in`,
  equivalent: (cause, what) => `${cause} ⇄ ${what} stands in`,
  // The end of the step says why.
  'give-up': () => '',
}

/** Empty when there is nothing more to say than that the step failed. */
export function describeRecovery(event: Recovery): string {
  const option = event.options.find(({ way, feasible }) => feasible && way === event.chosen)
  return WORDS[event.chosen](causeOf(event), option?.what ?? 'another', option?.waitMs ?? 0)
}
