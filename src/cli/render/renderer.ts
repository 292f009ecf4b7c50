// A run as people watch it: events in, lines out. What is printed stays; the block of steps is drawn anew each time.
import type { RunEvent } from '../../contracts/events.ts'
import type { Response } from '../../contracts/run.ts'
import { renderPlanTree } from './plan-tree.ts'
import { createStepLines } from './steps.ts'
import { cleanText, oneLine, type Paint, paintLine, showDuration } from './text.ts'

export interface RendererOptions {
  readonly paint: Paint
  readonly columns: number
  /** The block of steps is drawn anew (a terminal); else each step is printed once, when it ends. */
  readonly live: boolean
  /** Pieces of the answer are given out as they come; else the whole answer at the end. */
  readonly streamAnswer: boolean
}

/** In this order: lines that stay, a piece of the answer (for the results), lines after it; `block` replaces the block before. */
export interface Drawing {
  readonly print?: readonly string[]
  readonly answer?: string
  readonly after?: readonly string[]
  readonly block?: readonly string[]
}

export interface Renderer {
  /** @param now milliseconds, for the times of running steps */
  on(event: RunEvent, now: number): Drawing
  /** The block again, with later times. */
  tick(now: number): readonly string[]
}

const WAYS: Readonly<Record<string, string>> = {
  model: 'written by the model',
  cache: 'from the plan cache',
  local: 'made by the local planner',
  given: 'as given',
}

export function createRenderer({ paint, columns, live, streamAnswer }: RendererOptions): Renderer {
  const steps = createStepLines()
  let phase: 'planning' | 'running' | 'answering' | 'ended' = 'running'
  let hasAnswered = false

  const block = (now: number): string[] => {
    if (!live) return []
    if (phase === 'planning') return [paint('dim', '  planning…')]
    return phase === 'running' && !steps.isEmpty ? steps.lines({ now, paint, columns, live: true }) : []
  }
  /** The steps as they ended, once, before the answer. */
  const settle = (now: number): string[] => {
    const wasRunning = phase === 'running'
    phase = 'answering'
    if (!live || !wasRunning || steps.isEmpty) return []
    return [...steps.lines({ now, paint, columns, live: false }), '']
  }
  const planLines = (event: Extract<RunEvent, { type: 'plan-end' }>): string[] => {
    const count = event.document.steps.length
    const title = `Plan  ${count} ${count === 1 ? 'step' : 'steps'}, ${WAYS[event.way] ?? event.way}, in ${showDuration(event.durationMs)}`
    if (count === 0)
      return [paint('bold', 'No plan'), `  ${oneLine(event.document.reason ?? 'Nothing fits the request.')}`, '']
    return [paint('bold', title), ...renderPlanTree(event.document, paint, columns), '']
  }
  const endOf = (response: Response): Drawing => {
    const text = cleanText(response.answer ?? '').trim()
    const footer = renderFooter(response, paint)
    if (hasAnswered) return { answer: '\n', after: ['', ...footer] }
    return text === '' ? { after: footer } : { answer: `${text}\n`, after: ['', ...footer] }
  }

  return {
    on(event, now) {
      steps.observe(event)
      switch (event.type) {
        case 'run-start':
          return event.request === undefined ? {} : { print: [paint('bold', oneLine(event.request)), ''] }
        case 'plan-start':
          phase = 'planning'
          return { block: block(now) }
        case 'plan-invalid': {
          const line = (message: string): string =>
            paintLine(['  ', ['yellow', '↻'], ` ${oneLine(message)}`], paint, columns)
          return { print: event.issues.map((issue) => line(issue.message)), block: block(now) }
        }
        case 'plan-end':
          phase = 'running'
          steps.plan(event.document)
          return { print: planLines(event), block: block(now) }
        case 'step-end':
          return { print: live ? [] : [steps.line(event.step, { now, paint, columns })], block: block(now) }
        case 'answer-delta': {
          const print = settle(now)
          if (!streamAnswer) return { print }
          hasAnswered = true
          return { print, answer: cleanText(event.delta) }
        }
        case 'run-end': {
          const print = settle(now)
          phase = 'ended'
          return { print, ...endOf(event.response) }
        }
        default:
          return { block: block(now) }
      }
    },
    tick: block,
  }
}

const STATUS_STYLE = { succeeded: 'green', partial: 'yellow', failed: 'red', cancelled: 'yellow' } as const
const isStyled = (status: string): status is keyof typeof STATUS_STYLE => Object.hasOwn(STATUS_STYLE, status)

/** Status, times, calls, tokens; what is missing; which way stood in for what was away. */
export function renderFooter(response: Response, paint: Paint): string[] {
  const { usage, timings, steps, status } = response
  const attempts = steps.reduce((sum, step) => sum + step.attempts.length, 0)
  const facts = [
    showDuration(timings.totalMs),
    `${steps.length} ${steps.length === 1 ? 'step' : 'steps'}`,
    `${attempts} ${attempts === 1 ? 'call' : 'calls'}`,
    usage.modelCalls === 0
      ? 'no model call'
      : `${usage.modelCalls} model ${usage.modelCalls === 1 ? 'call' : 'calls'}, ${usage.inputTokens + usage.outputTokens} tokens`,
  ]
  const painted = isStyled(status) ? paint(STATUS_STYLE[status], status) : status
  const lines = [`${painted}${paint('dim', `  ${facts.join(' · ')}  ${response.runId}`)}`]
  for (const missing of response.missing ?? []) lines.push(`  ${paint('yellow', 'missing:')} ${oneLine(missing)}`)
  for (const error of (response.errors ?? []).filter((e) => e.step === undefined)) {
    lines.push(`  ${paint('red', error.code)} ${oneLine(error.message)}`)
  }
  if (response.degraded !== undefined)
    lines.push(
      `  ${paint('yellow', `degraded (${oneLine(response.degraded.way)})`)} ${oneLine(response.degraded.reason)}`,
    )
  return lines
}
