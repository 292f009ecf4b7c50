// A run as people watch it: events in, lines out. What is printed stays; the block of steps is drawn anew each time.
import type { PlanWay, RunEvent } from '../../contracts/events.ts'
import type { Response } from '../../contracts/run.ts'
import { isOfPlan } from '../../record/outcome.ts'
import { renderPlanTree } from './plan-tree.ts'
import { createStepLines } from './steps.ts'
import { cleanText, oneLine, type Paint, paintLine, type Span, showDuration } from './text.ts'
import { createWordWrap, wrapText } from './wrap.ts'

export interface RendererOptions {
  readonly paint: Paint
  readonly columns: number
  /** The block of steps is drawn anew (a terminal); else each step is printed once, when it ends. */
  readonly live: boolean
  /** Pieces of the answer are given out as they come; else the whole answer at the end. */
  readonly streamAnswer: boolean
  /** Words of the answer are wrapped at this width; without it lines stay as they are. */
  readonly answerColumns?: number
  /** Lines that the block has room for. */
  readonly maxBlockLines?: number
  /** What stood in for a model that is not configured is said elsewhere. */
  readonly quietWithoutModel?: boolean
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

/** How a plan came about. */
export const WAYS: Readonly<Record<PlanWay, string>> = {
  model: 'written by the model',
  cache: 'from the plan cache',
  local: 'made by the local planner',
  given: 'as given',
}

/** A long request is cut: it is a headline here. */
const MAX_REQUEST_LINES = 4
const MAX_HEAD_COLUMNS = 100
/** In a block that is drawn again and again, more would be noise. */
const MAX_BLOCK_LINES = 16
/** Waits shorter than this show no time. */
const QUIET_MS = 1_000

export function createRenderer(options: RendererOptions): Renderer {
  const { paint, columns, live, streamAnswer, answerColumns, maxBlockLines = MAX_BLOCK_LINES } = options
  const steps = createStepLines({ tree: live, maxLines: Math.min(MAX_BLOCK_LINES, maxBlockLines) })
  const wrap = answerColumns === undefined ? undefined : createWordWrap(answerColumns)
  let phase: 'planning' | 'running' | 'answering' | 'ended' = 'running'
  let since = 0
  let hasAnswered = false

  const waiting = (what: string, now: number): string =>
    paint('dim', `  ${what}…${now - since < QUIET_MS ? '' : ` ${showDuration(now - since)}`}`)
  const block = (now: number): string[] => {
    if (!live) return []
    if (phase === 'planning') return [waiting('planning', now)]
    if (phase !== 'running' || steps.isEmpty) return []
    const lines = steps.lines({ now, paint, columns, live: true })
    return steps.isDone ? [...lines, waiting('answering', now)] : lines
  }
  /** The steps as they ended, once, before the answer; now that there is time to read, also why some had to be saved. */
  const settle = (now: number): string[] => {
    const wasRunning = phase === 'running'
    phase = 'answering'
    if (!wasRunning || steps.isEmpty) return []
    const view = { now, paint, columns }
    return [...(live ? steps.lines({ ...view, live: false }) : []), ...steps.repairs(view), '']
  }
  const header = (request: string): string[] =>
    wrapText(oneLine(request), Math.min(columns, MAX_HEAD_COLUMNS), MAX_REQUEST_LINES).map((line) =>
      paint('bold', line),
    )
  const planLines = (event: Extract<RunEvent, { type: 'plan-end' }>): string[] => {
    const count = event.document.steps.length
    const title = `Plan${event.revision === undefined ? '' : ` ${event.revision}`}  ${count} ${count === 1 ? 'step' : 'steps'}, ${WAYS[event.way]}, in ${showDuration(event.durationMs)}`
    // Why there is none is the answer.
    if (count === 0) return [paint('bold', 'No plan'), '']
    return [
      paintLine([['bold', title]], paint, columns),
      ...(event.reason === undefined
        ? []
        : [paintLine([['yellow', '  ↻'], ` ${oneLine(event.reason)}`], paint, columns)]),
      ...(steps.isTree ? [] : [...renderPlanTree(event.document, paint, columns), '']),
    ]
  }
  const endOf = (response: Response): Drawing => {
    const text = cleanText(response.answer ?? '').trim()
    const footer = renderFooter(response, { paint, columns, quietWithoutModel: options.quietWithoutModel ?? false })
    // Where the answer goes elsewhere, nothing stands between the steps and the footer.
    const gap = live && !streamAnswer ? [] : ['']
    if (hasAnswered) return { answer: `${wrap?.end() ?? ''}\n`, after: [...gap, ...footer] }
    if (text === '') return { after: footer }
    return { answer: `${wrap === undefined ? text : wrap.push(text) + wrap.end()}\n`, after: [...gap, ...footer] }
  }

  return {
    on(event, now) {
      steps.observe(event)
      switch (event.type) {
        case 'run-start':
          return event.request === undefined ? {} : { print: [...header(event.request), ''] }
        case 'plan-start':
          phase = 'planning'
          since = now
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
          since = now
          return { print: live ? [] : [steps.line(event.step, { now, paint, columns })], block: block(now) }
        case 'answer-delta': {
          const print = settle(now)
          if (!streamAnswer) return { print }
          hasAnswered = true
          return { print, answer: wrap === undefined ? cleanText(event.delta) : wrap.push(cleanText(event.delta)) }
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

/** Status and totals in a line; then what the answer does not say: what is missing, errors of the run, which way stood in. */
function renderFooter(
  response: Response,
  { paint, columns, quietWithoutModel }: { paint: Paint; columns: number; quietWithoutModel: boolean },
): string[] {
  const { usage, timings, status } = response
  const steps = response.steps.filter(isOfPlan)
  const attempts = response.steps.reduce((sum, step) => sum + step.attempts.length, 0)
  const facts = [
    showDuration(timings.totalMs),
    `${steps.length} ${steps.length === 1 ? 'step' : 'steps'}`,
    ...(attempts > steps.length ? [`${attempts} calls`] : []),
    usage.modelCalls === 0
      ? 'no model call'
      : `${usage.modelCalls} model ${usage.modelCalls === 1 ? 'call' : 'calls'}, ${usage.inputTokens + usage.outputTokens} tokens`,
  ]
  const shown: Span = isStyled(status) ? [STATUS_STYLE[status], status] : status
  const lines = [paintLine([shown, ['dim', `  ${facts.join(' · ')}`]], paint, columns)]
  for (const missing of (response.missing ?? []).map(oneLine).filter((text) => !(response.answer ?? '').includes(text)))
    lines.push(`  ${paint('yellow', 'missing:')} ${missing}`)
  for (const error of (response.errors ?? []).filter((e) => e.step === undefined)) {
    lines.push(`  ${paint('red', error.code)} ${oneLine(error.message)}`)
  }
  if (response.degraded !== undefined && !(quietWithoutModel && usage.modelCalls === 0))
    lines.push(`  ${paint('yellow', oneLine(response.degraded.way))}: ${oneLine(response.degraded.reason)}`)
  return lines
}
