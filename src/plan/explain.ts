// A plan for people: what runs when, what everything waits for, what is to be expected of it, and after a run how that
// compares with what happened. Pure: whatever it knows beside the plan is handed in. Linear in steps and edges.
import type { CompiledPlan } from '../contracts/compiled.ts'
import type { Explanation, StepExplanation } from '../contracts/explanation.ts'
import type { Issue } from '../contracts/plan.ts'
import type { Response } from '../contracts/run.ts'
import { actualOf, actualOfRun, readyAtOf, recordsOf, withoutRun } from './explain/actual.ts'
import { criticalPathOf, expectedTime, limitsOf, sumRanges, unknownTimesOf } from './explain/estimate.ts'
import type { ExplainFacts } from './explain/facts.ts'
import { writeMermaid } from './explain/mermaid.ts'
import { createTroubleOf, namesOf, type StepSketch, sketchStep } from './explain/steps.ts'
import { writeText } from './explain/text.ts'
import { sortTopologically, stagesOf } from './graph.ts'

export type { ExplainFacts } from './explain/facts.ts'

export interface ExplainOptions {
  /** Absent: the graph alone is explained. */
  readonly facts?: ExplainFacts
  readonly issues?: readonly Issue[]
  /** A run of this plan, as far as it has come. */
  readonly run?: Response
}

/**
 * Explains a plan, before a run or after one. The plan may have faults: steps of a cycle then stand in the first stage.
 */
export function explainPlan(plan: CompiledPlan, { facts: given, issues = [], run }: ExplainOptions = {}): Explanation {
  const facts = given === undefined || run === undefined ? given : { ...given, history: withoutRun(given.history, run) }
  const trouble = createTroubleOf(facts)
  const sketches = plan.steps.map((step) => sketchStep(step, facts, trouble))
  const dependencies = plan.steps.map((step) => step.dependencies)
  const graph = { dependencies, order: sortTopologically(plan) }
  const stageOf = stagesOf(dependencies, graph.order)
  const stages: string[][] = []
  for (const { index, name } of plan.steps) (stages[stageOf[index] ?? 0] ??= []).push(name)
  const critical = criticalPathOf(plan, graph, sketches)
  const steps = finishSteps(plan, { sketches, stageOf, critical: new Set(critical), run })
  const unknownTimes = unknownTimesOf(sketches)
  const expectedMs = facts !== undefined && unknownTimes.length === 0 ? expectedTime(graph, sketches, facts) : undefined
  const answers = facts?.isAnswered === true && steps.length > 0 ? 1 : 0
  const answerCost = answers === 0 ? undefined : facts?.model('synthesize')?.cost
  const cost = sumRanges([
    ...sketches.map((sketch) => sketch.cost),
    answerCost === undefined ? undefined : { low: answerCost, high: answerCost },
  ])
  const ofSteps = sumRanges(sketches.map(({ modelCalls }) => modelCalls)) ?? { low: 0, high: 0 }
  const modelCalls = { low: ofSteps.low + answers, high: ofSteps.high + answers }
  const explanation = {
    stages,
    criticalPath: namesOf(plan, critical),
    edges: steps.flatMap(({ name: to, dependsOn }) => dependsOn.map((from) => ({ from, to }))),
    maxParallelism: stages.reduce((most, stage) => Math.max(most, stage.length), 0),
    steps,
    ...(expectedMs !== undefined && { expectedMs }),
    unknownTimes,
    ...(cost !== undefined && { cost }),
    modelCalls,
    sideEffects: steps.filter(({ effect }) => effect === 'write' || effect === 'unknown').map(({ name }) => name),
    approvals: steps.filter(({ asksApproval }) => asksApproval === true).map(({ name }) => name),
    limits: facts === undefined ? [] : limitsOf(plan, sketches, stageOf, facts),
    issues,
    ...(run !== undefined && {
      actual: actualOfRun(run, { modelCalls, ...(expectedMs !== undefined && { expectedMs }) }, steps),
    }),
  }
  return {
    ...explanation,
    text: writeText(plan, explanation, facts !== undefined),
    mermaid: writeMermaid(steps),
  }
}

function finishSteps(
  plan: CompiledPlan,
  {
    sketches,
    stageOf,
    critical,
    run,
  }: {
    readonly sketches: readonly StepSketch[]
    readonly stageOf: Int32Array
    readonly critical: ReadonlySet<number>
    readonly run: Response | undefined
  },
): StepExplanation[] {
  const records = run === undefined ? undefined : recordsOf(run)
  return sketches.map((sketch, index) => {
    const { likely: _likely, ownMs: _ownMs, ...told } = sketch
    const dependsOn = namesOf(plan, plan.steps[index]?.dependencies ?? [])
    const record = records?.get(sketch.name)
    return {
      ...told,
      dependsOn,
      stage: (stageOf[index] ?? 0) + 1,
      isCritical: critical.has(index),
      ...(records !== undefined && record !== undefined && { actual: actualOf(record, readyAtOf(dependsOn, records)) }),
    }
  })
}
