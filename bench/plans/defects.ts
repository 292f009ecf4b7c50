// Defects that recorded answers of models have, put into plans whose right form is known: what is read, and what is silently changed.
import { jsonrepair } from 'jsonrepair'
import type { JsonObject } from '../../src/contracts/json.ts'
import { parsePlan } from '../../src/planner/parse-plan.ts'
import { parseLenientJson } from '../../src/util/lenient-json.ts'
import { percent, readGold, readLines, toDocument } from './data.ts'

const python = (text: string): string =>
  text.replace(/"(?:[^"\\]|\\.)*"|\btrue\b|\bfalse\b|\bnull\b/g, (found) =>
    found === 'true' ? 'True' : found === 'false' ? 'False' : found === 'null' ? 'None' : found,
  )
/** Double quotes become single ones, with the escapes that Python writes. */
const single = (text: string): string =>
  text.replace(/"((?:[^"\\]|\\.)*)"/g, (_, inner: string) => `'${inner.replaceAll('\\"', '"').replaceAll("'", "\\'")}'`)

/** Each is met in the recorded outputs of the data. */
const DEFECTS: Readonly<Record<string, (text: string) => string>> = {
  none: (text) => text,
  fence: (text) => `\`\`\`json\n${text}\n\`\`\``,
  'prose around': (text) => `Sure! Here is the plan {as asked}:\n\n${text}\n\nLet me know.`,
  'think tags': (text) => `<think>First {"steps": []}? No.</think>\n${text}`,
  'tag wrapper': (text) => `[CONTENT]\n${text}\n[/CONTENT]`,
  'single quotes': single,
  'Python literals': (text) => python(single(text)),
  'bare keys': (text) => text.replace(/"([a-z_]\w*)":/g, '$1:'),
  'trailing commas': (text) => text.replace(/\}\]/g, '},]').replace(/\}$/, ',}'),
  'line comments': (text) => text.replace(/,"inputs"/g, ', // what it gets\n"inputs"'),
  'hash comments': (text) => text.replace(/,"inputs"/g, ', # what it gets\n"inputs"'),
  'escaped underscores': (text) => text.replaceAll('_', '\\_'),
  'extra braces': (text) => `${text}}`,
  'text behind': (text) => `${text}\n\nNote: {"this": "is not it"}`,
  'missing commas': (text) => text.replace(/,"inputs"/g, '\n"inputs"'),
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b)

function readWithJsonrepair(text: string): unknown {
  try {
    return JSON.parse(jsonrepair(text))
  } catch {
    return undefined
  }
}

function readStrictly(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

export function measureParsing(): string[] {
  const { plans } = readGold('sealtools-plans')
  const documents = plans.map(toDocument)
  const lines = [
    '| defect | JSON.parse | jsonrepair right | changed silently | tutti right | changed silently |',
    '| --- | --- | --- | --- | --- | --- |',
  ]
  const total = { strict: 0, theirs: 0, theirsWrong: 0, ours: 0, oursWrong: 0, all: 0 }
  for (const [name, spoil] of Object.entries(DEFECTS)) {
    const of = { strict: 0, theirs: 0, theirsWrong: 0, ours: 0, oursWrong: 0, all: 0 }
    for (const document of documents) {
      const text = spoil(JSON.stringify(document))
      const theirs = readWithJsonrepair(text)
      const ours = parsePlan(text).value
      of.all++
      if (same(readStrictly(text), document)) of.strict++
      if (same(theirs, document)) of.theirs++
      else if (theirs !== undefined) of.theirsWrong++
      if (same(ours, document)) of.ours++
      else if (ours !== undefined) of.oursWrong++
    }
    for (const key of Object.keys(total) as (keyof typeof total)[]) total[key] += of[key]
    lines.push(rowOf(name, of))
  }
  lines.push(rowOf('**all**', total), '', ...measureRecorded())
  return lines
}

function rowOf(
  name: string,
  of: { strict: number; theirs: number; theirsWrong: number; ours: number; oursWrong: number; all: number },
): string {
  const share = (count: number): string => percent(count / of.all)
  return `| ${name} | ${share(of.strict)} | ${share(of.theirs)} | ${share(of.theirsWrong)} | ${share(of.ours)} | ${share(of.oursWrong)} |`
}

function measureRecorded(): string[] {
  const rows = readLines<{ raw: string }>('llm-outputs')
  const strict = rows.filter(({ raw }) => readStrictly(raw) !== undefined).length
  const theirs = rows.filter(({ raw }) => readWithJsonrepair(raw) !== undefined).length
  const ours = rows.filter(({ raw }) => parseLenientJson(raw) !== undefined).length
  return [
    `Recorded defective outputs read: JSON.parse ${strict}, jsonrepair ${theirs}, tutti ${ours} of ${rows.length}.`,
  ]
}

/** For the bench of repairs. */
export const spoilers = { python, single }
export type { JsonObject }
