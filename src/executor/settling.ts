// Whether a step runs, once all its dependencies have settled, and how long it may take in all.
import { ABSENT, type CompiledStep, type Scope } from '../contracts/compiled.ts'
import { TuttiError, toTuttiError } from '../contracts/errors.ts'
import type { StepContext } from '../contracts/executor.ts'
import type { Logger } from '../contracts/parts.ts'
import type { SkipReason } from '../contracts/run.ts'
import { createAbsentError } from '../plan/scope-path.ts'
import { formatDuration } from '../util/duration.ts'
import { stringifyJson } from '../util/json.ts'
import { truncateText } from '../util/text.ts'
import { BROKEN, BYPASSED } from './run-state.ts'

/** Why the dependencies keep the step from running; undefined when they do not. Looks at its own edges only. */
export function blockedBy(step: CompiledStep, settlements: Uint8Array): SkipReason | undefined {
  const { dependencies, guarded } = step
  let bypassed = 0
  for (const dependency of dependencies) {
    const settlement = settlements[dependency]
    // A dependency that the `if` asks about is the business of the `if` alone.
    if (settlement === BROKEN && !guarded.has(dependency)) return 'dependency-failed'
    if (settlement === BYPASSED && !guarded.has(dependency)) bypassed++
  }
  return bypassed > 0 && bypassed === dependencies.length ? 'dependency-skipped' : undefined
}

/** @throws TuttiError `expression_failed` when the condition gives anything but true or false */
export function isWanted(step: CompiledStep, scope: Scope): boolean {
  const { condition, name } = step
  if (condition === undefined) return true
  const value = condition.evaluate(scope)
  if (typeof value === 'boolean') return value
  const [reference] = condition.references
  if (value === ABSENT && reference !== undefined) {
    const { message, details } = createAbsentError(reference, scope)
    throw new TuttiError('expression_failed', `The "if" of step "${name}": ${message} Ask with has() first.`, {
      details,
    })
  }
  const given = value === ABSENT ? 'something that is not there' : truncateText(stringifyJson(value), 80)
  throw new TuttiError(
    'expression_failed',
    `The "if" of step "${name}" gives ${given}; true or false is wanted. Compare it, for example with == or has().`,
  )
}

/** Whether a step that has succeeded says that the rest of the plan should be thought over. An error in that counts as no. */
export function isToReplan(
  { compiled, run, scope }: Pick<StepContext, 'run' | 'scope'> & { readonly compiled: CompiledStep },
  log: Logger,
): boolean {
  if (run.replan === undefined || compiled.replanIf === undefined) return false
  try {
    return compiled.replanIf.evaluate(scope) === true
  } catch (thrown) {
    const error = toTuttiError(thrown).message
    log.warn(`The "replan_if" of step "${compiled.name}" failed and counts as false.`, { runId: run.runId, error })
    return false
  }
}

interface StepLimit {
  readonly key: 'deadline' | 'timeout'
  readonly ms: number
}

/** `deadline` bounds the whole step; kinds without attempts take `timeout` for the same; the others bound each attempt with it. */
export function limitOf({ step }: CompiledStep): StepLimit | undefined {
  const { type, deadlineMs, timeoutMs } = step
  const isWhole = timeoutMs !== undefined && type !== 'call' && type !== 'ai-generate'
  if (isWhole && timeoutMs < (deadlineMs ?? Infinity)) return { key: 'timeout', ms: timeoutMs }
  return deadlineMs === undefined ? undefined : { key: 'deadline', ms: deadlineMs }
}

export function limitPassed({ name }: CompiledStep, { key, ms }: StepLimit): TuttiError {
  return new TuttiError(
    'deadline_exceeded',
    `Step "${name}" was not done within its ${key} of ${formatDuration(ms)}, which includes queueing, retries and recovery. Raise it, or ask what took so long.`,
    { details: { [`${key}_ms`]: ms } },
  )
}
