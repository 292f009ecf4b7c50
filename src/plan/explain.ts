// A plan for people: what runs when, what everything waits for, and which chain of steps the whole takes.
import type { Explanation } from '../contracts/api.ts'
import type { CompiledPlan, CompiledStep } from '../contracts/compiled.ts'
import { formatDuration } from '../util/duration.ts'
import { longestPath, sortTopologically, stagesOf } from './graph.ts'

/**
 * Stages, edges and the critical path: the chain with the most steps, or, where steps say how long they may take, the one
 * whose timeouts and waits add up to most.
 */
export function explainPlan(plan: CompiledPlan): Explanation {
  const { steps } = plan
  const dependencies = steps.map((step) => step.dependencies)
  const order = sortTopologically(plan)
  const stageOf = stagesOf(dependencies, order)
  const stages: string[][] = []
  for (const { index, name } of steps) (stages[stageOf[index] ?? 0] ??= []).push(name)
  const nameOf = (index: number): string => steps[index]?.name ?? ''
  const criticalPath = longestPath(dependencies, order, (index) => expectedMs(steps[index])).map(nameOf)
  const edges = steps.flatMap(({ dependencies: from, name }) =>
    from.map((index) => ({ from: nameOf(index), to: name })),
  )
  return {
    stages,
    criticalPath,
    edges,
    maxParallelism: stages.reduce((most, stage) => Math.max(most, stage.length), 0),
    text: writeTree(plan, stages, criticalPath),
  }
}

/** What a step without a time of its own counts for, ms. */
const DEFAULT_STEP_MS = 30_000

function expectedMs(compiled: CompiledStep | undefined): number {
  if (compiled === undefined) return 0
  const { step } = compiled
  if (step.wait !== undefined) return 'forMs' in step.wait ? step.wait.forMs : (step.wait.timeoutMs ?? DEFAULT_STEP_MS)
  if (step.type === 'gate' || step.type === 'transform') return 1
  return step.deadlineMs ?? step.timeoutMs ?? DEFAULT_STEP_MS
}

/** Longer plans are told by their numbers. */
const MAX_LINES = 500

function writeTree(
  plan: CompiledPlan,
  stages: readonly (readonly string[])[],
  criticalPath: readonly string[],
): string {
  const { document, steps, indexOf } = plan
  const lines: string[] = []
  const title = document.name ?? 'plan'
  const count = `${steps.length} ${steps.length === 1 ? 'step' : 'steps'}, ${stages.length} ${stages.length === 1 ? 'stage' : 'stages'}`
  lines.push(`${title}${document.version === undefined ? '' : ` ${document.version}`} (${count})`)
  if (steps.length === 0 && document.reason !== undefined) lines.push(`└── ${document.reason}`)
  for (const [i, names] of stages.entries()) {
    if (lines.length > MAX_LINES) {
      lines.push(`└── … ${stages.length - i} more stages`)
      break
    }
    const isLastStage = i === stages.length - 1
    lines.push(`${isLastStage ? '└──' : '├──'} stage ${i + 1}`)
    const bar = isLastStage ? '    ' : '│   '
    for (const [k, name] of names.entries()) {
      if (lines.length > MAX_LINES) {
        lines.push(`${bar}└── … ${names.length - k} more steps`)
        break
      }
      const step = steps[indexOf.get(name) ?? 0]
      if (step !== undefined) lines.push(`${bar}${k === names.length - 1 ? '└──' : '├──'} ${describeStep(step, plan)}`)
    }
  }
  if (criticalPath.length > 0) {
    const shown =
      criticalPath.length > 20 ? [...criticalPath.slice(0, 18), '…', ...criticalPath.slice(-1)] : criticalPath
    lines.push(`critical path: ${shown.join(' → ')}`)
  }
  return lines.join('\n')
}

function describeStep({ step, dependencies }: CompiledStep, plan: CompiledPlan): string {
  const parts = [`${step.name}: ${whatItDoes(step)}`]
  if (dependencies.length > 0) parts.push(`after ${dependencies.map((i) => plan.steps[i]?.name ?? '').join(', ')}`)
  if (step.if !== undefined) parts.push(`if ${step.if}`)
  if (step.timeoutMs !== undefined) parts.push(`timeout ${formatDuration(step.timeoutMs)}`)
  if (step.priority !== undefined) parts.push(`priority ${step.priority}`)
  if (step.optional === true) parts.push('optional')
  if (step.concurrency !== undefined)
    parts.push(`at most ${step.concurrency.limit} of "${step.concurrency.key}" at once`)
  const needs = Object.entries(step.resources ?? {}).map(([name, amount]) => `${amount} ${name}`)
  if (needs.length > 0) parts.push(`takes ${needs.join(', ')}`)
  return parts.join('; ')
}

function whatItDoes(step: CompiledStep['step']): string {
  switch (step.type) {
    case 'call':
      return step.component === undefined
        ? `any component that offers ${step.capability ?? step.action ?? ''}`
        : step.component + (step.action === undefined ? '' : `/${step.action}`)
    case 'wait': {
      if (step.wait === undefined) return 'wait'
      return 'forMs' in step.wait ? `wait ${formatDuration(step.wait.forMs)}` : `wait until ${step.wait.until}`
    }
    case 'ai-generate':
    case 'transform':
    case 'gate':
      return step.type
  }
}
