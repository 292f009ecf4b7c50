// The answer without a model: the most telling values of every step, and once, at the end, what was not answered and why.
import type { JsonValue } from '../../contracts/json.ts'
import type { PlanDocument } from '../../contracts/plan.ts'
import type { Response, StepRecord } from '../../contracts/run.ts'
import { oneLine, type Reading, readValue, showScalar } from './readable.ts'

const MAX_REASON = 300
const MAX_SUBJECT = 48
const MAX_STEPS = 50

/** Reads no clock and asks nobody: the same record gives the same text. */
export function renderTemplate(record: Response): string {
  const done = record.steps.filter((step) => step.status === 'succeeded')
  const failed = record.steps.filter((step) => step.status === 'failed')
  const blocks: string[] = []
  if (done.length === 0 && failed.length > 0)
    blocks.push(`Nothing was found: ${failed.length === 1 ? 'the only call' : `all ${failed.length} calls`} failed.`)
  if (done.length === 0 && failed.length === 0) blocks.push('No step gave a result.')
  const wanted = new Set(words(record.request ?? ''))
  const given = givenInputs(record.plan)
  for (const step of done.slice(0, MAX_STEPS)) blocks.push(renderStep(step, { record, given, wanted }))
  if (done.length > MAX_STEPS) blocks.push(`... and the results of ${done.length - MAX_STEPS} more steps.`)
  const open = notAnswered(record, failed)
  if (open.length > 0) {
    const shown = open.slice(0, MAX_STEPS).map((line) => `  - ${line}`)
    if (open.length > shown.length) shown.push(`    ${open.length - shown.length} more`)
    blocks.push(['Not answered', ...shown].join('\n'))
  }
  return blocks.join('\n\n')
}

/** What failed, what was not run, what is missing: each once. */
function notAnswered(record: Response, failed: readonly StepRecord[]): string[] {
  const idle = record.steps.filter(
    ({ status, skipReason }) => status === 'cancelled' || (status === 'skipped' && skipReason !== 'condition'),
  )
  return [
    ...new Set([
      ...failed.map((step) => `${titleOf(step)}: ${reasonOf(step)}`),
      ...idle.map((step) => `${titleOf(step)}: ${whyNotRun(step)}`),
      ...(record.missing ?? []).map((text) => oneLine(text, MAX_REASON)),
    ]),
  ]
}

const words = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? []

/** The step's name as people read it; that something was fetched goes without saying. */
function titleOf({ name }: StepRecord): string {
  const spoken = name.replace(/[_-]+/g, ' ').trim()
  const short = spoken.replace(/^(?:get|fetch|find|search|lookup|look up|list|show)\s+(?=\S)/i, '')
  return short === '' ? name : short.charAt(0).toUpperCase() + short.slice(1)
}

/** Why a step failed, with the hint that its component gave. */
export function reasonOf({ error }: StepRecord): string {
  const message = oneLine(error?.message ?? '', MAX_REASON)
  if (message === '') return 'no reason was given'
  const given = error?.details?.hint
  const hint = typeof given === 'string' ? oneLine(given, MAX_REASON) : ''
  return hint === '' || message.includes(hint) ? message : `${message.replace(/[^.!?]$/, '$&.')} ${hint}`
}

function whyNotRun({ status, skipReason }: StepRecord): string {
  if (status === 'cancelled') return 'not finished, the time of the run was up'
  if (skipReason === 'dependency-failed') return 'not run, it needs the result of a step that failed'
  if (skipReason === 'run-stopped') return 'not run, the run had been stopped'
  if (skipReason === 'budget') return 'not run, the budget did not reach for it'
  return 'not run, since a step before it was not'
}

/** By step, the inputs as the plan has them: only there it shows what was asked and what another step handed on. */
type GivenInputs = ReadonlyMap<string, JsonValue>
const givenInputs = (plan: PlanDocument | null): GivenInputs =>
  new Map((plan?.steps ?? []).flatMap(({ name, inputs }) => (inputs === undefined ? [] : [[name, inputs] as const])))

interface Scene {
  readonly record: Response
  readonly given: GivenInputs
  readonly wanted: ReadonlySet<string>
}

function renderStep(step: StepRecord, scene: Scene): string {
  const subject = subjectOf(step, scene, 0)
  // The same call for another subject: `stock_quote_2` is told apart by that.
  const title = subject === '' ? titleOf(step) : `${titleOf(step).replace(/ \d+$/, '')} · ${subject}`
  const { output } = step
  if (output === undefined || output === null || output === '') return `${title}: done, without a result`
  const reading: Reading = {
    wanted: scene.wanted,
    given: new Set(plainInputs(step).map(([, value]) => showScalar(value).toLowerCase())),
  }
  const lines = readValue(output, reading)
  if (lines.length === 0) return `${title}: an empty result`
  const [first = ''] = lines
  if (lines.length === 1 && typeof output !== 'object' && title.length + first.length < 76) return `${title}: ${first}`
  return [title, ...lines.map((line) => `  ${line}`.trimEnd())].join('\n')
}

function plainInputs({ inputs }: StepRecord): (readonly [string, JsonValue])[] {
  if (typeof inputs !== 'object' || inputs === null || Array.isArray(inputs)) return []
  return Object.entries(inputs).filter(([, value]) => typeof value !== 'object' && value !== '')
}

const PATH = /^\$\{[\w.[\]-]+\}$/

/**
 * What the step was about, where it is short: `Tesla`, or `100, USD, KRW`. Numbers that another step handed on say nothing to
 * a reader; then it is about what that step was about.
 */
function subjectOf(step: StepRecord, scene: Scene, depth: number): string {
  const planned = scene.given.get(step.name)
  const isHandedOn = (key: string, value: JsonValue): boolean => {
    if (typeof value === 'string' || typeof planned !== 'object' || planned === null || Array.isArray(planned))
      return false
    const source = Object.entries(planned).find(([name]) => name === key)?.[1]
    return typeof source === 'string' && PATH.test(source)
  }
  const values = plainInputs(step)
  const told = values.filter(([key, value]) => !isHandedOn(key, value))
  if (told.length > 0) {
    const text = told.map(([key, value]) => showScalar(value, key)).join(', ')
    return text.length > MAX_SUBJECT ? '' : text
  }
  const before = values.length === 0 || depth > 5 ? undefined : step.dependsOn[0]
  const source = before === undefined ? undefined : scene.record.steps.find(({ name }) => name === before)
  return source === undefined ? '' : subjectOf(source, scene, depth + 1)
}
