// Counters and histograms, folded from events alone: nothing is measured twice, and an average is sum over count.
import type { Histogram, MetricsSnapshot } from '../contracts/api.ts'
import type { RunEvent } from '../contracts/events.ts'
import type { RunStatus } from '../contracts/run.ts'

export interface Metrics {
  /** Reads one event. Never throws; cheap enough for the step path. */
  observe(event: RunEvent): void
  /** What events tell. Plans kept and runs accepted are known to planner and run service alone. */
  snapshot(): Omit<MetricsSnapshot, 'planCache' | 'activeRuns' | 'limits' | 'breakers' | 'notices'>
}

/** Upper bounds in seconds; the last, implied one is infinity. */
const BOUNDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300]
/** Names beyond this many are counted together as `other`, so that a changing catalog cannot fill the memory. */
const MAX_SERIES = 1_000
const OTHER = 'other'

interface Distribution {
  count: number
  sum: number
  readonly perBucket: number[]
}

interface ComponentCalls {
  readonly component: string
  readonly action: string
  readonly status: string
  count: number
  readonly seconds: Distribution
}

interface ModelCalls {
  readonly purpose: string
  readonly model: string
  readonly status: string
  count: number
  inputTokens: number
  outputTokens: number
}

/** Steps of one run that have begun and not ended. */
interface RunningSteps {
  steps: number
  /** Begun while the plan was still being written, until it is known; made when there are any. */
  early: Set<string> | undefined
  /** Of those, the ones at work. */
  earlyAtWork: Set<string> | undefined
}

const newDistribution = (): Distribution => ({ count: 0, sum: 0, perBucket: BOUNDS.map(() => 0) })

function record(distribution: Distribution, seconds: number): void {
  distribution.count++
  distribution.sum += seconds
  const bucket = BOUNDS.findIndex((bound) => seconds <= bound)
  if (bucket >= 0) distribution.perBucket[bucket] = (distribution.perBucket[bucket] ?? 0) + 1
}

function toHistogram(distribution: Distribution): Histogram {
  let below = 0
  return {
    count: distribution.count,
    sum: distribution.sum,
    buckets: BOUNDS.map((le, i) => ({ le, count: (below += distribution.perBucket[i] ?? 0) })),
  }
}

/** The entry for a key; beyond {@link MAX_SERIES} keys, the one entry that holds the rest. */
function entryOf<T>(entries: Map<string, T>, key: string, restKey: string, make: (rest: boolean) => T): T {
  const rest = !entries.has(key) && entries.size >= MAX_SERIES
  const usedKey = rest ? restKey : key
  let entry = entries.get(usedKey)
  if (entry === undefined) {
    entry = make(rest)
    entries.set(usedKey, entry)
  }
  return entry
}

