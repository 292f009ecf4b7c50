// An explanation for people: the plan as a small tree by stages, and below it what is to be expected and what happened.
import type { Effect } from '../../contracts/capability.ts'
import type { CompiledPlan } from '../../contracts/compiled.ts'
import type { Explanation, LimitExplanation, StepExplanation, StepTrouble } from '../../contracts/explanation.ts'
import { formatDuration } from '../../util/duration.ts'
import { inAmounts, inNames, inTime, inTimes } from './words.ts'

/** Longer plans are told by their numbers. */
const MAX_LINES = 500

export type Untold = Omit<Explanation, 'text' | 'mermaid'>

/** @param isForecast something is known beside the plan, so that it can be said what is to be expected */
export function writeText(plan: CompiledPlan, explanation: Untold, isForecast: boolean): string {
  const lines = [...writeTree(plan, explanation), ...writePath(explanation.criticalPath)]
  if (isForecast) lines.push(...writeForecast(explanation))
  if (explanation.actual !== undefined) lines.push(...writeActual(explanation.actual))
  return lines.join('\n')
}

function writeTree({ document, steps: compiled, indexOf }: CompiledPlan, { stages, steps }: Untold): string[] {
  const lines: string[] = []
  const title = document.name ?? 'plan'
  const count = `${compiled.length} ${compiled.length === 1 ? 'step' : 'steps'}, ${stages.length} ${stages.length === 1 ? 'stage' : 'stages'}`
  lines.push(`${title}${document.version === undefined ? '' : ` ${document.version}`} (${count})`)
  if (compiled.length === 0 && document.reason !== undefined) lines.push(`└── ${document.reason}`)
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
      const index = indexOf.get(name) ?? 0
      const [step, explained] = [compiled[index]?.step, steps[index]]
      if (step !== undefined && explained !== undefined)
        lines.push(`${bar}${k === names.length - 1 ? '└──' : '├──'} ${describeStep(step, explained)}`)
    }
  }
  return lines
}

const EFFECTS: Readonly<Record<Effect, string>> = { read: 'reads', write: 'writes', unknown: 'may write' }

const TROUBLES: Readonly<Record<StepTrouble, string>> = {
  'unknown-component': 'no such component',
  'unknown-action': 'no such action',
  unhealthy: 'no healthy instance',
  'breaker-open': 'breaker open',
  'breaker-half-open': 'breaker half-open',
  'no-model': 'no model',
}

function describeStep(step: CompiledPlan['document']['steps'][number], explained: StepExplanation): string {
  const { what, effect, trouble, asksApproval, history, expectedMs, dependsOn, actual } = explained
  const parts = [`${step.name}: ${what}`]
  if (trouble !== undefined) parts.push(TROUBLES[trouble].toUpperCase())
  if (effect !== undefined) parts.push(EFFECTS[effect])
  if (asksApproval === true) parts.push('asks for approval')
  if (dependsOn.length > 0) parts.push(`after ${dependsOn.join(', ')}`)
  if (step.if !== undefined) parts.push(`if ${step.if}`)
  if (step.timeoutMs !== undefined) parts.push(`timeout ${formatDuration(step.timeoutMs)}`)
  if (step.priority !== undefined) parts.push(`priority ${step.priority}`)
  if (step.optional === true) parts.push('optional')
  if (step.concurrency !== undefined)
    parts.push(`at most ${step.concurrency.limit} of "${step.concurrency.key}" at once`)
  const needs = Object.entries(step.resources ?? {}).map(([name, amount]) => `${amount} ${name}`)
  if (needs.length > 0) parts.push(`takes ${needs.join(', ')}`)
  if (actual !== undefined) parts.push(describeActual(actual))
  if (history !== undefined && expectedMs !== undefined)
    parts.push(`${actual === undefined ? 'usually' : 'expected'} ${inTime(expectedMs.typical)}`)
  return parts.join('; ')
}

function describeActual({ status, durationMs, attempts }: NonNullable<StepExplanation['actual']>): string {
  const time = durationMs === undefined ? '' : ` ${status === 'running' ? 'for' : 'in'} ${inTime(durationMs)}`
  return `${status}${time}${attempts > 1 ? ` (${attempts} attempts)` : ''}`
}

function writePath(criticalPath: readonly string[]): string[] {
  if (criticalPath.length === 0) return []
  const shown = criticalPath.length > 20 ? [...criticalPath.slice(0, 18), '…', ...criticalPath.slice(-1)] : criticalPath
  return [`critical path: ${shown.join(' → ')}`]
}

function writeForecast(explanation: Untold): string[] {
  const { steps, maxParallelism, cost, modelCalls, sideEffects, approvals, limits, issues } = explanation
  if (steps.length === 0) return []
  const lines = [`at most at once: ${maxParallelism}`, `time: ${forecastTime(explanation)}`]
  if (cost !== undefined) lines.push(`cost: ${inAmounts(cost)}`)
  lines.push(`model calls: ${inAmounts(modelCalls)}`)
  lines.push(`side effects: ${describeEffects(sideEffects, steps)}`)
  if (approvals.length > 0) lines.push(`asks for approval: ${inNames(approvals)}`)
  for (const limit of limits.slice(0, MAX_LISTED)) lines.push(`limit: ${describeLimit(limit)}`)
  const troubled = steps.flatMap(({ name, trouble }) =>
    trouble === undefined ? [] : [`${name} (${TROUBLES[trouble]})`],
  )
  if (troubled.length > 0) lines.push(`trouble: ${inNames(troubled)}`)
  for (const { severity, message } of issues.slice(0, MAX_LISTED)) lines.push(`${severity}: ${message}`)
  if (issues.length > MAX_LISTED) lines.push(`${issues.length - MAX_LISTED} more issues`)
  return lines
}

/** What nobody knows the effect of is not called harmless. */
function describeEffects(sideEffects: readonly string[], steps: readonly StepExplanation[]): string {
  const unknown = steps.flatMap(({ name, type, effect }) => (type === 'call' && effect === undefined ? [name] : []))
  const told = [
    ...(sideEffects.length > 0 ? [inNames(sideEffects)] : []),
    ...(unknown.length > 0 ? [`unknown of ${inNames(unknown)}`] : []),
  ]
  return told.length === 0 ? 'none, all steps only read' : told.join('; ')
}

const MAX_LISTED = 10

function forecastTime({ expectedMs, unknownTimes, steps }: Untold): string {
  if (expectedMs !== undefined) return `${inTimes(expectedMs)}, by earlier calls`
  if (unknownTimes.length === steps.length) return 'unknown, nothing of it was called before'
  return `unknown, for nothing is known of ${inNames(unknownTimes)}`
}

function describeLimit({ kind, name, limit, wanted }: LimitExplanation): string {
  const of = { run: 'steps of a run', component: `calls of ${name}`, concurrency: `"${name}"`, resource: name }[kind]
  return `${limit} ${of} at once, ${wanted} wanted`
}

const writeActual = ({
  runId,
  status,
  executionMs,
  totalMs,
  modelCalls,
  drift,
}: NonNullable<Untold['actual']>): string[] => [
  `run ${runId}: ${status}, steps ${inTime(executionMs)}, in all ${inTime(totalMs)}, model calls ${modelCalls}`,
  ...drift.map((sentence) => `drift: ${sentence}`),
]
