// What leaves the process is snake_case; user data (inputs, outputs, error details) is never renamed.
import type { ErrorInfo } from '../contracts/errors.ts'
import type { RunEvent } from '../contracts/events.ts'
import type { JsonObject, JsonValue } from '../contracts/json.ts'
import type { Issue } from '../contracts/plan.ts'
import type {
  AttemptRecord,
  BudgetReport,
  PlanRevision,
  RecoveryDecision,
  RecoveryOption,
  Response,
  RunSummary,
  StepRecord,
} from '../contracts/run.ts'
import { documentToWire } from '../plan/document.ts'
import { isLarge, referTo } from '../util/large-value.ts'
import { toSnakeCase } from '../util/snake-case.ts'
import { type Exchange, exchangeValues } from './large-values.ts'

/** Renames the keys of one flat record of ours; values whose key is in `convert` pass through it. */
function rename(record: object, convert: Readonly<Record<string, (value: never) => unknown>> = {}): JsonObject {
  const out: Record<string, JsonValue> = {}
  for (const [key, value] of Object.entries(record)) {
    if (value === undefined) continue
    const change = Object.hasOwn(convert, key) ? convert[key] : undefined
    out[toSnakeCase(key)] = (change === undefined ? value : change(value as never)) as JsonValue
  }
  return out
}

export const errorToWire = (error: ErrorInfo): JsonObject => rename(error)
export const issueToWire = (issue: Issue): JsonObject => rename(issue)
export const summaryToWire = (summary: RunSummary): JsonObject => rename(summary)

const errorsToWire = (errors: readonly ErrorInfo[]): JsonObject[] => errors.map(errorToWire)
const issuesToWire = (issues: readonly Issue[]): JsonObject[] => issues.map(issueToWire)
const attemptToWire = (attempt: AttemptRecord): JsonObject => rename(attempt, { error: errorToWire })
const optionsToWire = (options: readonly RecoveryOption[]): JsonObject[] => options.map((option) => rename(option))
const decisionToWire = (decision: RecoveryDecision): JsonObject =>
  rename(decision, { error: errorToWire, options: optionsToWire })
const stepToWire = (step: StepRecord): JsonObject =>
  rename(step, {
    error: errorToWire,
    attempts: (list: readonly AttemptRecord[]) => list.map(attemptToWire),
    repairs: (list: readonly object[]) => list.map((r) => rename(r)),
    recoveries: (list: readonly RecoveryDecision[]) => list.map(decisionToWire),
  })
const usageToWire = (usage: Response['usage']): JsonObject =>
  rename(usage, {
    byPurpose: (by: Response['usage']['byPurpose']) =>
      Object.fromEntries(Object.entries(by).map(([purpose, u]) => [purpose, rename(u)])),
  })

const revisionToWire = (revision: PlanRevision): JsonObject => rename(revision, { document: documentToWire })

const budgetToWire = (budget: BudgetReport): JsonObject =>
  rename(budget, { limits: rename, used: rename, exceeded: toSnakeCase })

/** What `GET /runs/{id}` and `--json` show. */
export function responseToWire(response: Response): JsonObject {
  return rename(response, {
    plan: (plan: Response['plan']) => (plan === null ? null : documentToWire(plan)),
    revisions: (revisions: readonly PlanRevision[]) => revisions.map(revisionToWire),
    steps: (steps: readonly StepRecord[]) => steps.map(stepToWire),
    usage: usageToWire,
    timings: rename,
    budget: budgetToWire,
    errors: errorsToWire,
  })
}

const SHORTEN: Exchange = { wants: (value) => isLarge(value), give: (value, place) => referTo(place, value) }

/**
 * One event as it stands on SSE and in JSON lines. A value over 64 KB stands as `{"$ref", "bytes", "digest"}`: who wants the whole
 * of it reads the run, or the output of the step. The response in `run-end` is whole.
 */
export function eventToWire(given: RunEvent): JsonObject {
  const event = given.type === 'run-end' ? given : exchangeValues(given, SHORTEN)
  return rename(event, {
    error: errorToWire,
    issues: issuesToWire,
    document: documentToWire,
    usage: rename,
    options: optionsToWire,
    ...(event.type === 'run-end' && { response: responseToWire }),
    ...(event.type === 'budget-exceeded' && { kind: toSnakeCase }),
  })
}
