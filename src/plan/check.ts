// Everything between an input and a plan that may run, in one call: read, repair, compile, validate. All issues of all stages.
import type { CompiledPlan } from '../contracts/compiled.ts'
import type { CatalogView } from '../contracts/parts.ts'
import type { Issue, PlanDocument } from '../contracts/plan.ts'
import { compileDraft } from './compile.ts'
import type { TextOptions } from './document/read-text.ts'
import { readDraft } from './document.ts'
import { completeEdges } from './edges.ts'
import { createIssue, hasErrors } from './issue.ts'
import { repairDocument } from './repair.ts'
import { type ValidateOptions, validatePlan } from './validate.ts'

export interface CheckOptions extends ValidateOptions, TextOptions {
  /** Mends what can only have been meant one way, before it is checked. For plans of models. */
  readonly repair?: boolean
}

export interface CheckedDocument {
  /** What could be read, also when there are errors; without errors every edge stands in `dependsOn`. */
  readonly document?: PlanDocument
  /** Present exactly when no issue is an error. */
  readonly plan?: CompiledPlan
  /** With errors: the plan all the same, for looking at it, when it could be read and compiled. */
  readonly draft?: CompiledPlan
  readonly issues: Issue[]
  /** What was mended, in words. */
  readonly repairs: string[]
}

/** Never throws for what the input is. */
export async function checkDocument(
  input: unknown,
  view: CatalogView,
  options: CheckOptions,
): Promise<CheckedDocument> {
  const draft = await readDraft(input, options)
  if (draft.document === undefined) return { issues: [...draft.issues], repairs: [] }
  // The author's text is law: what is wrong there is told, not mended.
  const repaired =
    options.repair === true ? repairDocument(draft.document, view) : { document: draft.document, repairs: [] }
  const compiled = await compileDraft(repaired.document)
  const found = await validatePlan(compiled.plan, view, options)
  const issues = withoutRepeats([...draft.issues, ...draft.withPlaces([...compiled.issues, ...found])])
  const { document, repairs } = repaired
  if (hasErrors(issues)) {
    const isSound = !hasErrors(draft.issues) && !hasErrors(compiled.issues)
    return { document, issues, repairs, ...(isSound && { draft: completeEdges(compiled.plan) }) }
  }
  const plan = completeEdges(compiled.plan)
  return { document: plan.document, plan, issues, repairs }
}

/** Nobody reads more, and nobody should have to send them. */
const MAX_ISSUES = 500

function withoutRepeats(issues: readonly Issue[]): Issue[] {
  const seen = new Set<string>()
  const distinct = issues.filter(({ code, pointer, message }) => {
    const key = code === 'duplicate_name' ? `${code} ${pointer}` : `${code} ${pointer} ${message}`
    if (seen.has(key)) return false
    seen.add(key)
    return true
  })
  if (distinct.length <= MAX_ISSUES) return distinct
  // Errors first: a cut must not turn a broken document into a valid one.
  const errors = distinct.filter(({ severity }) => severity === 'error')
  const kept = (errors.length > 0 ? errors : distinct).slice(0, MAX_ISSUES - 1)
  const message = `There are ${distinct.length} issues; these are the first ${kept.length}.`
  return [...kept, createIssue({ code: 'limit', severity: 'warning', path: [], message })]
}
