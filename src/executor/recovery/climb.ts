// One failed step on the ladder of recovery: what has failed, what was tried, and who is asked now. The rungs read it, and
// change it when they are taken.
import { errorClassOf, TuttiError } from '../../contracts/errors.ts'
import type { JsonObject } from '../../contracts/json.ts'
import type { RecoveryPolicy } from '../../contracts/policy.ts'
import type { RecoveryOption, RecoveryWay } from '../../contracts/run.ts'
import type { ErrorFacts } from '../../plan/expression.ts'
import { nameKey } from '../../util/name-key.ts'
import type { Failure } from '../call-bound.ts'
import type { CallTarget } from '../call-target.ts'
import type { CallParts } from '../executor-parts.ts'
import type { Outcome } from '../outcome.ts'
import { type RepeatPolicy, recoveryOf, repeatPolicy } from '../policies.ts'
import type { StepExecution } from '../step-execution.ts'
import { explain, isLost } from './lost.ts'
import type { Tried } from './re-resolve-prompt.ts'

/** What a rung can do about a failure, and what it takes. */
export interface Way {
  readonly option: RecoveryOption
  /** The same way is there once more when this time fails. */
  readonly again?: boolean
  /** @returns undefined when it came to nothing and the failure stands as it was */
  take(): Promise<Outcome | Failure | undefined>
}

/** `consider` only looks. A rung that cannot concern the failure gives nothing. */
export interface Rung {
  consider(climb: Climb): readonly Way[]
}

const NO_POLICY: RecoveryPolicy = {}

export class Climb {
  readonly execution: StepExecution
  readonly parts: CallParts
  /** What failed last, explained. */
  failure: Failure
  /** What failed last at the target that the plan names. */
  planned: Failure
  /** Whether a request may have taken effect without an answer, where that matters. */
  isOutcomeOpen = false
  /** Whether that was a call of which nobody has said that it may be made twice. */
  isRepeatRisky = false
  /** Whether somebody else is asked by now. */
  isStandIn = false
  /** Who is asked now. */
  serving: CallTarget | undefined
  /** Whether what stands in is less than what was asked for. */
  isDegraded = false
  /** Calls with the present inputs at the present target. */
  calls = 0
  /** The last answer of the present target, for when its breaker opens. */
  #lastAnswer: TuttiError | undefined
  /** Inputs that failed at the present target, in order. */
  tried: Tried[] = []
  correctionsLeft: number
  /** Why no (further) correction is made. */
  uncorrectable: string | undefined
  wasRepeatedUnchanged = false
  wasRefreshed = false
  wereCredentialsRefreshed = false
  readonly usedFallbacks = new Set<unknown>()
  readonly usedEquivalents = new Set<string>()
  /** What those said that stood in and failed. */
  readonly standInFailures: string[] = []
  /** Components that could not serve the step, by the key of their name. */
  readonly #left = new Set<string>()
  /** In the order of their first use. */
  readonly ways = new Set<RecoveryWay>()

  constructor(execution: StepExecution, failure: Failure, parts: CallParts) {
    this.execution = execution
    this.parts = parts
    this.failure = failure
    this.planned = failure
    this.correctionsLeft = parts.settings.recovery.semanticAttempts
    this.note(failure)
  }

  get target(): CallTarget | undefined {
    return this.failure.target
  }

  /** Whether the step calls something at all. */
  get isCall(): boolean {
    return this.isStandIn || (this.planned.isForeign !== true && this.execution.compiled.step.type === 'call')
  }

  /** Of the component that is asked now. */
  get policy(): RecoveryPolicy {
    return this.#policyOf(this.failure)
  }

  /** Of the component that the plan names: it says who may stand in. */
  get plannedPolicy(): RecoveryPolicy {
    return this.#policyOf(this.planned)
  }

  /** How the present target is called again. A step's own `retry` holds for whoever stands in, too. */
  get repeat(): RepeatPolicy {
    return this.#repeatOf(this.failure)
  }

  /** What the policy of the planned component says of the error that it ended with. */
  get plannedRepeat(): RepeatPolicy {
    return this.#repeatOf(this.planned)
  }

