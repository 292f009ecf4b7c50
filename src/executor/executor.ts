// Runs compiled plans. It knows the catalog as a view, step kinds as handlers, and nothing of how a plan was got.

import type { BreakerReport, LimitUsage } from '../contracts/api.ts'
import type { SegmentEnd } from '../contracts/engine.ts'
import type { ErrorInfo } from '../contracts/errors.ts'
import type { RunFact } from '../contracts/events.ts'
import type { Executor, PlanFeed, RunContext, StepHandler } from '../contracts/executor.ts'
import type { StepHistory } from '../contracts/explanation.ts'
import type { JsonValue } from '../contracts/json.ts'
import { loadSchemas } from '../plan/schema.ts'
import { createBreakers } from '../resilience/breaker.ts'
import { policiesByName } from '../util/component-policies.ts'
import { hideSecrets } from '../util/secrets.ts'
import { CallTargets } from './call-target.ts'
import type { CallParts, ExecutorParts } from './executor-parts.ts'
import { runCall, runOther } from './handlers/call.ts'
import { gateHandler } from './handlers/gate.ts'
import { createGenerateHandler } from './handlers/generate.ts'
import { transformHandler } from './handlers/transform.ts'
import { createWaitHandler } from './handlers/wait.ts'
import { keepShapes } from './kept-shapes.ts'
import { Pools } from './pools.ts'
import { Escalations } from './recovery/escalation.ts'
import { Scheduler } from './scheduler.ts'
import { StepExecution } from './step-execution.ts'

export type { ExecutorParts } from './executor-parts.ts'

/** Our executor, which can also be asked how full it is. */
export interface OwnExecutor extends Executor {
  limits(): readonly LimitUsage[]
  breakers(): readonly BreakerReport[]
  /** What earlier calls in this process say of the next ones. */
  history(): StepHistory
  /** Runs are about to be cancelled together: no step that waits for a shared limit begins any more. */
  stopAdmitting(): void
  close(): Promise<void>
}

/** @see Executor */
export function createExecutor(parts: ExecutorParts): OwnExecutor {
  const { settings, ask, clock, random, log } = parts
  const policyOf = policiesByName(settings.components)
  const breakers = createBreakers(settings.breaker, {
    clock,
    policyOf: (component) => policyOf(component)?.breaker,
    ...(parts.coordination !== undefined && { coordination: parts.coordination }),
    onChange(report) {
      // Traffic comes back in the steps in which the instances bear it.
      pools.setShare(report)
      parts.onBreaker?.(report)
    },
    onForget: (report) => pools.setShare(report),
  })
  const pools = new Pools(settings, { clock, coordination: parts.coordination })
  const targets = new CallTargets(settings, parts.invokerOf, pools)
  const callParts: CallParts = { settings, ask, random, breakers, pools, targets, escalations: new Escalations() }
  const builtIn: StepHandler[] = [
    gateHandler,
    transformHandler,
    createWaitHandler(clock),
    createGenerateHandler({ ask, clock, durations: targets.durationsOf('ai-generate') }),
  ]
  const handlers = new Map(
    [...builtIn, ...(parts.handlers ?? [])].map((handler) => [handler.type, withRecovery(handler, callParts)]),
  )
  const schedulerParts = {
    clock,
    log,
    handlers,
    pools,
    targets,
    runCall: (execution: Parameters<typeof runCall>[0]) => runCall(execution, callParts),
  }

  let kept: readonly object[] = []

  return {
    async execute(run: RunContext, { plan }: PlanFeed): Promise<SegmentEnd> {
      await loadSchemas()
      if (plan.steps.length === 0) return 'ended'
      const maxConcurrency = Math.max(1, run.maxConcurrency ?? settings.executor.maxConcurrency)
      const ofRun = { ...schedulerParts, maxConcurrency }
      if (kept.length === 0) kept = keepShapes(run, ofRun)
      await new Scheduler(withoutSecrets(run), plan, ofRun).runAll()
      return 'ended'
    },
    limits: () => pools.usage(),
    breakers: () => breakers.reports(),
    history: () => targets,
    stopAdmitting: () => pools.admission.close(),
    close() {
      kept = []
      breakers.close()
      pools.close()
      return Promise.resolve()
    },
  }
}

/** What fails climbs the ladder of recovery, whatever the kind of the step. */
function withRecovery(handler: StepHandler, callParts: CallParts): StepHandler {
  return {
    type: handler.type,
    run(step, context) {
      return context instanceof StepExecution ? runOther(handler, context, callParts) : handler.run(step, context)
    },
  }
}

/** A run with secrets shows none of them in its events; one without pays nothing for that. */
function withoutSecrets(run: RunContext): RunContext {
  const { secrets, emit } = run
  if (secrets.size === 0) return run
  return { ...run, emit: (fact) => emit(hideInFact(fact, secrets)) }
}

/** What a fact tells of data. All else is our own: a secret "1" must not turn the first attempt into a mark. */
const TOLD_KEYS: ReadonlySet<string> = new Set(['inputs', 'output', 'response', 'error', 'reason', 'analysis', 'delta'])

function hideInFact(fact: RunFact, secrets: ReadonlyMap<string, string>): RunFact {
  const hidden: Record<string, unknown> = { ...fact }
  for (const [key, value] of Object.entries(hidden)) {
    if (TOLD_KEYS.has(key)) hidden[key] = hideSecrets(value as JsonValue, secrets)
  }
  if ('error' in fact && fact.error !== undefined) {
    hidden['error'] = { ...(hidden['error'] as ErrorInfo), code: fact.error.code }
  }
  return hidden as RunFact
}
