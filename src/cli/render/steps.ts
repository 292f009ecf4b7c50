// The steps of a run as lines, one a step: state, name, what it calls, time, retries. A fold of events; no clock, no terminal.
import type { RunEvent } from '../../contracts/events.ts'
import type { PlanDocument } from '../../contracts/plan.ts'
import { describeStep } from './plan-tree.ts'
import { displayWidth, oneLine, type Paint, padText, paintLine, type Span, type Style, showDuration } from './text.ts'

type State = 'pending' | 'running' | 'retrying' | 'succeeded' | 'failed' | 'skipped' | 'cancelled'

interface StepLine {
  readonly name: string
  what: string
  state: State
  attempts: number
  startedAt: number
  durationMs: number
  note: string
}

const MARKS: Readonly<Record<State, readonly [Style, string]>> = {
  pending: ['dim', '·'],
  running: ['cyan', '▸'],
  retrying: ['yellow', '↻'],
  succeeded: ['green', '✓'],
  failed: ['red', '✗'],
  skipped: ['dim', '–'],
  cancelled: ['yellow', '–'],
}
const SKIPPED: Readonly<Record<string, string>> = {
  condition: 'its condition is false',
  'dependency-failed': 'a step before it failed',
  'dependency-skipped': 'the steps before it were skipped',
  'run-stopped': 'the run was stopped',
}
/** In a block that is drawn again and again, those at work come first. */
const MAX_LIVE = 16

export interface StepLines {
  plan(document: PlanDocument): void
  observe(event: RunEvent): void
  readonly isEmpty: boolean
  /** The line of one step; `now` (ms) gives running ones their time. */
  line(name: string, view: LineView): string
  /** All steps, or, when `live` and there are many, those that matter now and a count of the others. */
  lines(view: LineView & { readonly live: boolean }): string[]
}

export interface LineView {
  readonly now: number
  readonly paint: Paint
  readonly columns: number
}

interface Widths {
  name: number
  what: number
}

function renderStep(step: StepLine, { now, paint, columns }: LineView, widths: Widths): string {
  const [style, mark] = MARKS[step.state]
  const isOpen = step.state === 'running' || step.state === 'retrying'
  const time = isOpen ? now - step.startedAt : step.durationMs
  const isTimed = isOpen || step.state === 'succeeded' || step.state === 'failed'
  const spans: Span[] = [
    '  ',
    [style, mark],
    ` ${padText(oneLine(step.name), widths.name)}  `,
    ['dim', padText(oneLine(step.what), widths.what)],
    isTimed ? `  ${showDuration(Math.max(0, time)).padStart(9)}` : ' '.repeat(11),
    ['yellow', step.attempts > 1 ? `  ↻ ${step.attempts - 1}` : ''],
    [step.state === 'failed' ? 'red' : 'dim', step.note === '' ? '' : `  ${oneLine(step.note)}`],
  ]
  return paintLine(spans, paint, columns)
}

/** What an event makes of its step. */
function advance(step: StepLine, event: RunEvent): void {
  switch (event.type) {
    case 'step-start':
      step.state = 'running'
      step.startedAt = Date.parse(event.at)
      break
    case 'attempt-start':
      step.attempts++
      step.state = 'running'
      step.note = ''
      if (event.component !== undefined) step.what = `${event.component} ${event.action ?? ''}`.trim()
      break
    case 'attempt-end':
      if (event.status !== 'failed') break
      step.state = 'retrying'
      step.note = event.error?.message ?? ''
      break
    case 'step-repair':
      step.note = `${event.way}: ${event.reason}`
      break
    case 'step-end':
      step.state = event.status
      step.durationMs = event.durationMs
      if (event.status === 'failed') step.note = event.error?.message ?? ''
      else if (event.status === 'skipped') step.note = SKIPPED[event.skipReason ?? ''] ?? ''
      else if (event.status === 'cancelled') step.note = 'cancelled'
      break
    default:
  }
}

export function createStepLines(): StepLines {
  const steps = new Map<string, StepLine>()
  const widths: Widths = { name: 4, what: 4 }
  const widen = (step: StepLine): void => {
    widths.name = Math.min(28, Math.max(widths.name, displayWidth(step.name)))
    widths.what = Math.min(48, Math.max(widths.what, displayWidth(step.what)))
  }
  const stepOf = (name: string): StepLine => {
    let step = steps.get(name)
    if (step === undefined) {
      step = { name, what: '', state: 'pending', attempts: 0, startedAt: 0, durationMs: 0, note: '' }
      steps.set(name, step)
    }
    return step
  }
  return {
    plan(document) {
      for (const step of document.steps) {
        const line = stepOf(step.name)
        line.what = describeStep(step)
        widen(line)
      }
    },
    observe(event) {
      if (!('step' in event) || event.step === undefined) return
      const step = stepOf(event.step)
      advance(step, event)
      widen(step)
    },
    get isEmpty() {
      return steps.size === 0
    },
    line: (name, view) => renderStep(stepOf(name), view, widths),
    lines(view) {
      const all = [...steps.values()]
      if (!view.live || all.length <= MAX_LIVE) return all.map((step) => renderStep(step, view, widths))
      const isDone = (step: StepLine): boolean => step.state === 'succeeded' || step.state === 'skipped'
      const shown = [
        ...all.filter((step) => !isDone(step) && step.state !== 'pending'),
        ...all.filter((s) => s.state === 'pending'),
      ].slice(0, MAX_LIVE - 1)
      const done = all.filter(isDone).length
      return [
        ...shown.map((step) => renderStep(step, view, widths)),
        view.paint('dim', `  ${done} of ${all.length} steps done`),
      ]
    },
  }
}
