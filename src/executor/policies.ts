// The recovery policy of a component in a run: what the document says of it over what the configuration says, and both over
// the general settings. What a step says itself is stronger than either.
import type { CompiledPlan } from '../contracts/compiled.ts'
import type { Config } from '../contracts/config.ts'
import type { ErrorClass } from '../contracts/errors.ts'
import type { RetrySpec } from '../contracts/plan.ts'
import type { RecoveryPolicy } from '../contracts/policy.ts'
import type { BackoffPolicy } from '../resilience/retry.ts'
import { nameKey } from '../util/name-key.ts'
import type { CallTarget } from './call-target.ts'

type ClassPolicy = NonNullable<NonNullable<RecoveryPolicy['classes']>[ErrorClass]>

/** How often and how patiently a call is repeated after an error of one class. */
export interface RepeatPolicy {
  /** Calls in all, at least 1. */
  readonly maxAttempts: number
  readonly backoff: BackoffPolicy
  /** `fallback`: nothing else is tried at this component. `fail`: nothing at all, but for what the step declares itself. */
  readonly strategy: 'retry' | 'fallback' | 'fail'
}

const NONE: RecoveryPolicy = Object.freeze({})
/** By plan, then by what the configuration says: the same few objects for the life of the process. */
const joined = new WeakMap<RecoveryPolicy, WeakMap<RecoveryPolicy, RecoveryPolicy>>()

/** The policy of the target's component in runs of this plan. Looked up after failures only. */
export function recoveryOf(
  plan: CompiledPlan,
  target: { readonly component: Pick<CallTarget['component'], 'name'>; readonly policy: CallTarget['policy'] },
): RecoveryPolicy {
  const configured = target.policy?.recovery ?? NONE
  const declared = plan.recovery?.get(nameKey(target.component.name))
  if (declared === undefined) return configured
  let known = joined.get(declared)
  if (known === undefined) joined.set(declared, (known = new WeakMap()))
  let policy = known.get(configured)
  if (policy === undefined) known.set(configured, (policy = join(declared, configured)))
  return policy
}

/** A class of the configuration gives way to a general word of the document: the document is stronger. */
function join(declared: RecoveryPolicy, configured: RecoveryPolicy): RecoveryPolicy {
  const classes: Partial<Record<ErrorClass, ClassPolicy>> = { ...declared.classes }
  for (const [name, general] of Object.entries(configured.classes ?? {}) as [ErrorClass, ClassPolicy][]) {
    const kept = Object.entries(general).filter(([key]) => !Object.hasOwn(declared, key))
    classes[name] = { ...Object.fromEntries(kept), ...declared.classes?.[name] }
  }
  return { ...configured, ...declared, ...keepWord(declared, configured), classes }
}

/** What whoever runs the process has ruled out stays so, and whom they want told is told: a document may only add to it. */
function keepWord(declared: RecoveryPolicy, configured: RecoveryPolicy): Partial<RecoveryPolicy> {
  const kept: { -readonly [K in keyof RecoveryPolicy]?: RecoveryPolicy[K] } = {}
  if (configured.semantic === false) kept.semantic = false
  if (configured.equivalents === false) kept.equivalents = false
  if (configured.escalateAfter !== undefined)
    kept.escalateAfter = Math.min(configured.escalateAfter, declared.escalateAfter ?? Infinity)
  if (configured.notify !== undefined) kept.notify = [...new Set([...configured.notify, ...(declared.notify ?? [])])]
  return kept
}

/** @param own the step's `retry`: its word counts for every class */
export function repeatPolicy(
  policy: RecoveryPolicy,
  errorClass: ErrorClass,
  own: RetrySpec | undefined,
  { recovery }: Config,
): RepeatPolicy {
  const ofClass: ClassPolicy = policy.classes?.[errorClass] ?? {}
  const initialWaitMs = own?.initialWaitMs ?? ofClass.initialWaitMs ?? policy.initialWaitMs ?? recovery.initialWaitMs
  const maxWaitMs = own?.maxWaitMs ?? ofClass.maxWaitMs ?? policy.maxWaitMs
  return {
    maxAttempts: Math.max(1, own?.maxAttempts ?? ofClass.maxAttempts ?? policy.maxAttempts ?? recovery.maxAttempts),
    backoff: {
      initialWaitMs,
      factor: ofClass.factor ?? policy.factor ?? recovery.factor,
      // Whoever asks for a long first wait means it, whatever the general limit says.
      maxWaitMs: maxWaitMs ?? (recovery.maxWaitMs === 0 ? 0 : Math.max(recovery.maxWaitMs, initialWaitMs)),
      backoff: own?.backoff ?? ofClass.backoff ?? policy.backoff ?? 'exponential',
    },
    strategy: own === undefined ? (ofClass.strategy ?? 'retry') : 'retry',
  }
}
