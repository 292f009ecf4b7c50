// Capabilities are chosen, and the planner makes a plan of them, or writes one anew; what it says on the way goes out as events.
import { TuttiError } from '../contracts/errors.ts'
import type { RunFact } from '../contracts/events.ts'
import type { PlanAsk } from '../contracts/planner.ts'
import { joinDegraded } from '../record/join.ts'
import { type OrchestratorParts, type PlanHandle, type PlannedEvent, planningView, type WrittenStep } from './parts.ts'

export type Planned = PlannedEvent & {
  readonly durationMs: number
  /** Made without the planner's usual means: what it goes by is the request alone. */
  readonly isStandIn: boolean
}

/** @param onStep hears of every step as soon as it is written */
export async function makePlan(
  parts: OrchestratorParts,
  handle: PlanHandle & Pick<PlanAsk, 'revise' | 'mayRevise'>,
  onStep?: (written: WrittenStep) => void,
): Promise<Planned> {
  const { clock } = parts
  const begun = clock.now()
  const { request, principal, signal, metadata, emit, runId, budget } = handle
  const run = { runId, emit, ...(budget !== undefined && { budget }) }
  const about = { principal, signal, run, ...(metadata !== undefined && { metadata }) }
  const view = planningView(parts, principal)
  const isEarlyWelcome = onStep !== undefined
  const kept = handle.revise === undefined ? await parts.planner.recall?.({ ...handle, view }) : undefined
  if (kept !== undefined) {
    emit({ type: 'plan-start', offered: 0, hidden: 0 })
    return { ...kept, isStandIn: false, durationMs: clock.now() - begun }
  }
  const { offered, hidden, degraded: chosenOtherwise } = await parts.provider.offer({ request, ...about })
  emit({ type: 'plan-start', offered: offered.length, hidden: hidden.length })
  const widen = async (words: string): Promise<typeof offered> =>
    (await parts.provider.offer({ request: words, ...about, isWider: true })).offered
  for await (const event of parts.planner.plan({ ...handle, offered, widen, view, isEarlyWelcome, isRecalled: true })) {
    if (event.type === 'delta') emit({ type: 'plan-delta', delta: event.text })
    else if (event.type === 'step') onStep?.(event)
    else {
      const isStandIn = event.degraded !== undefined
      return { ...event, ...joinDegraded(chosenOtherwise, event.degraded), isStandIn, durationMs: clock.now() - begun }
    }
  }
  throw new TuttiError('internal', 'The planner ended without a document.')
}

/** The fact that there is a plan. */
export const planEnd = ({
  document,
  way,
  issues,
  durationMs,
  degraded,
}: Planned): Extract<RunFact, { type: 'plan-end' }> => ({
  type: 'plan-end',
  document,
  way,
  issues,
  durationMs,
  ...(degraded !== undefined && { degraded }),
})
