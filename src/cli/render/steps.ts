// The steps of a run as lines, one a step: state, name, what it calls, time, retries. A fold of events; no clock, no terminal.
import type { RunEvent } from '../../contracts/events.ts'
import type { PlanDocument } from '../../contracts/plan.ts'
import { describeCall, describeStep, layoutPlanTree } from './plan-tree.ts'
import { describeRecovery } from './recovery.ts'
import { displayWidth, oneLine, type Paint, padText, paintLine, type Span, type Style, showDuration } from './text.ts'
import { wrapText } from './wrap.ts'

type State = 'pending' | 'running' | 'retrying' | 'succeeded' | 'failed' | 'skipped' | 'cancelled'

interface StepLine {
  readonly name: string
  /** Its branches in the tree of the plan. */
  lead: string
  what: string
  state: State
  attempts: number
  startedAt: number
  durationMs: number
  note: string
  /** What recovery did, and why; stays when the step succeeds. */
  repair: string
  repairReason: string
  /** In a tree: what it waits for besides the step above it. */
  after: readonly string[]
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
  budget: 'the budget did not reach for it',
  replanned: 'the plan is being thought over',
}
const REPAIRS: Readonly<Record<string, string>> = {
  fill: 'filled in',
  're-resolve': 'corrected',
  fallback: 'fell back',
  equivalent: 'stood in',
}
/** Of a large plan that has ended, only those that did not succeed are shown. */
const MAX_SETTLED = 40

export interface StepLines {
  plan(document: PlanDocument): void
  observe(event: RunEvent): void
  readonly isEmpty: boolean
  /** No step is at work or to come. */
  readonly isDone: boolean
  /** They are few enough to be shown as a tree, each in its place. */
  readonly isTree: boolean
  /** The line of one step; `now` (ms) gives running ones their time. */
  line(name: string, view: LineView): string
  /** All steps, or, when `live` and there are many, those that matter now and a count of the others. */
  lines(view: LineView & { readonly live: boolean }): string[]
  /** Why steps were saved, each in a line or a few. */
  repairs(view: LineView): string[]
}

export interface StepLinesOptions {
  /** Steps are drawn in the tree of the plan, if they are not too many. */
  readonly tree: boolean
  /** At most so many lines while it is drawn again and again; those at work come first. */
  readonly maxLines: number
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
  const waits = step.state === 'pending' && step.after.length > 0 ? `after ${step.after.join(', ')}` : ''
  const note = step.note !== '' ? step.note : step.state === 'succeeded' ? step.repair : waits
  const isTimed = isOpen || step.state === 'succeeded' || step.state === 'failed'
  const spans: Span[] = [
    ['dim', step.lead === '' ? '  ' : step.lead],
    [style, mark],
    ` ${padText(oneLine(step.name), widths.name - displayWidth(step.lead))}  `,
    ['dim', padText(oneLine(step.what), widths.what)],
    isTimed ? `  ${showDuration(Math.max(0, time)).padStart(9)}` : ' '.repeat(11),
    // That it was tried again goes without saying where recovery changed the call.
    ['yellow', step.attempts > 1 && note !== step.repair ? `  ${step.attempts} tries` : ''],
    [step.state === 'failed' ? 'red' : 'dim', note === '' ? '' : `  ${oneLine(note)}`],
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
      if (event.component !== undefined) step.what = describeCall(step.name, event.component, event.action)
      break
    case 'attempt-end':
      if (event.status !== 'failed') break
      step.state = 'retrying'
      step.note = event.error?.message ?? ''
      break
    case 'recovery':
      step.note = describeRecovery(event) || step.note
      break
    case 'step-repair':
      if (REPAIRS[event.way] === undefined) break
      step.repair = REPAIRS[event.way] ?? event.way
      step.repairReason = event.analysis ?? event.reason
      step.note = `${step.repair}: ${event.reason}`
      break
    case 'step-end':
      step.state = event.status
      step.durationMs = event.durationMs
      step.note = ''
      if (event.status === 'failed') step.note = event.error?.message ?? ''
      else if (event.status === 'skipped') step.note = SKIPPED[event.skipReason ?? ''] ?? ''
      else if (event.status === 'cancelled')
        step.note = event.skipReason === 'not-in-plan' ? 'not in the plan' : 'cancelled'
      break
    default:
  }
}

