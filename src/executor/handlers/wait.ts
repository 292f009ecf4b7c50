// A step that waits, for some time or until a moment. It holds no place of the run, and ends at once when the run does.
import { ABSENT, type CompiledStep, type Scope } from '../../contracts/compiled.ts'
import { TuttiError } from '../../contracts/errors.ts'
import type { Clock, StepHandler } from '../../contracts/parts.ts'
import { formatDuration } from '../../util/duration.ts'
import { stringifyJson } from '../../util/json.ts'

export function createWaitHandler(clock: Clock): StepHandler {
  return {
    type: 'wait',
    async run(compiled, { scope, signal }) {
      const { wait } = compiled.step
      if (wait === undefined)
        throw new TuttiError('invalid_document', `Step "${compiled.name}" does not say how long it waits.`)
      if ('forMs' in wait) {
        await clock.sleep(wait.forMs, signal)
        return { output: null }
      }
      const delayMs = momentOf(compiled, wait.until, scope) - clock.now()
      if (wait.timeoutMs !== undefined && delayMs > wait.timeoutMs) {
        await clock.sleep(wait.timeoutMs, signal)
        throw new TuttiError(
          'deadline_exceeded',
          `Step "${compiled.name}" waits until ${wait.until}, which is later than its timeout of ${formatDuration(wait.timeoutMs)}. Raise the timeout.`,
        )
      }
      // A moment that has passed needs no waiting.
      if (delayMs > 0) await clock.sleep(delayMs, signal)
      return { output: null }
    },
  }
}

function momentOf({ name, until }: CompiledStep, text: string, scope: Scope): number {
  const value = until === undefined ? text : until.evaluate(scope)
  const moment = typeof value === 'number' ? value : typeof value === 'string' ? Date.parse(value) : Number.NaN
  if (Number.isFinite(moment)) return moment
  const given = value === ABSENT ? 'nothing' : stringifyJson(value)
  throw new TuttiError(
    'expression_failed',
    `"until" of step "${name}" gives ${given}; an ISO 8601 time such as 2026-01-31T12:00:00Z is wanted.`,
  )
}
