// One step as its events tell. It keeps what is said, and makes the record of it when somebody asks: the step path writes a few
// fields and no more.
import type { StepView } from '../contracts/compiled.ts'
import type { RunEvent } from '../contracts/events.ts'
import type { JsonObject, JsonValue } from '../contracts/json.ts'
import type { PlanDocument } from '../contracts/plan.ts'
import type { AttemptRecord, RecoveryDecision, RepairRecord, StepRecord } from '../contracts/run.ts'

type EventOf<T extends RunEvent['type']> = Extract<RunEvent, { type: T }>
type Mutable<T> = { -readonly [K in keyof T]: T[K] }

export class StepFold {
  name: string
  #status: StepRecord['status'] = 'pending'
  #component: string | undefined
  #action: string | undefined
  #dependsOn: readonly string[] = []
  #startedAt: string | undefined
  #inputs: JsonValue | undefined
  /** The attempt that has not ended. */
  #open: EventOf<'attempt-start'> | undefined
  /** Those that have ended. */
  readonly #attempts: AttemptRecord[] = []
  #repairs: RepairRecord[] | undefined
  #recoveries: RecoveryDecision[] | undefined
  #isDegraded = false
  /** Of the last call. */
  #idempotencyKey = ''
  /** It began before the plan was known. */
  isEarly = false
  /** The plan went another way. */
  isSuperseded = false
  #end: EventOf<'step-end'> | undefined

  constructor(name: string) {
    this.name = name
  }

  /** What ended by itself, well or not: it is not done again. */
  get isFinished(): boolean {
    return this.isSettled && (this.#status === 'succeeded' || this.#status === 'failed')
  }

  /** How often its inputs were revised, the first ones counted; 0 when it was never called. */
  get revision(): number {
    return Number(this.#idempotencyKey.slice(this.#idempotencyKey.lastIndexOf(':') + 1))
  }

  get startedAt(): string | undefined {
    return this.#startedAt
  }

  get isSettled(): boolean {
    return this.#end !== undefined && this.#status === this.#end.status
  }

  /** What the plan says of it; who was really called is known better. */
  adopt({ component, action, capability, dependsOn }: PlanDocument['steps'][number]): void {
    this.#component ??= component
    this.#action ??= action ?? capability
    this.#dependsOn = dependsOn
  }

  start(event: EventOf<'step-start'>): void {
    this.#status = 'running'
    this.#startedAt = event.at
    // One that was skipped may come up again in a plan that was written anew.
    this.#end = undefined
    if (event.early === true) this.isEarly = true
  }

  startAttempt(event: EventOf<'attempt-start'>): void {
    if (this.#open !== undefined) this.#attempts.push(attemptRecord(this.#open, undefined))
    this.#open = event
    this.#inputs = event.inputs
    this.#idempotencyKey = event.idempotencyKey
    if (event.component !== undefined) this.#component = event.component
    if (event.action !== undefined) this.#action = event.action
  }

  endAttempt(event: EventOf<'attempt-end'>): void {
    if (this.#open === undefined) return
    this.#attempts.push(attemptRecord(this.#open, event))
    this.#open = undefined
  }

  repair({ way, reason, analysis, inputs }: EventOf<'step-repair'>): void {
    this.#repairs ??= []
    this.#repairs.push({
      way,
      reason,
      ...(analysis !== undefined && { analysis }),
      ...(inputs !== undefined && { inputs }),
    })
  }

  decide({ class: errorClass, error, options, chosen, why, next }: EventOf<'recovery'>): void {
    this.#recoveries ??= []
    this.#recoveries.push({ class: errorClass, error, options, chosen, why, ...(next !== undefined && { next }) })
  }

  recover(event: EventOf<'recovered'>): void {
    if (event.degraded === true) this.#isDegraded = true
  }

  end(event: EventOf<'step-end'>): void {
    this.#status = event.status
    this.#end = event
  }

  view(): StepView {
    const { error, output = null, response = output } = this.#end ?? {}
    return {
      status: this.#status,
      success: this.#status === 'succeeded',
      error: error === undefined ? null : ({ code: error.code, message: error.message } satisfies JsonObject),
      output,
      response,
    }
  }

  /** What is given out does not change any more. */
  record(): StepRecord {
    const end = this.#end
    const component = this.#component
    const action = this.#action
    const inputs = this.#inputs
    const startedAt = this.#startedAt
    const isPlain =
      end?.status === 'succeeded' &&
      end.output !== undefined &&
      this.#repairs === undefined &&
      this.#recoveries === undefined &&
      !this.#isDegraded &&
      !this.isEarly &&
      !this.isSuperseded
    // By far the most common one, in one piece.
    if (isPlain && component !== undefined && action !== undefined && inputs !== undefined && startedAt !== undefined)
      return {
        name: this.name,
        component,
        action,
        status: end.status,
        inputs,
        output: end.output,
        attempts: this.#attemptsSoFar(),
        dependsOn: this.#dependsOn,
        startedAt,
        endedAt: end.at,
        durationMs: end.durationMs,
      }
    return this.#fullRecord()
  }

  #fullRecord(): StepRecord {
    const record: Mutable<StepRecord> = {
      name: this.name,
      status: this.#status,
      attempts: this.#attemptsSoFar(),
      dependsOn: this.#dependsOn,
    }
    if (this.#component !== undefined) record.component = this.#component
    if (this.#action !== undefined) record.action = this.#action
    if (this.#startedAt !== undefined) record.startedAt = this.#startedAt
    if (this.#inputs !== undefined) record.inputs = this.#inputs
    if (this.#repairs !== undefined) record.repairs = this.#repairs.slice()
    if (this.#recoveries !== undefined) record.recoveries = this.#recoveries.slice()
    if (this.#isDegraded) record.degraded = true
    if (this.isEarly) record.early = true
    if (this.isSuperseded) record.superseded = true
    const end = this.#end
    if (end === undefined) return record
    if (end.output !== undefined) record.output = end.output
    if (end.error !== undefined) record.error = end.error
    if (end.skipReason !== undefined) record.skipReason = end.skipReason
    record.endedAt = end.at
    record.durationMs = end.durationMs
    return record
  }

  /** Attempts that have ended are shared; of a step that has ended, the list too. */
  #attemptsSoFar(): readonly AttemptRecord[] {
    if (this.#open !== undefined) return [...this.#attempts, attemptRecord(this.#open, undefined)]
    return this.isSettled ? this.#attempts : this.#attempts.slice()
  }
}

function attemptRecord(begun: EventOf<'attempt-start'>, ended: EventOf<'attempt-end'> | undefined): AttemptRecord {
  const { attempt: n, component, action, instance, inputs, at: startedAt } = begun
  if (
    component !== undefined &&
    action !== undefined &&
    instance !== undefined &&
    ended !== undefined &&
    ended.error === undefined
  ) {
    const { status, durationMs } = ended
    return { n, component, action, instance, inputs, status, startedAt, durationMs }
  }
  const record: Mutable<AttemptRecord> = { n, inputs, status: ended?.status ?? 'running', startedAt }
  if (component !== undefined) record.component = component
  if (action !== undefined) record.action = action
  if (instance !== undefined) record.instance = instance
  if (ended?.error !== undefined) record.error = ended.error
  if (ended !== undefined) record.durationMs = ended.durationMs
  return record
}
