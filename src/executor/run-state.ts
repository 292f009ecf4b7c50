// What is known of the steps of one run: how each one settled, and what others may read of it.
import type { CompiledPlan, Scope, StepView } from '../contracts/compiled.ts'
import type { TuttiError } from '../contracts/errors.ts'
import type { RunContext } from '../contracts/executor.ts'
import type { JsonObject } from '../contracts/json.ts'
import { isHealthy } from '../util/is-healthy.ts'
import type { Outcome } from './outcome.ts'

/** How a step settled, as its dependants see it. */
export const OPEN = 0
/** Succeeded, or failed with `on_error: continue`: nobody is held up. */
export const PASSED = 1
/** Failed, cancelled, or skipped because of that. */
export const BROKEN = 2
/** Skipped by its own `if`, or because everything before it was. */
export const BYPASSED = 3
export type Settlement = typeof OPEN | typeof PASSED | typeof BROKEN | typeof BYPASSED

const nothing = (status: StepView['status']): StepView =>
  Object.freeze({ status, success: false, error: null, output: null, response: null })

const PENDING_VIEW = nothing('pending')
export const SKIPPED_VIEW = nothing('skipped')

export const succeededView = ({ output, response }: Outcome): StepView => ({
  status: 'succeeded',
  success: true,
  error: null,
  output,
  response,
})

export const brokenView = (status: 'failed' | 'cancelled', error: TuttiError): StepView => ({
  status,
  success: false,
  error: errorAsJson(error),
  output: null,
  response: null,
})

function errorAsJson({ code, message, details }: TuttiError): JsonObject {
  const { status } = details
  return typeof status === 'number' ? { code, message, status } : { code, message }
}

/** The live scope of a run: reads the views as they are when asked. */
export function createScope(run: RunContext, plan: CompiledPlan, views: readonly (StepView | undefined)[]): Scope {
  return {
    inputs: run.inputs,
    run: { id: run.runId, request: run.request, started_at: run.startedAt },
    step(name) {
      const index = plan.indexOf.get(name)
      return index === undefined ? undefined : (views[index] ?? PENDING_VIEW)
    },
    component(name) {
      const component = run.view.component(name)
      return component === undefined ? undefined : { healthy: isHealthy(component) }
    },
    secret: (name) => run.secrets.get(name),
  }
}
