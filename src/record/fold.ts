// A run's state is the fold of its events, nothing else: the same code serves the live view, the final answer and, later,
// a resume after a crash.
import type { StepStatus, StepView } from '../contracts/compiled.ts'
import type { RunEvent } from '../contracts/events.ts'
import type { ErrorInfo } from '../contracts/errors.ts'
import type { JsonObject, JsonValue } from '../contracts/json.ts'
import type { Purpose } from '../contracts/model.ts'
import type { PlanDocument } from '../contracts/plan.ts'
import type { AttemptRecord, Degraded, RepairRecord, Response, RunUsage, SkipReason, StepRecord } from '../contracts/run.ts'

interface Attempt {
  n: number
  component: string | undefined
  action: string | undefined
  instance: string | undefined
  inputs: JsonValue
  status: AttemptRecord['status']
  error: ErrorInfo | undefined
  startedAt: string
  durationMs: number | undefined
}

interface StepState {
  name: string
  component: string | undefined
  action: string | undefined
  status: StepStatus
  output: JsonValue | undefined
  response: JsonValue | undefined
  error: ErrorInfo | undefined
  skipReason: SkipReason | undefined
  attempts: Attempt[]
  repairs: RepairRecord[] | undefined
  dependsOn: readonly string[]
  startedAt: string | undefined
  endedAt: string | undefined
  durationMs: number | undefined
}

type MutableUsage = { modelCalls: number; inputTokens: number; outputTokens: number }

export interface RunFold {
  apply(event: RunEvent): void
  /** The response so far; after `run-end`, the final one. */
  snapshot(): Response
  /** What expressions may read of a step, as far as the events tell. */
  view(step: string): StepView | undefined
  /** Steps that have settled, by name: what a later segment never calls again. */
  settled(): ReadonlyMap<string, StepView>
}

const SETTLED: ReadonlySet<StepStatus> = new Set<StepStatus>(['succeeded', 'failed', 'skipped', 'cancelled'])

