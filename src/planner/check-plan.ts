// The one validation as the planner uses it: for every plan, whatever its way.
import type { OfferedCapability } from '../contracts/capability.ts'
import type { Config } from '../contracts/config.ts'
import type { Issue, PlanDocument } from '../contracts/plan.ts'
import type { PlanAsk } from '../contracts/planner.ts'
import { checkDocument } from '../plan/check.ts'
import { asKind } from '../plan/kind.ts'

export interface CheckedPlan {
  readonly document: PlanDocument
  readonly issues: readonly Issue[]
}

/** Repairs what can only have been meant one way, then checks. What cannot be read becomes a plan of no steps, with its issues. */
export async function checkPlan(
  value: unknown,
  ask: Pick<PlanAsk, 'view'>,
  settings: Config,
  offered: readonly OfferedCapability[],
): Promise<CheckedPlan> {
  const { document, issues } = await checkDocument(value, ask.view, {
    origin: 'model',
    maxSteps: settings.executor.maxSteps,
    offered,
    repair: true,
  })
  // A model that names its plan has not written a workflow: one failure leaves the other steps alone.
  return { document: document === undefined ? { steps: [] } : asKind(document, 'plan'), issues }
}
