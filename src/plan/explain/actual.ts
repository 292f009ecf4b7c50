// What happened, beside what was to be expected: per step and in all, with the differences that matter in words.
import type { Explanation, RunActual, StepActual, StepExplanation, StepHistory } from '../../contracts/explanation.ts'
import type { Response, StepRecord } from '../../contracts/run.ts'
import { nameKey } from '../../util/name-key.ts'
import { inTime } from './words.ts'

/** Records by step name, without those of earlier revisions of the plan. */
export const recordsOf = ({ steps }: Pick<Response, 'steps'>): ReadonlyMap<string, StepRecord> =>
  new Map(steps.filter(({ superseded }) => superseded !== true).map((record) => [record.name, record]))

/** History as it was without what the calls of this run taught, so that a run is not measured by itself. */
export function withoutRun(history: StepHistory, { steps }: Pick<Response, 'steps'>): StepHistory {
  const taken = new Map<string, number[]>()
  for (const { attempts } of steps)
    for (const { component, action, status, durationMs } of attempts) {
      if (status !== 'succeeded' || durationMs === undefined) continue
      const key = nameKey(`${component ?? ''}/${action ?? ''}`)
      const times = taken.get(key)
      if (times === undefined) taken.set(key, [durationMs])
      else times.push(durationMs)
    }
  return {
    historyOf: (component, action) =>
      history.historyOf(component, action, taken.get(nameKey(`${component}/${action}`))),
    historyOfType: (type) => history.historyOfType(type),
  }
}

const at = (time: string | undefined): number => (time === undefined ? Number.NaN : Date.parse(time))

/** What stands at the beginning waits for nothing that is known: it counts from its start. */
const earliest = (readyAt: number, startedAt: number): number =>
  Number.isNaN(readyAt) ? startedAt : Math.min(readyAt, startedAt)

/** @param readyAt when all that it depends on had ended, ms since the epoch; NaN when that is not known */
export function actualOf(record: StepRecord, readyAt: number): StepActual {
  const { status, durationMs, attempts, startedAt, endedAt } = record
  const atWork = attempts.reduce((sum, attempt) => sum + (attempt.durationMs ?? 0), 0)
  const hasRun = startedAt !== undefined && endedAt !== undefined
  const waitedMs = hasRun && attempts.length > 0 ? at(endedAt) - earliest(readyAt, at(startedAt)) - atWork : Number.NaN
  return {
    status,
    ...(durationMs !== undefined && hasRun && { durationMs }),
    attempts: attempts.length,
    ...(Number.isFinite(waitedMs) && { waitedMs: Math.max(0, waitedMs) }),
  }
}

/** When the last of the dependencies had ended. */
export function readyAtOf(dependsOn: readonly string[], records: ReadonlyMap<string, StepRecord>): number {
  let last = Number.NaN
  for (const name of dependsOn) {
    const ended = at(records.get(name)?.endedAt)
    if (!(ended <= last)) last = ended
  }
  return last
}

const PLANNING: ReadonlySet<string> = new Set(['plan', 'plan-repair', 'select'])
/** Smaller differences are noise, ms. */
const NOTEWORTHY_MS = 50
const MAX_STEPS = 5

export function actualOfRun(
  run: Response,
  expected: Pick<Explanation, 'expectedMs' | 'modelCalls'>,
  steps: readonly StepExplanation[],
): RunActual {
  const { executionMs, totalMs } = run.timings
  const modelCalls = Object.entries(run.usage.byPurpose).reduce(
    (sum, [purpose, usage]) => sum + (PLANNING.has(purpose) ? 0 : usage.modelCalls),
    0,
  )
  const drift: string[] = []
  const { expectedMs } = expected
  const isOff = expectedMs !== undefined && differs(executionMs, expectedMs)
  if (isOff) drift.push(`The steps took ${inTime(executionMs)}; ${compare(executionMs, expectedMs)}.`)
  if (modelCalls > expected.modelCalls.high)
    drift.push(`${modelCalls} model calls were made; at most ${expected.modelCalls.high} were expected.`)
  drift.push(...driftOfSteps(steps))
  return { runId: run.runId, status: run.status, executionMs, totalMs, modelCalls, drift }
}

type Expected = NonNullable<Explanation['expectedMs']>

const differs = (ms: number, { low, high }: Expected): boolean =>
  ms > high + Math.max(NOTEWORTHY_MS, high * 0.25) || ms < low - Math.max(NOTEWORTHY_MS, low * 0.25)

const compare = (ms: number, { low, typical, high }: Expected): string =>
  `${ms > typical ? 'slower' : 'quicker'} than expected (${inTime(low)} to ${inTime(high)})`

function driftOfSteps(steps: readonly StepExplanation[]): string[] {
  const found: { readonly text: string; readonly weight: number }[] = []
  for (const { name, expectedMs, actual } of steps) {
    if (actual === undefined) continue
    const { durationMs, attempts, waitedMs = 0, status } = actual
    if (status === 'failed') found.push({ text: `"${name}" failed.`, weight: Number.POSITIVE_INFINITY })
    if (durationMs === undefined || expectedMs === undefined || !differs(durationMs, expectedMs)) continue
    const why = [
      attempts > 1 ? `${attempts} attempts` : '',
      waitedMs > NOTEWORTHY_MS ? `${inTime(waitedMs)} of it waiting` : '',
    ].filter((part) => part !== '')
    const because = why.length === 0 ? '' : ` (${why.join(', ')})`
    found.push({
      text: `"${name}" took ${inTime(durationMs)}${because}; ${compare(durationMs, expectedMs)}.`,
      weight: Math.abs(durationMs - expectedMs.typical),
    })
  }
  const sorted = found.sort((a, b) => b.weight - a.weight)
  const rest = sorted.length - MAX_STEPS
  const texts = sorted.slice(0, MAX_STEPS).map(({ text }) => text)
  return rest > 0 ? [...texts, `${rest} more steps went otherwise than expected.`] : texts
}
