// A step that waits, for some time, until a moment, or until something is so. It holds no place of the run, and ends at once when the run does.
import { ABSENT, type CompiledStep, type Scope } from '../../contracts/compiled.ts'
import { TuttiError } from '../../contracts/errors.ts'
import type { StepContext, StepHandler } from '../../contracts/executor.ts'
import type { Clock } from '../../contracts/parts.ts'
import { formatDuration } from '../../util/duration.ts'
import { stringifyJson } from '../../util/json.ts'

/** How often a condition is looked at. */
const LOOK_MS = 250

export function createWaitHandler(clock: Clock): StepHandler {
  const untilTrue = async (
    compiled: CompiledStep,
    text: string,
    holds: boolean,
    { scope, signal }: Pick<StepContext, 'scope' | 'signal'>,
  ): Promise<{ output: null }> => {
    const { wait } = compiled.step
    const timeoutMs = (wait !== undefined && 'until' in wait ? wait.timeoutMs : undefined) ?? Infinity
    const end = clock.now() + timeoutMs
    for (let isMet: number | boolean = holds; isMet !== true; isMet = aimOf(compiled, text, scope)) {
      const leftMs = end - clock.now()
      if (leftMs <= 0) {
        throw new TuttiError(
          'deadline_exceeded',
          `Step "${compiled.name}" waited ${formatDuration(timeoutMs)} for ${text}, which did not become true. Raise the timeout.`,
        )
      }
      await clock.sleep(Math.min(LOOK_MS, leftMs), signal)
    }
    return { output: null }
  }
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
      const aim = aimOf(compiled, wait.until, scope)
      if (typeof aim === 'boolean') return await untilTrue(compiled, wait.until, aim, { scope, signal })
      const delayMs = aim - clock.now()
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

/** A moment in ms, or whether the condition holds now. */
function aimOf({ name, until }: CompiledStep, text: string, scope: Scope): number | boolean {
  const value = until === undefined ? text : until.evaluate(scope)
  if (typeof value === 'boolean') return value
  const moment = typeof value === 'number' ? value : typeof value === 'string' ? Date.parse(value) : Number.NaN
  if (Number.isFinite(moment)) return moment
  const given = value === ABSENT ? 'nothing' : stringifyJson(value)
  throw new TuttiError(
    'expression_failed',
    `"until" of step "${name}" gives ${given}; an ISO 8601 time such as 2026-01-31T12:00:00Z is wanted, or a condition that becomes true.`,
  )
}
