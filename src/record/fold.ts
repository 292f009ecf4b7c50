// A run's state is the fold of its events, nothing else: the same code serves the live view, the final answer and, later,
// a resume after a crash.
import type { StepStatus, StepView } from '../contracts/compiled.ts'
import type { RunEvent } from '../contracts/events.ts'
import type { JsonObject, JsonValue } from '../contracts/json.ts'
import type { Purpose } from '../contracts/model.ts'
import type { PlanDocument } from '../contracts/plan.ts'
import type { AttemptRecord, Degraded, RepairRecord, Response, StepRecord } from '../contracts/run.ts'

type Mutable<T> = { -readonly [K in keyof T]: T[K] }
type AttemptState = Mutable<AttemptRecord>
/** The record itself, filled as events come; given out as a copy. */
type StepState = Mutable<Omit<StepRecord, 'attempts' | 'repairs'>> & {
  attempts: AttemptState[]
  repairs?: RepairRecord[]
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

  // Whole answers of steps whose envelope held more than their output: few, so they stand apart.
  const responses = new Map<string, JsonValue>()

  const stepOf = (name: string): StepState => {
    let state = steps.get(name)
    if (state === undefined) {
      state = { name, status: 'pending', attempts: [], dependsOn: [] }
      steps.set(name, state)
    }
    return state
  }
  const adopt = (document: PlanDocument): void => {
    plan = document
    for (const step of document.steps) {
      const state = stepOf(step.name)
      if (step.component !== undefined) state.component ??= step.component
      const action = step.action ?? step.capability
      if (action !== undefined) state.action ??= action
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
          const attempt: AttemptState = {
            n: event.attempt,
            inputs: event.inputs,
            status: 'running',
            startedAt: event.at,
          }
          if (event.component !== undefined) attempt.component = state.component = event.component
          if (event.action !== undefined) attempt.action = state.action = event.action
          if (event.instance !== undefined) attempt.instance = event.instance
          state.inputs = event.inputs
          state.attempts.push(attempt)
          return
        }
        case 'attempt-end': {
          const attempt = stepOf(event.step).attempts.at(-1)
          if (attempt !== undefined) {
            attempt.status = event.status
            if (event.error !== undefined) attempt.error = event.error
            attempt.durationMs = event.durationMs
          }
          return
        }
        case 'step-repair': {
          const state = stepOf(event.step)
          const { way, reason, analysis, inputs } = event
          ;(state.repairs ??= []).push({
            way,
            reason,
            ...(analysis !== undefined && { analysis }),
            ...(inputs !== undefined && { inputs }),
          })
          return
        }
        case 'step-end': {
          const state = stepOf(event.step)
          state.status = event.status
          if (event.output !== undefined) state.output = event.output
          if (event.response !== undefined) responses.set(event.step, event.response)
          if (event.error !== undefined) state.error = event.error
          if (event.skipReason !== undefined) state.skipReason = event.skipReason
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
        steps: Array.from(steps.values(), copyStep),
        usage: { ...usage, byPurpose: Object.fromEntries(Array.from(byPurpose, ([p, u]) => [p, { ...u }])) },
        timings: { planningMs, executionMs: 0, synthesisMs: 0, totalMs: 0 },
        ...(degraded !== undefined && { degraded }),
        ...(startedAt !== undefined && { startedAt }),
      },
    view(name) {
      const state = steps.get(name)
      return state === undefined ? undefined : stepView(state, responses.get(name))
    },
    settled() {
      const done = new Map<string, StepView>()
      for (const state of steps.values())
        if (SETTLED.has(state.status)) done.set(state.name, stepView(state, responses.get(state.name)))
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

function stepView(state: StepState, response: JsonValue | undefined): StepView {
  const { error, output = null } = state
  return {
    status: state.status,
    success: state.status === 'succeeded',
    error: error === undefined ? null : ({ code: error.code, message: error.message } satisfies JsonObject),
    output,
    response: response ?? output,
  }
}

/** What is given out does not change any more; ended attempts are shared. */
function copyStep(state: StepState): StepRecord {
  const last = state.attempts.at(-1)
  const attempts = last?.status === 'running' ? [...state.attempts.slice(0, -1), { ...last }] : state.attempts.slice()
  return { ...state, attempts }
}