  get facts(): ErrorFacts {
    const { code, message, details } = this.planned.error
    const status = details['status']
    return { code, class: errorClassOf(code), message, status: typeof status === 'number' ? status : 0 }
  }

  /** Takes in that a call, or its preparation, failed. */
  note(given: Failure): void {
    const { target, attempt, refusedBy } = given
    this.serving = target
    const error = target === undefined ? given.error : explain(this.execution, target, given, this.#lastAnswer)
    this.failure = { ...given, error }
    if (attempt !== undefined) {
      this.#lastAnswer = error
      if (target !== undefined && target.capability.effect !== 'read' && isLost(given)) {
        this.isOutcomeOpen = true
        // A write that may be repeated for its key is known by that key at its own component only.
        this.isRepeatRisky ||= target.capability.effect === 'write' || !target.isIdempotent
      }
    }
    if (attempt !== undefined || given.again !== undefined || error.code === 'queue_full') this.calls++
    const at = attempt?.instance.id ?? refusedBy
    if (at !== undefined) avoid(given, at)
    if (!this.isStandIn) this.planned = this.failure
  }

  /** Other inputs for the same target: a call of its own, so everything that counts calls begins again. */
  changeInputs(): void {
    this.calls = 0
    this.#lastAnswer = undefined
  }

  /** Somebody else, or the same one in another way, is asked from now on; nobody, when a value stands in. */
  standIn(target: CallTarget | undefined): void {
    this.leave()
    this.serving = target
    this.isStandIn = true
    this.changeInputs()
    this.tried = []
    this.correctionsLeft = this.parts.settings.recovery.semanticAttempts
    this.uncorrectable = undefined
    this.wasRepeatedUnchanged = false
    this.wasRefreshed = false
    this.wereCredentialsRefreshed = false
  }

  /** The component that is asked now could not serve the step. It counts once, however many of its ways failed. */
  leave(): void {
    const { error } = this.failure
    if (this.isStandIn) this.standInFailures.push(asSentence(error.message))
    const component = this.nameOf(this.failure)
    if (component === undefined || this.#left.has(nameKey(component))) return
    this.#left.add(nameKey(component))
    this.parts.escalations.failed(this.execution, this.failure, { component, policy: this.policy })
  }

  /** The component that failed, also one that has left the catalog. */
  nameOf({ target, isForeign }: Failure): string | undefined {
    return target?.component.name ?? (isForeign === true ? undefined : this.execution.compiled.step.component)
  }

  /** The error that the step ends with: of what was planned, and why nobody could stand in. */
  finalError(): TuttiError {
    const { error } = this.planned
    if (this.standInFailures.length === 0) return error
    const { code, message, retryable, details } = error
    return new TuttiError(
      code,
      `${asSentence(message)} What stood in failed as well: ${this.standInFailures.join(' ')}`,
      {
        retryable,
        details,
        cause: error,
      },
    )
  }

  /** The inputs that the planned target was called with last, where it came to that. */
  get plannedInputs(): JsonObject | undefined {
    return this.planned.attempt === undefined && this.planned.refusedBy === undefined ? undefined : this.planned.inputs
  }

  #policyOf({ target }: Failure): RecoveryPolicy {
    const { plan, compiled } = this.execution
    if (target !== undefined) return recoveryOf(plan, target)
    const { type, component } = compiled.step
    if (type !== 'call' || component === undefined) return NO_POLICY
    return recoveryOf(plan, { component: { name: component }, policy: this.parts.targets.policyOf(component) })
  }

  #repeatOf(failure: Failure): RepeatPolicy {
    const { retry } = this.execution.compiled.step
    return repeatPolicy(this.#policyOf(failure), errorClassOf(failure.error.code), retry, this.parts.settings)
  }
}

/** What a component says often ends without a full stop; more is said behind it. */
export const asSentence = (message: string): string => (/[.!?…]["')]?$/.test(message) ? message : `${message}.`)

/** Where a region is asked for, the others are never an alternative: those of the region are tried anew instead. */
function avoid({ memory, target }: Failure, instance: string): void {
  const avoided = (memory.avoid ??= new Set())
  avoided.add(instance)
  const { outside } = memory
  if (outside !== undefined && target?.component.instances.every(({ id }) => avoided.has(id)) === true)
    memory.avoid = new Set(outside)
}