/** Folds events in order. One fold belongs to one run. */
export function createRunFold(runId: string): RunFold {
  const steps = new Map<string, StepState>()
  const usage: MutableUsage = { modelCalls: 0, inputTokens: 0, outputTokens: 0 }
  const byPurpose = new Map<Purpose, MutableUsage>()
  let plan: PlanDocument | null = null
  let request: string | undefined
  let startedAt: string | undefined
  let planningMs = 0
  let answer = ''
  let degraded: Degraded | undefined
  let final: Response | undefined

  const stepOf = (name: string): StepState => {
    let state = steps.get(name)
    if (state === undefined) {
      state = {
        name, component: undefined, action: undefined, status: 'pending', output: undefined, response: undefined, error: undefined,
        skipReason: undefined, attempts: [], repairs: undefined, dependsOn: [], startedAt: undefined, endedAt: undefined, durationMs: undefined,
      }
      steps.set(name, state)
    }
    return state
  }
  const adopt = (document: PlanDocument): void => {
    plan = document
    for (const step of document.steps) {
      const state = stepOf(step.name)
      state.component ??= step.component
      state.action ??= step.action ?? step.capability
      state.dependsOn = step.dependsOn
    }
  }

  return {
    apply(event) {
      switch (event.type) {
        case 'run-start':
          request = event.request
          startedAt = event.at
          return
        case 'plan-end':
          planningMs = event.durationMs
          degraded = event.degraded
          adopt(event.document)
          return
        case 'step-start': {
          const state = stepOf(event.step)
          state.status = 'running'
          state.startedAt = event.at
          return
        }
        case 'attempt-start': {
          const state = stepOf(event.step)
          state.component = event.component ?? state.component
          state.action = event.action ?? state.action
          state.attempts.push({
            n: event.attempt, component: event.component, action: event.action, instance: event.instance, inputs: event.inputs,
            status: 'running', error: undefined, startedAt: event.at, durationMs: undefined,
          })
          return
        }
        case 'attempt-end': {
          const attempt = stepOf(event.step).attempts.at(-1)
          if (attempt !== undefined) {
            attempt.status = event.status
            attempt.error = event.error
            attempt.durationMs = event.durationMs
          }
          return
        }
        case 'step-repair': {
          const state = stepOf(event.step)
          const { way, reason, analysis, inputs } = event
          ;(state.repairs ??= []).push({ way, reason, ...(analysis !== undefined && { analysis }), ...(inputs !== undefined && { inputs }) })
          return
        }
        case 'step-end': {
          const state = stepOf(event.step)
          state.status = event.status
          state.output = event.output
          state.response = event.response
          state.error = event.error
          state.skipReason = event.skipReason
          state.endedAt = event.at
          state.durationMs = event.durationMs
          return
        }
        case 'model-call': {
          const purpose = byPurpose.get(event.purpose) ?? { modelCalls: 0, inputTokens: 0, outputTokens: 0 }
          byPurpose.set(event.purpose, purpose)
          for (const sum of [usage, purpose]) {
            sum.modelCalls++
            sum.inputTokens += event.usage.inputTokens
            sum.outputTokens += event.usage.outputTokens
          }
          return
        }
        case 'answer-delta':
          answer += event.delta
          return
        case 'run-end':
          final = event.response
          return
        case 'plan-start':
        case 'plan-delta':
        case 'plan-invalid':
          return
      }
    },
    snapshot: () =>
      final ?? {
        runId,
        status: startedAt === undefined ? 'queued' : 'running',
        answer: answer === '' ? null : answer,
        ...(request !== undefined && { request }),
        plan,
        steps: Array.from(steps.values(), stepRecord),
        usage: { ...usage, byPurpose: Object.fromEntries(Array.from(byPurpose, ([p, u]) => [p, { ...u }])) as RunUsage['byPurpose'] },
        timings: { planningMs, executionMs: 0, synthesisMs: 0, totalMs: 0 },
        ...(degraded !== undefined && { degraded }),
        ...(startedAt !== undefined && { startedAt }),
      },
    view(name) {
      const state = steps.get(name)
      return state === undefined ? undefined : stepView(state)
    },
    settled() {
      const done = new Map<string, StepView>()
      for (const state of steps.values()) if (SETTLED.has(state.status)) done.set(state.name, stepView(state))
      return done
    },
  }
}

/** The fold of a whole list. */
export function foldEvents(runId: string, events: Iterable<RunEvent>): RunFold {
  const fold = createRunFold(runId)
  for (const event of events) fold.apply(event)
  return fold
}

function stepView(state: StepState): StepView {
  const { error } = state
  return {
    status: state.status,
    success: state.status === 'succeeded',
    error: error === undefined ? null : ({ code: error.code, message: error.message } satisfies JsonObject),
    output: state.output ?? null,
    response: state.response ?? state.output ?? null,
  }
}

function attemptRecord(a: Attempt): AttemptRecord {
  return {
    n: a.n,
    ...(a.component !== undefined && { component: a.component }),
    ...(a.action !== undefined && { action: a.action }),
    ...(a.instance !== undefined && { instance: a.instance }),
    inputs: a.inputs,
    status: a.status,
    ...(a.error !== undefined && { error: a.error }),
    startedAt: a.startedAt,
    ...(a.durationMs !== undefined && { durationMs: a.durationMs }),
  }
}

function stepRecord(s: StepState): StepRecord {
  const inputs = s.attempts.at(-1)?.inputs
  return {
    name: s.name,
    ...(s.component !== undefined && { component: s.component }),
    ...(s.action !== undefined && { action: s.action }),
    status: s.status,
    ...(inputs !== undefined && { inputs }),
    ...(s.output !== undefined && { output: s.output }),
    ...(s.error !== undefined && { error: s.error }),
    ...(s.skipReason !== undefined && { skipReason: s.skipReason }),
    attempts: s.attempts.map(attemptRecord),
    ...(s.repairs !== undefined && { repairs: s.repairs }),
    dependsOn: s.dependsOn,
    ...(s.startedAt !== undefined && { startedAt: s.startedAt }),
    ...(s.endedAt !== undefined && { endedAt: s.endedAt }),
    ...(s.durationMs !== undefined && { durationMs: s.durationMs }),
  }
}