/** A reader of every run's events. */
export function createMetrics(): Metrics {
  const runs: Record<RunStatus, number> = {
    queued: 0,
    running: 0,
    waiting: 0,
    paused: 0,
    succeeded: 0,
    partial: 0,
    failed: 0,
    cancelled: 0,
  }
  const runSeconds = newDistribution()
  const firstStepSeconds = newDistribution()
  const planningSeconds = newDistribution()
  const earlySteps = { begun: 0, kept: 0, dropped: 0 }
  const steps = { succeeded: 0, failed: 0, skipped: 0, cancelled: 0 }
  const recoveries = new Map<string, number>()
  const repairs = new Map<string, number>()
  const budgetExceeded = new Map<string, number>()
  const componentCalls = new Map<string, ComponentCalls>()
  const modelCalls = new Map<string, ModelCalls>()
  const running = new Map<string, RunningSteps>()
  let maxParallelSteps = 0

  // Calls to one capability come in rows: the entry of the last one is mostly that of the next.
  let last: ComponentCalls | undefined
  const callsOf = (component: string, action: string, status: string): ComponentCalls => {
    if (last?.component === component && last.action === action && last.status === status) return last
    last = entryOf(componentCalls, `${component}\n${action}\n${status}`, `\n\n${status}`, (rest) => ({
      component: rest ? OTHER : component,
      action: rest ? OTHER : action,
      status,
      count: 0,
      seconds: newDistribution(),
    }))
    return last
  }
  const observeAttempt = (event: Extract<RunEvent, { type: 'attempt-end' }>): void => {
    const { component, action = '', status, durationMs } = event
    if (component === undefined) return
    const calls = callsOf(component, action, status)
    calls.count++
    record(calls.seconds, durationMs / 1000)
  }
  const startStep = ({ runId, step, early }: Extract<RunEvent, { type: 'step-start' }>): void => {
    const run = running.get(runId)
    if (run !== undefined && ++run.steps > maxParallelSteps) maxParallelSteps = run.steps
    if (early !== true) return
    earlySteps.begun++
    if (run === undefined) return
    run.early ??= new Set()
    run.early.add(step)
    run.earlyAtWork ??= new Set()
    run.earlyAtWork.add(step)
  }
  const endPlan = ({ runId, way, durationMs }: Extract<RunEvent, { type: 'plan-end' }>): void => {
    if (way === 'given') return
    record(planningSeconds, durationMs / 1000)
    const run = running.get(runId)
    if (run?.early === undefined) return
    earlySteps.kept += run.early.size
    run.early = undefined
  }
  const endStep = ({ runId, step, status, skipReason }: Extract<RunEvent, { type: 'step-end' }>): void => {
    const run = running.get(runId)
    const wasAtWork = run?.earlyAtWork?.delete(step) ?? false
    if (skipReason === 'not-in-plan') {
      // One that its `if` skipped had not begun.
      if (run?.early?.delete(step) === true) earlySteps.dropped++
      // Its own end was counted already.
      if (!wasAtWork) return
    }
    steps[status]++
    // A step that was skipped never began.
    if (run !== undefined && status !== 'skipped' && run.steps > 0) run.steps--
  }
  const observeModelCall = ({ purpose, model, status, usage }: Extract<RunEvent, { type: 'model-call' }>): void => {
    const calls = entryOf(modelCalls, `${purpose}\n${model}\n${status}`, `${purpose}\n\n${status}`, (rest) => ({
      purpose,
      model: rest ? OTHER : model,
      status,
      count: 0,
      inputTokens: 0,
      outputTokens: 0,
    }))
    calls.count++
    calls.inputTokens += usage.inputTokens
    calls.outputTokens += usage.outputTokens
  }

  return {
    observe(event) {
      switch (event.type) {
        case 'run-start':
          running.set(event.runId, { steps: 0, early: undefined, earlyAtWork: undefined })
          break
        case 'step-start':
          startStep(event)
          break
        case 'plan-end':
          endPlan(event)
          break
        case 'attempt-end':
          observeAttempt(event)
          break
        case 'recovered':
          recoveries.set(event.way, (recoveries.get(event.way) ?? 0) + 1)
          break
        case 'recovery-failed':
          recoveries.set('none', (recoveries.get('none') ?? 0) + 1)
          break
        case 'budget-exceeded':
          budgetExceeded.set(event.kind, (budgetExceeded.get(event.kind) ?? 0) + 1)
          break
        case 'step-repair':
          repairs.set(event.way, (repairs.get(event.way) ?? 0) + 1)
          break
        case 'step-end':
          endStep(event)
          break
        case 'model-call':
          observeModelCall(event)
          break
        case 'run-end':
          running.delete(event.runId)
          runs[event.response.status]++
          record(runSeconds, event.response.timings.totalMs / 1000)
          if (event.response.timings.firstStepMs !== undefined)
            record(firstStepSeconds, event.response.timings.firstStepMs / 1000)
          break
        default:
      }
    },
    snapshot: () => ({
      runs: { ...runs, running: running.size },
      runSeconds: toHistogram(runSeconds),
      firstStepSeconds: toHistogram(firstStepSeconds),
      planningSeconds: toHistogram(planningSeconds),
      earlySteps: { ...earlySteps },
      steps: { ...steps },
      componentCalls: [...componentCalls.values()].map((calls) => ({ ...calls, seconds: toHistogram(calls.seconds) })),
      modelCalls: [...modelCalls.values()].map((calls) => ({ ...calls })),
      repairs: Object.fromEntries(repairs),
      recoveries: Object.fromEntries(recoveries),
      budgetExceeded: Object.fromEntries(budgetExceeded),
      maxParallelSteps,
    }),
  }
}
