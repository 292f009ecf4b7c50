// A run's state is the fold of its events, nothing else: the same code serves the live view, the final answer and, later,
// a resume after a crash.
import type { StepView } from '../contracts/compiled.ts'
import type { RunEvent } from '../contracts/events.ts'
import type { Purpose, Usage } from '../contracts/model.ts'
import type { PlanDocument } from '../contracts/plan.ts'
import type { Degraded, PlanRevision, Response, RunUsage, StepRecord } from '../contracts/run.ts'
import { diffPlans } from '../plan/diff.ts'
import { keptSteps } from '../plan/kept-steps.ts'
import { joinDegraded } from './join.ts'
import { StepFold } from './step-fold.ts'

type MutableUsage = { modelCalls: number; inputTokens: number; outputTokens: number }

export interface RunFold {
  apply(event: RunEvent): void
  /** The response so far; after `run-end`, the final one. */
  snapshot(): Response
  /** What expressions may read of a step, as far as the events tell. */
  view(step: string): StepView | undefined
  /** Steps of the plan that have settled, by name: what a later segment never calls again. */
  settled(): ReadonlyMap<string, StepView>
  /** The last revision of the inputs of steps that the plan left behind, by name; undefined when there are none. */
  revisions(): ReadonlyMap<string, number> | undefined
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
  /** In the order of the plan, once that is known. */
  #steps = new Map<string, StepFold>()
  /** Steps that the plan left behind: those that are not in it in the end, and those of earlier revisions. */
  readonly #left: StepFold[] = []
  /** The step that was spoken of last: mostly it is spoken of again. */
  #last: StepFold | undefined
  readonly #usage: MutableUsage = { modelCalls: 0, inputTokens: 0, outputTokens: 0 }
  #byPurpose: Map<Purpose, MutableUsage> | undefined
  #plan: PlanDocument | null = null
  #planAt = ''
  #revisions: PlanRevision[] | undefined
  #firstStepAt: string | undefined
  #request: string | undefined
  #startedAt: string | undefined
  #planningMs = 0
  #answer = ''
  #degraded: Degraded | undefined
  /** Made when the first step is left behind, or kept under another name. */
  #used: Map<string, number> | undefined
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
        return this.#planned(event)
      case 'step-start':
        this.#firstStepAt ??= event.at
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
        this.#stepOf(event.step).end(event)
        if (event.skipReason === 'not-in-plan') this.#leave(event.step)
        return
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
    for (const step of this.#left) steps.push(step.record())
    const answer = this.#answer
    return {
      runId: this.#runId,
      status: this.#startedAt === undefined ? 'queued' : 'running',
      answer: answer === '' ? null : answer,
      ...(this.#request !== undefined && { request: this.#request }),
      plan: this.#plan,
      ...(this.#revisions !== undefined && { revisions: this.#revisions.slice() }),
      steps,
      usage: { ...this.#usage, byPurpose: this.#usageByPurpose() },
      timings: {
        planningMs: this.#planningMs,
        executionMs: 0,
        synthesisMs: 0,
        ...(this.#firstStepAt !== undefined && { firstStepMs: msBetween(this.#startedAt, this.#firstStepAt) }),
        totalMs: 0,
      },
      ...(this.#degraded !== undefined && { degraded: this.#degraded }),
      ...(this.#startedAt !== undefined && { startedAt: this.#startedAt }),
    }
  }

  view(name: string): StepView | undefined {
    return this.#steps.get(name)?.view()
  }

  settled(): ReadonlyMap<string, StepView> {
    const done = new Map<string, StepView>()
    for (const step of this.#steps.values()) {
      // What began before the plan was known belongs to no plan yet.
      const isOpen = this.#plan === null && step.isEarly
      if (step.isSettled && !isOpen) done.set(step.name, step.view())
    }
    return done
  }

  revisions(): ReadonlyMap<string, number> | undefined {
    return this.#used
  }

  #planned(event: Extract<RunEvent, { type: 'plan-end' }>): void {
    const { document, revision, durationMs, degraded, at } = event
    const before = this.#plan
    this.#planningMs += durationMs
    this.#degraded = joinDegraded(this.#degraded, degraded).degraded
    this.#plan = document
    if (revision !== undefined && before !== null) this.#revise(before, event)
    else if (this.#steps.size > 0) this.#arrange(document, (name) => this.#steps.get(name))
    else for (const step of document.steps) this.#stepOf(step.name).adopt(step)
    this.#planAt = at
  }

  /** What had finished of the plan before, and is in this one too, stands as it is; all else begins anew or is left behind. */
  #revise(before: PlanDocument, { document, revision = 2, reason, at }: Extract<RunEvent, { type: 'plan-end' }>): void {
    this.#revisions ??= [{ revision: revision - 1, document: before, at: this.#planAt }]
    const changes = diffPlans(before, document)
    this.#revisions.push({ revision, ...(reason !== undefined && { reason }), document, changes, at })
    const kept = keptSteps(before, document, changes)
    for (const [name, step] of this.#steps) {
      if (!kept.wasKept.has(name)) step.isSuperseded = true
      else if (!step.isFinished) this.#steps.delete(name)
    }
    this.#arrange(document, (name) => {
      const step = this.#steps.get(kept.nameBefore.get(name) ?? '')
      if (step === undefined || step.name === name) return step
      this.#use(step)
      step.name = name
      return step
    })
  }

  /** The steps of the plan in its order, those that are known as they are; what is not in it comes last. */
  #arrange(document: PlanDocument, known: (name: string) => StepFold | undefined): void {
    const before = new Set(this.#steps.values())
    const steps = new Map<string, StepFold>()
    for (const step of document.steps) {
      const fold = known(step.name) ?? new StepFold(step.name)
      before.delete(fold)
      fold.adopt(step)
      steps.set(step.name, fold)
    }
    for (const step of before) this.#put(step)
    this.#steps = steps
    this.#last = undefined
  }

  #leave(name: string): void {
    const step = this.#steps.get(name)
    if (step === undefined) return
    this.#put(step)
    this.#steps.delete(name)
    this.#last = undefined
    // The first step of the run is one that counts.
    const begun = [...this.#steps.values()].map(({ startedAt }) => startedAt).filter((at) => at !== undefined)
    this.#firstStepAt = begun.sort()[0]
  }

  /** It is none of the plan any more. */
  #put(step: StepFold): void {
    this.#left.push(step)
    this.#use(step)
  }

  /** Whoever bears the name from now on calls with keys of its own. */
  #use({ name, revision }: StepFold): void {
    this.#used ??= new Map()
    this.#used.set(name, Math.max(revision, this.#used.get(name) ?? 0))
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

const msBetween = (from: string | undefined, to: string): number =>
  from === undefined ? 0 : Math.max(0, Date.parse(to) - Date.parse(from))
