// Documents on their way in: read, checked against the catalog of now, compiled, or refused with a sentence.
import type { DocumentInput, PreparedPlan } from './contracts/api.ts'
import type { CompiledPlan } from './contracts/compiled.ts'
import type { Config } from './contracts/config.ts'
import { TuttiError } from './contracts/errors.ts'
import type { PlanLock } from './contracts/lock.ts'
import type { CatalogView, Clock } from './contracts/parts.ts'
import type { Issue } from './contracts/plan.ts'
import { type CheckedDocument, checkDocument } from './plan/check.ts'
import { checkLock } from './plan/lock.ts'

/** Whose document it is: a model may leave a required input to be filled at run time, an author is told of it before. */
type Origin = 'author' | 'model'

/** The documents of callers and planners, for one catalog. */
export interface Documents {
  /** @throws TuttiError `invalid_document` with `details.issues` */
  prepare(input: DocumentInput, origin?: Origin): Promise<PreparedPlan>
  /** A plan that was prepared for the catalog of now: nothing is left to be done with it. */
  prepared(input: DocumentInput): PreparedPlan | undefined
  validate(
    input: DocumentInput,
    options?: { readonly lock?: PlanLock },
  ): Promise<{ readonly valid: boolean; readonly issues: readonly Issue[] }>
  /** For looking at, also with what validation found. @throws TuttiError `invalid_document` when it cannot be read */
  draft(
    input: DocumentInput,
    origin?: Origin,
  ): Promise<{ readonly plan: CompiledPlan; readonly issues: readonly Issue[] }>
}

/** How long a refresh is waited for, and the pause before the next one. */
const LOOK_AGAIN_MS = 1_000

/** `declared`: what the operator set, that documents must fit. */
export function createDocuments({
  catalog,
  clock,
  declared,
}: {
  readonly catalog: CatalogView
  readonly clock: Clock
  readonly declared: Config
}): Documents {
  const { maxSteps } = declared.executor
  let lookedAgainAt = -Infinity
  /** Who names what the catalog does not know may know better: it is refreshed once, at most once a second for all of them. */
  const check = async (input: DocumentInput, origin: Origin): Promise<CheckedDocument> => {
    const options = { origin, maxSteps, declared }
    const checked = await checkDocument(input, catalog, options)
    const names = checked.issues.some(({ code }) => code === 'unknown_component' || code === 'unknown_action')
    if (!names || clock.now() - lookedAgainAt < LOOK_AGAIN_MS) return checked
    lookedAgainAt = clock.now()
    const { fingerprint } = catalog
    const patience = new AbortController()
    const stopWaiting = clock.after(LOOK_AGAIN_MS, () => patience.abort())
    await catalog.refresh(patience.signal).catch(() => undefined)
    stopWaiting()
    return fingerprint === catalog.fingerprint ? checked : await checkDocument(input, catalog, options)
  }
  const prepare = async (input: DocumentInput, origin: Origin = 'author'): Promise<PreparedPlan> => {
    if (isPrepared(input))
      return input.fingerprint === catalog.fingerprint ? input : await prepare(input.document, origin)
    const { document, plan, issues } = await check(input, origin)
    if (document === undefined || plan === undefined || hasErrors(issues)) throw invalidDocument(issues)
    return { document, issues, compiled: plan, fingerprint: catalog.fingerprint }
  }
  return {
    prepare,
    prepared: (input) => (isPrepared(input) && input.fingerprint === catalog.fingerprint ? input : undefined),
    async validate(input, { lock } = {}) {
      if (lock === undefined && isPrepared(input)) return { valid: true, issues: input.issues }
      const { issues, plan, draft: faulty } = await check(isPrepared(input) ? input.document : input, 'author')
      const looked = plan ?? faulty
      const found = lock === undefined || looked === undefined ? [] : checkLock(lock, looked, catalog)
      const all = [...issues, ...found]
      return { valid: !hasErrors(all), issues: all }
    },
    async draft(input, origin = 'author') {
      const { plan, draft: faulty, issues } = await check(isPrepared(input) ? input.document : input, origin)
      const looked = plan ?? faulty
      if (looked === undefined) throw invalidDocument(issues)
      return { plan: looked, issues }
    },
  }
}

const hasErrors = (issues: readonly Issue[]): boolean => issues.some((issue) => issue.severity === 'error')

function isPrepared(input: DocumentInput): input is PreparedPlan {
  return (
    typeof input === 'object' && input !== null && 'compiled' in input && 'fingerprint' in input && 'document' in input
  )
}

function invalidDocument(issues: readonly Issue[]): TuttiError {
  const errors = issues.filter((issue) => issue.severity === 'error')
  const [first] = errors
  const place = first?.line === undefined ? (first?.pointer ?? '') : `line ${first.line}, column ${first.column ?? 1}`
  const where = place === '' ? '' : `${place}: `
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : ''
  return new TuttiError(
    'invalid_document',
    first === undefined ? 'The document could not be read.' : `${where}${first.message}${more}`,
    { details: { issues } },
  )
}
