// The answer without a model: what every step found, as short readable blocks, and plainly what failed or is missing.
import type { JsonValue } from '../../contracts/json.ts'
import type { Response, StepRecord } from '../../contracts/run.ts'
import { stringifyJson } from '../../util/json.ts'
import { truncateText } from '../../util/text.ts'

const MAX_LINES = 12
const MAX_ITEMS = 5
const MAX_TEXT = 200
const MAX_REASON = 300
const MAX_STEPS = 50

/** Reads no clock and asks nobody: the same record gives the same text. */
export function renderTemplate(record: Response): string {
  const done = record.steps.filter((step) => step.status === 'succeeded')
  const failed = record.steps.filter((step) => step.status === 'failed')
  const idle = record.steps.filter((step) => step.status === 'skipped' && step.skipReason !== 'condition')
  const blocks: string[] = []
  if (done.length === 0 && failed.length > 0)
    blocks.push(`Nothing was found: ${failed.length === 1 ? 'the only call' : `all ${failed.length} calls`} failed.`)
  if (done.length === 0 && failed.length === 0) blocks.push('No step gave a result.')
  for (const step of done.slice(0, MAX_STEPS)) blocks.push(renderStep(step))
  if (done.length > MAX_STEPS) blocks.push(`... and the results of ${done.length - MAX_STEPS} more steps.`)
  if (failed.length > 0)
    blocks.push(
      ['What failed', ...failed.slice(0, MAX_STEPS).map((step) => `  ${titleOf(step)}: ${reasonOf(step)}`)].join('\n'),
    )
  if (idle.length > 0) {
    const shown = idle.slice(0, MAX_STEPS).map((step) => `  ${titleOf(step)}: ${whyNotRun(step)}`)
    blocks.push(['What was not run', ...shown].join('\n'))
  }
  if (record.missing !== undefined && record.missing.length > 0) {
    blocks.push(
      ['What is missing', ...record.missing.slice(0, MAX_STEPS).map((text) => `  ${oneLine(text, MAX_REASON)}`)].join(
        '\n',
      ),
    )
  }
  return blocks.join('\n\n')
}

/** The step's name as people read it, and its own name where a reference is wanted. */
const titleOf = ({ name }: StepRecord): string => {
  const words = name.replace(/[_-]+/g, ' ').trim()
  return words === '' ? name : words.charAt(0).toUpperCase() + words.slice(1)
}

export function reasonOf({ error }: StepRecord): string {
  const message = oneLine(error?.message ?? '', MAX_REASON)
  return message === '' ? 'no reason was given' : message
}

function whyNotRun({ skipReason }: StepRecord): string {
  if (skipReason === 'dependency-failed') return 'it needs the result of a step that failed'
  if (skipReason === 'run-stopped') return 'the run had been stopped'
  return 'a step before it was not run'
}

function renderStep(step: StepRecord): string {
  const asked = renderInputs(step)
  const title = `${titleOf(step)}${asked === '' ? '' : ` (${asked})`}`
  const { output } = step
  if (output === undefined || output === null || output === '') return `${title}\n  done, without a result`
  if (typeof output !== 'object') return `${title}: ${scalar(output)}`
  const lines = linesOf(output)
  const shown = lines.slice(0, MAX_LINES)
  if (lines.length > shown.length) shown.push(`... ${lines.length - shown.length} more values`)
  return [title, ...(shown.length === 0 ? ['empty'] : shown).map((line) => `  ${line}`)].join('\n')
}

/** What was asked, where it is short: `TSLA`, `USD, KRW, 100`. */
function renderInputs({ inputs }: StepRecord): string {
  if (typeof inputs !== 'object' || inputs === null || isList(inputs)) return ''
  const values = Object.values(inputs).filter((value) => typeof value !== 'object' && value !== '')
  const text = values.map(scalar).join(', ')
  return text.length > 60 ? '' : text
}

const isList = (value: JsonValue): value is readonly JsonValue[] => Array.isArray(value)

const isListOfObjects = (value: JsonValue): value is readonly JsonValue[] =>
  isList(value) && value.some((item) => typeof item === 'object' && item !== null)

/** `key: value` lines, keys of equal width, one level of nesting in line; lists as their first items. */
function linesOf(value: JsonValue): string[] {
  if (isList(value)) return itemsOf(value)
  if (typeof value !== 'object' || value === null) return [scalar(value)]
  const lines: string[] = []
  const entries = Object.entries(value).slice(0, 200)
  const inLine = entries.filter(([, inner]) => inner !== null && !isListOfObjects(inner))
  const width = Math.min(24, Math.max(0, ...inLine.map(([key]) => key.length)))
  for (const [key, inner] of entries) {
    const label = oneLine(key, 40)
    if (inner === null) continue
    if (isListOfObjects(inner)) lines.push(label, ...itemsOf(inner).map((line) => `  ${line}`))
    else lines.push(`${label.padEnd(width)}  ${inline(inner)}`)
  }
  return lines
}

function itemsOf(list: readonly JsonValue[]): string[] {
  const lines = list.slice(0, MAX_ITEMS).map((item) => `- ${itemLine(item)}`)
  return list.length > MAX_ITEMS ? [...lines, `... ${list.length - MAX_ITEMS} more`] : lines
}

/** One of a list: its title, and beside it what is short. Texts and addresses would hide the rest. */
function itemLine(item: JsonValue): string {
  if (typeof item !== 'object' || item === null || isList(item)) return inline(item)
  const entries = Object.entries(item).slice(0, 50)
  const title = entries.find(
    ([key, value]) => typeof value === 'string' && value !== '' && /title|name|headline/i.test(key),
  )
  if (title === undefined) return inline(item)
  const rest = entries
    .filter(([key, value]) => key !== title[0] && value !== null && typeof value !== 'object')
    .map(([, value]) => scalar(value))
    .filter((text) => text !== '' && text.length <= 40 && !/^https?:/.test(text))
  const beside = rest.length === 0 ? '' : ` (${rest.slice(0, 4).join(', ')})`
  return oneLine(`${scalar(title[1])}${beside}`, MAX_TEXT)
}

/** A value in one line; of an object its plain values, since those are what a reader looks for. */
function inline(value: JsonValue): string {
  if (typeof value !== 'object' || value === null) return scalar(value)
  if (isList(value)) {
    const more = value.length > MAX_ITEMS ? `, ... ${value.length - MAX_ITEMS} more` : ''
    return oneLine(value.slice(0, MAX_ITEMS).map(inline).join(', ') + more, MAX_TEXT)
  }
  const parts = Object.entries(value)
    .slice(0, 50)
    .filter(([, inner]) => inner !== null && inner !== '' && typeof inner !== 'object')
    .map(([key, inner]) =>
      typeof inner === 'string' && /title|name|headline/i.test(key)
        ? scalar(inner)
        : `${oneLine(key, 40)} ${scalar(inner)}`,
    )
  return parts.length === 0 ? oneLine(stringifyJson(value), MAX_TEXT) : oneLine(parts.join(', '), MAX_TEXT)
}

const scalar = (value: JsonValue): string =>
  typeof value === 'string' ? oneLine(value, MAX_TEXT) : stringifyJson(value)

/** Foreign text must not steer the reader's terminal. */
const oneLine = (text: string, maxChars: number): string =>
  truncateText(
    text
      .slice(0, maxChars * 4)
      .toWellFormed()
      .replace(/[\p{Cc}\p{Zl}\p{Zp}\s]+/gu, ' ')
      .replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
      .trim(),
    maxChars,
  )
