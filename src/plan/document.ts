// The door for documents: text or object in, the document or what is wrong with it out, with places. Everything behind this
// door may rely on names, types and durations.
import type { JsonObject } from '../contracts/json.ts'
import type { Issue, PlanDocument } from '../contracts/plan.ts'
import { isJsonObject } from '../util/json.ts'
import { inWords } from '../util/schema-words.ts'
import { buildDocument } from './document/build.ts'
import { cleanDocument } from './document/clean.ts'
import { importGomindPlan, isGomindPlan } from './document/import-gomind.ts'
import { describeFindings, prune } from './document/issues.ts'
import { copyJsonTree } from './document/json-tree.ts'
import { rewriteConditions } from './document/legacy-condition.ts'
import { readText, type TextOptions } from './document/read-text.ts'
import { documentSchema, type WireDocument } from './document/schema.ts'
import { respellAsWire } from './document/table.ts'
import type { TextDocument } from './document/text-document.ts'
import { createIssue, hasErrors, type Path, pathOf, pointerOf } from './issue.ts'

export { documentJsonSchema } from './document/schema.ts'
export { documentToWire, documentToYaml } from './document/write.ts'

/** A document as far as it could be read, also with errors; and what puts places to issues found later. */
export interface Draft {
  readonly document: PlanDocument | undefined
  readonly issues: readonly Issue[]
  withPlaces(issues: readonly Issue[]): Issue[]
}

/**
 * Reads YAML or JSON text, or an object in either spelling; plans in GoMind's format too. Never throws for what the input is.
 * @returns the document only when `issues` holds no error
 */
export async function readDocument(
  input: unknown,
  options: TextOptions = {},
): Promise<{ document?: PlanDocument; issues: Issue[] }> {
  const { document, issues } = await readDraft(input, options)
  return { ...(document !== undefined && !hasErrors(issues) && { document }), issues: [...issues] }
}

/** As {@link readDocument}, with whatever could be read in spite of errors, so that the rest can be checked in the same go. */
export async function readDraft(input: unknown, options: TextOptions = {}): Promise<Draft> {
  const text = typeof input === 'string' ? await readText(input, options) : undefined
  const read = text ?? copyJsonTree(input)
  if (read.value === undefined || !isJsonObject(read.value)) {
    const issues = [...read.issues]
    if (!hasErrors(issues)) {
      issues.push(createIssue({ code: 'schema', path: [], message: 'A document is an object with "steps".' }))
    }
    return createDraft(undefined, issues, text, (path) => path)
  }
  const imported = isGomindPlan(read.value) ? importGomindPlan(read.value) : undefined
  const toWritten = imported?.toWritten ?? ((path: Path) => path)
  const spelled = imported?.value ?? (text === undefined ? respellAsWire(read.value) : read.value)
  const cleaned = cleanDocument(spelled, (path) => text?.sourceOf(toWritten(path)))
  const plain = rewriteConditions(withSteps(cleaned.value))
  const parsed = parseWire(plain.value, imported !== undefined)
  const built = parsed.wire === undefined ? undefined : buildDocument(parsed.wire)
  const found = [...cleaned.issues, ...plain.issues, ...parsed.issues]
  const issues = [
    ...read.issues,
    ...(imported?.issues ?? []),
    ...[...found, ...withoutEchoes(built?.issues ?? [], found)].map((issue) => movePointer(issue, toWritten)),
  ]
  return createDraft(built?.document, issues, text, toWritten)
}

/** A record of a version (`compatible_with`, `migration`) loads without steps; anything else is told that they are missing. */
const withSteps = (value: JsonObject): JsonObject =>
  value.steps === undefined && (value.migration !== undefined || value.compatible_with !== undefined)
    ? { ...value, steps: [] }
    : value

/** Rules over several keys of a step whose keys are themselves wrong would tell the same fault in other words. */
function withoutEchoes(issues: readonly Issue[], causes: readonly Issue[]): Issue[] {
  const faulty = new Set(causes.map(({ pointer }) => pointer.split('/').slice(0, 3).join('/')))
  return issues.filter(
    ({ code, pointer }) =>
      code !== 'schema' || !pointer.startsWith('/steps/') || !faulty.has(pointer.split('/').slice(0, 3).join('/')),
  )
}

/** What does not fit the schema is told, and taken out; a second look then gives the rest. */
function parseWire(value: JsonObject, isImport: boolean): { wire?: WireDocument; issues: Issue[] } {
  const first = documentSchema.safeParse(value, { error: inWords })
  if (first.success) return { wire: first.data, issues: [] }
  const { findings, more } = describeFindings(value, first.error.issues)
  const issues = findings.map(({ issue }) =>
    // Their planner ignores what it does not know; here it is at least told.
    isImport && issue.code === 'unknown_key' ? { ...issue, severity: 'warning' as const } : issue,
  )
  if (more > 0) {
    const message = `There are ${more} more faults of this kind; these are the first ${findings.length}.`
    return { issues: [...issues, createIssue({ code: 'limit', path: [], message })] }
  }
  // From the last to the first, so that the places of list items stay right.
  const pruned = prune(value, findings.map(({ path }) => path).reverse())
  const second = documentSchema.safeParse(pruned, { error: inWords })
  return second.success ? { wire: second.data, issues } : { issues }
}

const movePointer = (issue: Issue, toWritten: (path: Path) => Path): Issue => {
  const written = toWritten(pathOf(issue.pointer))
  const pointer = pointerOf(written)
  return pointer === issue.pointer ? issue : { ...issue, pointer }
}

/** These speak of a key, the others of the value behind it. */
const ABOUT_KEYS: ReadonlySet<Issue['code']> = new Set(['unknown_key', 'not_supported', 'unknown_input'])

function createDraft(
  document: PlanDocument | undefined,
  issues: readonly Issue[],
  text: TextDocument | undefined,
  toWritten: (path: Path) => Path,
): Draft {
  const place = (issue: Issue): Issue => {
    if (text === undefined || issue.line !== undefined) return issue
    return { ...issue, ...text.locate(pathOf(issue.pointer), ABOUT_KEYS.has(issue.code) ? 'key' : 'value') }
  }
  return {
    document,
    issues: issues.map(place),
    withPlaces: (found) => found.map((issue) => place(movePointer(issue, toWritten))),
  }
}
