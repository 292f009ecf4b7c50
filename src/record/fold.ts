// A run's state is the fold of its events, nothing else: the same code serves the live view, the final answer and, later,
// a resume after a crash.
import type { StepView } from '../contracts/compiled.ts'
import type { RunEvent } from '../contracts/events.ts'
import type { Purpose, Usage } from '../contracts/model.ts'
import type { PlanDocument } from '../contracts/plan.ts'
import type { Degraded, Response, RunUsage, StepRecord } from '../contracts/run.ts'
import { StepFold } from './step-fold.ts'

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

/** Folds events in order. One fold belongs to one run. */
export function createRunFold(runId: string): RunFold {
  return new Fold(runId)
}

/** The fold of a whole list. */
export function foldEvents(runId: string, events: Iterable<RunEvent>): RunFold {
  const fold = createRunFold(runId)
  for (const event of events) fold.apply(event)
  return fold
}

class Fold implements RunFold {
  readonly #runId: string
  readonly #steps = new Map<string, StepFold>()
  /** The step that was spoken of last: mostly it is spoken of again. */
  #last: StepFold | undefined
  readonly #usage: MutableUsage = { modelCalls: 0, inputTokens: 0, outputTokens: 0 }
  #byPurpose: Map<Purpose, MutableUsage> | undefined
  #plan: PlanDocument | null = null
  #request: string | undefined
  #startedAt: string | undefined
  #planningMs = 0
  #answer = ''
  #degraded: Degraded | undefined
  #final: Response | undefined

  constructor(runId: string) {
    this.#runId = runId
  }

  apply(event: RunEvent): void {
    switch (event.type) {
      case 'run-start':
        this.#request = event.request
        this.#startedAt = event.at
        return
      case 'plan-end':
        this.#planningMs = event.durationMs
        this.#degraded = event.degraded
        this.#plan = event.document
        for (const step of event.document.steps) this.#stepOf(step.name).adopt(step)
        return
      case 'step-start':
        return this.#stepOf(event.step).start(event)
      case 'attempt-start':
        return this.#stepOf(event.step).startAttempt(event)
      case 'attempt-end':
        return this.#stepOf(event.step).endAttempt(event)
      case 'step-repair':
        return this.#stepOf(event.step).repair(event)
      case 'recovery':
        return this.#stepOf(event.step).decide(event)
      case 'recovered':
        return this.#stepOf(event.step).recover(event)
      case 'step-end':
        return this.#stepOf(event.step).end(event)
      case 'model-call':
        return this.#count(event.purpose, event.usage)
      case 'answer-delta':
        this.#answer += event.delta
        return
      case 'run-end':
        this.#final = event.response
        return
      case 'plan-start':
      case 'plan-delta':
      case 'plan-invalid':
      case 'recovery-failed':
      case 'escalation':
      case 'budget-exceeded':
        return
    }
  }

  snapshot(): Response {
    if (this.#final !== undefined) return this.#final
    const steps: StepRecord[] = []
    for (const step of this.#steps.values()) steps.push(step.record())
    const answer = this.#answer
    return {
      runId: this.#runId,
      status: this.#startedAt === undefined ? 'queued' : 'running',
      answer: answer === '' ? null : answer,
      ...(this.#request !== undefined && { request: this.#request }),
      plan: this.#plan,
      steps,
      usage: { ...this.#usage, byPurpose: this.#usageByPurpose() },
      timings: { planningMs: this.#planningMs, executionMs: 0, synthesisMs: 0, totalMs: 0 },
      ...(this.#degraded !== undefined && { degraded: this.#degraded }),
      ...(this.#startedAt !== undefined && { startedAt: this.#startedAt }),
    }
  }

  view(name: string): StepView | undefined {
    return this.#steps.get(name)?.view()
  }

  settled(): ReadonlyMap<string, StepView> {
    const done = new Map<string, StepView>()
    for (const step of this.#steps.values()) if (step.isSettled) done.set(step.name, step.view())
    return done
  }

  #stepOf(name: string): StepFold {
    if (this.#last?.name === name) return this.#last
    let step = this.#steps.get(name)
    if (step === undefined) {
      step = new StepFold(name)
      this.#steps.set(name, step)
    }
    this.#last = step
    return step
  }

  #count(purpose: Purpose, used: Usage): void {
    this.#byPurpose ??= new Map()
    const ofPurpose = this.#byPurpose.get(purpose) ?? { modelCalls: 0, inputTokens: 0, outputTokens: 0 }
    this.#byPurpose.set(purpose, ofPurpose)
    for (const sum of [this.#usage, ofPurpose]) {
      sum.modelCalls++
      sum.inputTokens += used.inputTokens
      sum.outputTokens += used.outputTokens
    }
  }

  #usageByPurpose(): RunUsage['byPurpose'] {
    return this.#byPurpose === undefined
      ? {}
      : Object.fromEntries(Array.from(this.#byPurpose, ([purpose, used]) => [purpose, { ...used }]))
  }
}