const renderRepair = (step: StepLine, { paint, columns }: LineView): string[] =>
  step.repair === '' || step.state !== 'succeeded'
    ? []
    : wrapText(`  ↻ ${oneLine(step.name)}: ${step.repair}. ${oneLine(step.repairReason)}`, columns, 3).map((line) =>
        paint('dim', line),
      )

const isSettled = ({ state }: StepLine): boolean => state === 'succeeded' || state === 'skipped'

export function createStepLines({ tree, maxLines }: StepLinesOptions): StepLines {
  const steps = new Map<string, StepLine>()
  const widths: Widths = { name: 4, what: 0 }
  const widen = (step: StepLine): void => {
    widths.name = Math.min(40, Math.max(widths.name, displayWidth(step.lead) + displayWidth(step.name)))
    widths.what = Math.min(48, Math.max(widths.what, displayWidth(step.what)))
  }
  const stepOf = (name: string): StepLine => {
    let step = steps.get(name)
    if (step === undefined) {
      step = {
        name,
        lead: '',
        what: '',
        state: 'pending',
        attempts: 0,
        startedAt: 0,
        durationMs: 0,
        note: '',
        repair: '',
        repairReason: '',
        after: [],
      }
      steps.set(name, step)
    }
    return step
  }
  const repairs = (view: LineView): string[] => {
    const all = [...steps.values()].map((step) => renderRepair(step, view)).filter(({ length }) => length > 0)
    const left = all.length - MAX_SETTLED
    const more = left > 0 ? [view.paint('dim', `  ↻ ${left} more steps were saved`)] : []
    return [...all.slice(0, MAX_SETTLED).flat(), ...more]
  }
  return {
    repairs,
    plan(document) {
      const isTree = tree && document.steps.length <= maxLines
      const rows = new Map((isTree ? layoutPlanTree(document) : []).map((row) => [row.step.name, row]))
      // Steps that began while the plan was still being written keep what is known of them; now they get their place.
      const early = new Map(steps)
      steps.clear()
      const byName = new Map(document.steps.map((step) => [step.name, step]))
      for (const name of isTree ? rows.keys() : byName.keys()) {
        const known = early.get(name)
        if (known !== undefined) steps.set(name, known)
        const line = stepOf(name)
        const step = byName.get(name)
        line.lead = rows.get(name)?.lead ?? ''
        line.after = rows.get(name)?.others ?? []
        if (step !== undefined && line.what === '') line.what = describeStep(step)
        widen(line)
      }
      for (const [name, step] of early) if (!steps.has(name)) steps.set(name, step)
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
    get isDone() {
      return [...steps.values()].every(
        (step) => isSettled(step) || step.state === 'failed' || step.state === 'cancelled',
      )
    },
    get isTree() {
      return tree && steps.size <= maxLines
    },
    line: (name, view) => renderStep(stepOf(name), view, widths),
    lines(view) {
      const all = [...steps.values()]
      if (all.length <= (view.live ? maxLines : MAX_SETTLED)) return all.map((step) => renderStep(step, view, widths))
      const shown = [
        ...all.filter((step) => !isSettled(step) && step.state !== 'pending'),
        ...all.filter((s) => s.state === 'pending'),
      ].slice(0, (view.live ? maxLines : MAX_SETTLED) - 1)
      const done = all.filter(isSettled).length
      return [
        ...shown.map((step) => renderStep(step, view, widths)),
        view.paint('dim', `  ${done} of ${all.length} steps done`),
      ]
    },
  }
}
