// References of a plan with the step's name misspelled, counted, or in another syntax, written as they must be.
import type { PlanDocument } from '../../contracts/plan.ts'
import { endOfReference } from '../expression/bare-expression.ts'
import { convertForeignReferences, type StepFinder } from '../expression/foreign-reference.ts'

/** Case, spaces, hyphens and underscores do not tell names apart. */
export const simplify = (name: string): string => name.toLowerCase().replace(/[\s_-]+/g, '')

/** Finds a step by its name, in another case or with other separators, or by its place from 1 (`1`, `step-1`, `step_1`). */
export function createStepFinder(document: PlanDocument): StepFinder {
  const exact = new Set(document.steps.map(({ name }) => name))
  const simple = new Map<string, string | undefined>()
  for (const { name } of document.steps) {
    const key = simplify(name)
    // Two steps of one spelling: neither can be meant.
    simple.set(key, simple.has(key) ? undefined : name)
  }
  return (name) => {
    if (exact.has(name)) return name
    const key = simplify(name)
    if (simple.has(key)) return simple.get(key)
    const place = /^(?:step)?(\d{1,5})$/.exec(key)?.[1]
    return place === undefined ? undefined : document.steps[Number(place) - 1]?.name
  }
}

const STEP_PATH = /(?<![\w.$"'])steps\.([A-Za-z0-9_-]+)(?:\.([A-Za-z_][A-Za-z0-9_]*))?/g
const STEP_BRACKET = /(?<![\w.$"'])steps\[(\d+)\]/g
const FIELDS = new Set(['output', 'status', 'success', 'error', 'response'])
const OUTPUT_WORDS = new Set(['outputs', 'result', 'results'])

/** A function that mends one text; each change is told in `repairs`. Text outside of references stays as it is. */
export function createReferenceRepair(find: StepFinder, repairs: string[]): (text: string) => string {
  const repairInner = (inner: string): string =>
    inner
      .replace(STEP_BRACKET, (match, place: string) => {
        const name = find(String(Number(place) + 1))
        return name === undefined ? match : `steps.${name}`
      })
      .replace(STEP_PATH, (match, written: string, field: string | undefined) => {
        const name = find(written)
        if (name === undefined) return match
        // `steps.find`, `steps.find[0]`: of a step one means its output.
        if (field === undefined) return `steps.${name}.output`
        if (FIELDS.has(field)) return `steps.${name}.${field}`
        return OUTPUT_WORDS.has(field) ? `steps.${name}.output` : `steps.${name}.output.${field}`
      })
  return (text) => {
    const foreign = convertForeignReferences(text, find)
    const mended = mapReferences(foreign, repairInner)
    if (mended !== text) repairs.push(`"${text.slice(0, 100)}" is written "${mended.slice(0, 100)}".`)
    return mended
  }
}

/** Changes what stands inside `${...}`, outside of quotes. */
function mapReferences(text: string, change: (inner: string) => string): string {
  let result = ''
  let at = 0
  for (let start = text.indexOf('${'); start !== -1; start = text.indexOf('${', at)) {
    const end = endOfReference(text, start)
    if (end === undefined) break
    result += text.slice(at, start) + '${' + changeOutsideQuotes(text.slice(start + 2, end - 1), change) + '}'
    at = end
  }
  return result + text.slice(at)
}

const changeOutsideQuotes = (inner: string, change: (part: string) => string): string =>
  inner
    .split(/("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')/)
    .map((part, i) => (i % 2 === 0 ? change(part) : part))
    .join('')
