// What a step of a run needs to begin, and which of them should: read from the document, the run and what was learnt.
import { createHash } from 'node:crypto'
import { ABSENT, type CompiledPlan, type CompiledStep, type Scope } from '../contracts/compiled.ts'
import { TuttiError } from '../contracts/errors.ts'
import type { RunContext } from '../contracts/executor.ts'
import { PRIORITIES, type Priority } from '../contracts/policy.ts'
import type { Demand, Pool } from '../resilience/pool.ts'
import { stringifyJson } from '../util/json.ts'
import { hideSecrets } from '../util/secrets.ts'
import type { CallTarget, CallTargets } from './call-target.ts'
import type { Pools } from './pools.ts'
import { rankSteps } from './ranks.ts'
import { StepOrder } from './step-queue.ts'

/** Keys stand among the limits for everybody to see; a longer one, or one that holds a secret, is known by its digest. */
const LONGEST_SHOWN_KEY = 200

/** What is looked at. */
export interface NeedParts {
  readonly run: RunContext
  readonly plan: CompiledPlan
  readonly scope: Scope
  readonly pools: Pools
  readonly targets: CallTargets
}

/** What the step calls; undefined for other kinds, and for what is not in the catalog now. */
export function targetOf({ plan, targets, run }: NeedParts, index: number): CallTarget | undefined {
  const compiled = plan.steps[index]
  return compiled?.step.type === 'call' ? targets.ofStep(plan, compiled, run.view) : undefined
}

/**
 * Everything that a step takes beside a place of its run; undefined when there is nothing.
 * @throws TuttiError `not_supported`, and what evaluating the key of `concurrency` throws
 */
export function demandOf(
  parts: NeedParts,
  of: { readonly index: number; readonly target: CallTarget | undefined; readonly ofRun: readonly Pool[] },
): Demand | undefined {
  const compiled = parts.plan.steps[of.index]
  if (compiled === undefined) return undefined
  const { target, ofRun } = of
  const { concurrency, resources } = compiled.step
  const isPlain = ofRun.length === 0 && concurrency === undefined && resources === undefined
  if (isPlain && (target === undefined || target.demand !== undefined)) return target?.demand
  return parts.pools.demandOf({
    ofRun,
    concurrency:
      concurrency === undefined ? undefined : { key: concurrencyKeyOf(compiled, parts), limit: concurrency.limit },
    resources,
    component: target?.pool,
    step: compiled.name,
  })
}

function concurrencyKeyOf({ concurrencyKey, step, name }: CompiledStep, { scope, run }: NeedParts): string {
  const value = concurrencyKey === undefined ? (step.concurrency?.key ?? '') : concurrencyKey.evaluate(scope)
  if (value === ABSENT)
    throw new TuttiError(
      'binding_failed',
      `The key of "concurrency" of step "${name}" refers to something that is not there.`,
    )
  const key = typeof value === 'string' ? value : stringifyJson(value)
  const isShown = key.length <= LONGEST_SHOWN_KEY && hideSecrets(key, run.secrets) === key
  return isShown ? key : `sha256:${createHash('sha256').update(key).digest('hex')}`
}

const levelOf = (priority: Priority): number => PRIORITIES.indexOf(priority)

/** The order among the steps of the run, made when they first have to queue. */
export function orderSteps({ run, plan, targets }: NeedParts): StepOrder {
  const { steps, document } = plan
  const ofRun = levelOf(run.priority ?? document.priority ?? 'normal')
  const priorities = new Uint8Array(steps.length).fill(ofRun)
  for (const { index, step } of steps) if (step.priority !== undefined) priorities[index] = levelOf(step.priority)
  const expectMs = targets.expectations(plan, run.view)
  return new StepOrder(rankSteps(plan, expectMs), priorities)
}
