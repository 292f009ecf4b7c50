// How long a plan takes: along its longest chain, and never less than its work takes within the limits that bound it.

import type { CompiledPlan, CompiledStep } from '../../contracts/compiled.ts'
import type { AmountRange, LimitExplanation, TimeRange } from '../../contracts/explanation.ts'
import { type Dependencies, longestPath } from '../graph.ts'
import type { ExplainFacts } from './facts.ts'
import type { StepSketch } from './steps.ts'

/** What a step without a time of its own may take, ms. */
const DEFAULT_STEP_MS = 30_000

/** What a step allows itself, ms: all there is to go by while nothing of the plan was ever called. */
function allowedMs({ step }: CompiledStep): number {
  if (step.wait !== undefined) return 'forMs' in step.wait ? step.wait.forMs : (step.wait.timeoutMs ?? DEFAULT_STEP_MS)
  if (step.type === 'gate' || step.type === 'transform') return 1
  return step.deadlineMs ?? step.timeoutMs ?? DEFAULT_STEP_MS
}

/** Indices of the steps that everything takes as long as. A step of which nothing is known counts as much as the others do on average. */
export function criticalPathOf(
  plan: CompiledPlan,
  { dependencies, order }: { readonly dependencies: Dependencies; readonly order: Int32Array },
  sketches: readonly StepSketch[],
): number[] {
  const learnt = sketches.filter(({ history, expectedMs }) => history !== undefined && expectedMs !== undefined)
  if (learnt.length === 0)
    return longestPath(dependencies, order, (i) => (plan.steps[i] === undefined ? 0 : allowedMs(plan.steps[i])))
  const mean = learnt.reduce((sum, { expectedMs }) => sum + (expectedMs?.typical ?? 0), 0) / learnt.length
  return longestPath(dependencies, order, (i) => {
    const { expectedMs, ownMs } = sketches[i] ?? {}
    // Steps without a time of their own still come after what they wait for.
    return Math.max(0.001, expectedMs?.typical ?? ownMs ?? mean)
  })
}

/** Steps that take time, and of which it is not known how much. */
export const unknownTimesOf = (sketches: readonly StepSketch[]): string[] =>
  sketches.filter(({ expectedMs, ownMs }) => expectedMs === undefined && ownMs === undefined).map(({ name }) => name)

/** All steps together; those of which nothing is known count nothing. */
export function expectedTime(
  graph: { readonly dependencies: Dependencies; readonly order: Int32Array },
  sketches: readonly StepSketch[],
  facts: ExplainFacts,
): TimeRange {
  const along = (pick: keyof TimeRange): number => {
    const timeOf = (i: number): number => sketches[i]?.expectedMs?.[pick] ?? 0
    const chain = longestPath(graph.dependencies, graph.order, timeOf).reduce((sum, i) => sum + timeOf(i), 0)
    return Math.max(chain, leastByLimits(sketches, facts, pick))
  }
  return { low: along('low'), typical: along('typical'), high: along('high') }
}

const limitOf = (component: string, { policyOf, settings }: ExplainFacts): number =>
  policyOf(component)?.maxConcurrency ?? settings.executor.componentConcurrency

/** So much work takes at least so long when only so much of it goes on at once. */
function leastByLimits(sketches: readonly StepSketch[], facts: ExplainFacts, pick: keyof TimeRange): number {
  let all = 0
  const byComponent = new Map<string, number>()
  for (const { type, expectedMs, likely } of sketches) {
    // Who waits holds no slot.
    if (expectedMs === undefined || type === 'wait') continue
    all += expectedMs[pick]
    if (likely !== undefined) byComponent.set(likely, (byComponent.get(likely) ?? 0) + expectedMs[pick])
  }
  let least = all / facts.settings.executor.maxConcurrency
  for (const [component, sum] of byComponent) least = Math.max(least, sum / limitOf(component, facts))
  return least
}

/** @returns the limits that steps of one stage reach together */
export function limitsOf(
  plan: CompiledPlan,
  sketches: readonly StepSketch[],
  stageOf: Int32Array,
  facts: ExplainFacts,
): LimitExplanation[] {
  const { executor, resources } = facts.settings
  const tally = createTally()
  const take = (amounts: Readonly<Record<string, number>> | undefined, stage: number): void => {
    for (const [name, amount] of Object.entries(amounts ?? {})) {
      const limit = Object.hasOwn(resources.inventory, name) ? resources.inventory[name] : undefined
      if (limit !== undefined) tally.add(tally.use('resource', name, limit), stage, amount)
    }
  }
  for (const { index, step } of plan.steps) {
    const stage = stageOf[index] ?? 0
    const likely = sketches[index]?.likely
    if (step.type === 'call' || step.type === 'ai-generate')
      tally.add(tally.use('run', '', executor.maxConcurrency), stage, 1)
    if (likely !== undefined) {
      tally.add(tally.use('component', likely, limitOf(likely, facts)), stage, 1)
      take(facts.policyOf(likely)?.resources, stage)
    }
    if (step.concurrency !== undefined)
      tally.add(tally.use('concurrency', step.concurrency.key, step.concurrency.limit), stage, 1)
    take(step.resources, stage)
  }
  return tally.reached()
}

interface Use {
  readonly kind: LimitExplanation['kind']
  readonly name: string
  limit: number
  /** Together, by stage. */
  readonly sums: number[]
}

interface Tally {
  use(kind: Use['kind'], name: string, limit: number): Use
  add(use: Use, stage: number, amount: number): void
  reached(): LimitExplanation[]
}

function createTally(): Tally {
  const uses: Readonly<Record<Use['kind'], Map<string, Use>>> = {
    run: new Map(),
    component: new Map(),
    concurrency: new Map(),
    resource: new Map(),
  }
  return {
    use(kind, name, limit) {
      const known = uses[kind].get(name) ?? { kind, name, limit, sums: [] }
      uses[kind].set(name, known)
      // Of two limits under one key the smaller one holds.
      known.limit = Math.min(known.limit, limit)
      return known
    },
    add({ sums }, stage, amount) {
      sums[stage] = (sums[stage] ?? 0) + amount
    },
    reached: () =>
      Object.values(uses)
        .flatMap((byName) => [...byName.values()])
        .map(({ kind, name, limit, sums }) => ({
          kind,
          name,
          limit,
          wanted: sums.reduce((most, sum) => Math.max(most, sum), 0),
        }))
        .filter(({ limit, wanted }) => wanted > limit),
  }
}

/** Sums of ranges; undefined when none is known. */
export function sumRanges(ranges: Iterable<AmountRange | undefined>): AmountRange | undefined {
  let sum: AmountRange | undefined
  for (const range of ranges)
    if (range !== undefined) sum = { low: (sum?.low ?? 0) + range.low, high: (sum?.high ?? 0) + range.high }
  return sum
}
