// Whether a document with a name is run as a plan or as a workflow: it decides what a failure does to the others.
import type { CompiledPlan, PreparedPlan } from '../contracts/compiled.ts'
import type { PlanDocument } from '../contracts/plan.ts'

export type DocumentKind = 'plan' | 'workflow'

/** The document with the default of its kind written down, where it does not say `on_error` itself. */
export function asKind(document: PlanDocument, kind: DocumentKind): PlanDocument {
  if (document.onError !== undefined || (document.name === undefined) === (kind === 'plan')) return document
  return { ...document, onError: { strategy: kind === 'plan' ? 'continue' : 'fail' } }
}

/** {@link asKind} for a plan that is compiled already. */
export function preparedAsKind(prepared: PreparedPlan, kind: DocumentKind): PreparedPlan {
  const document = asKind(prepared.document, kind)
  if (document === prepared.document) return prepared
  const compiled: CompiledPlan = { ...prepared.compiled, document, onError: kind === 'plan' ? 'continue' : 'fail' }
  return { ...prepared, document, compiled }
}
