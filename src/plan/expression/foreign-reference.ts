// References in another lineage's syntax, `{{step-1.response.data.x}}`, written as ours. Also `{step-1.response.x}` with single
// braces, where it surely names a step: text that only looks a little like a reference stays text.

const SEGMENT = String.raw`(?:\.[A-Za-z0-9_-]+|\[\d+\]|\["[^"\]]*"\]|\['[^'\]]*'\])`
const DOUBLE = new RegExp(String.raw`\{\{\s*([A-Za-z0-9_-]+)(${SEGMENT}*)\s*\}\}`, 'g')
const SINGLE = new RegExp(String.raw`(?<![$\{\w])\{\s*([A-Za-z0-9_-]+)(${SEGMENT}+)\s*\}(?!\})`, 'g')
const PARTS = /\.([A-Za-z0-9_-]+)|\[(\d+)\]|\["([^"\]]*)"\]|\['([^'\]]*)'\]/g

/** Finds a step by the name a reference uses; undefined when there is none. */
export type StepFinder = (name: string) => string | undefined

/** Of the whole answer, these stand beside the data and not in it. */
const BESIDE_DATA = new Set(['success', 'error'])
const OUR_FIELDS = new Set(['output', 'status'])

function segmentsOf(tail: string): string[] {
  return [...tail.matchAll(PARTS)].map(([, dotted, index, double, single]) => dotted ?? index ?? double ?? single ?? '')
}

const writeSegment = (part: string): string =>
  /^\d+$/.test(part) ? `[${part}]` : /^[A-Za-z_][A-Za-z0-9_]*$/.test(part) ? `.${part}` : `[${JSON.stringify(part)}]`

function writeReference(name: string, tail: string, find: StepFinder): string | undefined {
  const parts = segmentsOf(tail)
  // `steps.NAME.…`, `inputs.x`: our own path in foreign braces.
  if (name === 'steps') {
    const [step, ...rest] = parts
    const found = step === undefined ? undefined : find(step)
    return found === undefined ? undefined : `\${steps.${found}${rest.map(writeSegment).join('')}}`
  }
  const step = find(name)
  if (step === undefined)
    return name === 'inputs' && parts.length > 0 ? `\${inputs${parts.map(writeSegment).join('')}}` : undefined
  const [first, ...rest] = parts
  const path = first === 'response' || (first !== undefined && OUR_FIELDS.has(first)) ? rest : parts
  if (first === 'status') return `\${steps.${step}.status}`
  if (path.length === 0) return `\${steps.${step}.${first === 'output' ? 'output' : 'response'}}`
  const field = BESIDE_DATA.has(path[0] ?? '') ? 'response' : 'output'
  return `\${steps.${step}.${field}${path.map(writeSegment).join('')}}`
}

/** The text with every foreign reference that names a known step written as ours. */
export function convertForeignReferences(text: string, find: StepFinder): string {
  if (!text.includes('{')) return text
  const convert = (match: string, name: string, tail: string): string => writeReference(name, tail, find) ?? match
  return text.replace(DOUBLE, convert).replace(SINGLE, convert)
}
