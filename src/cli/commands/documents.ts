// run, validate, schema: documents that people write.
import { TuttiError } from '../../contracts/errors.ts'
import type { JsonObject } from '../../contracts/json.ts'
import type { PlanLock } from '../../contracts/lock.ts'
import type { Issue } from '../../contracts/plan.ts'
import type { Response } from '../../contracts/run.ts'
import { documentJsonSchema } from '../../plan/document.ts'
import { issueToWire } from '../../record/wire.ts'
import { stringifyJson } from '../../util/json.ts'
import { readDocumentFile, readLockFile, writeLockFile } from '../document-file.ts'
import { type TermsOptions, termsOf } from '../options.ts'
import { formatIssue } from '../report-error.ts'
import { type Session, withSession } from '../session.ts'
import { EXIT, type ExitCode, type Terminal } from '../terminal.ts'
import { modeOf, watchRun } from '../watch-run.ts'

export interface RunOptions extends TermsOptions {
  readonly json?: boolean
  readonly events?: boolean
  readonly input?: JsonObject
  /** Only as it was locked. */
  readonly locked?: boolean
}

/** A document that declares no outputs gives those of the steps that no other one waits for. */
function lastOutputs({ steps }: Response): JsonObject | undefined {
  const waitedFor = new Set(steps.flatMap((step) => step.dependsOn))
  const last = steps.filter((step) => step.status === 'succeeded' && !waitedFor.has(step.name))
  return last.length === 0 ? undefined : Object.fromEntries(last.map((step) => [step.name, step.output ?? null]))
}

export async function run(file: string, options: RunOptions, terminal: Terminal): Promise<ExitCode> {
  const document = await readDocumentFile(file, terminal)
  const lock = options.locked === true ? await readLockFile(file, terminal) : undefined
  const mode = modeOf(options)
  return withSession(terminal, async ({ orchestrator, aside }) => {
    if (lock !== undefined) await requireLock({ file, document, lock }, { orchestrator }, terminal)
    const { response, code } = await watchRun({
      terminal,
      mode,
      aside,
      run: (watch) => orchestrator.execute(document, options.input ?? {}, { ...termsOf(options), ...watch }),
    })
    if (mode === 'people') {
      const outputs = response.outputs ?? lastOutputs(response)
      if (outputs !== undefined) terminal.stdout.write(`${stringifyJson(outputs, 2)}\n`)
    }
    return code
  })
}

export interface ValidateOptions {
  readonly json?: boolean
  /** Write the lock of each valid document beside it. */
  readonly lock?: boolean
  /** Check each against the lock beside it. */
  readonly locked?: boolean
}

interface Checked {
  readonly file: string
  readonly valid: boolean
  readonly issues: readonly Issue[]
  /** Where its lock was written. */
  readonly lock?: string
}

/** One line for each issue; a file without errors is named as valid. */
export async function validate(
  files: readonly string[],
  options: ValidateOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const texts = await Promise.all(files.map((file) => readDocumentFile(file, terminal)))
  const locks = options.locked === true ? await Promise.all(files.map((file) => readLockFile(file, terminal))) : []
  return withSession(terminal, async ({ orchestrator }) => {
    const results: Checked[] = []
    for (const [i, file] of files.entries()) {
      const [text = '', lock] = [texts[i], locks[i]]
      const checked = { file, ...(await orchestrator.validate(text, lock === undefined ? {} : { lock })) }
      const isToLock = options.lock === true && checked.valid
      results.push(
        isToLock ? { ...checked, lock: await writeLockFile(file, await orchestrator.lock(text), terminal) } : checked,
      )
    }
    if (options.json === true) {
      const wire = results.map((result) => ({ ...result, issues: result.issues.map(issueToWire) }))
      terminal.stdout.write(`${stringifyJson({ valid: wire.every(({ valid }) => valid), files: wire }, 2)}\n`)
    } else for (const result of results) tellChecked(result, options, terminal)
    return results.every((result) => result.valid) ? EXIT.ok : EXIT.invalid
  })
}

function tellChecked({ file, valid, issues, lock }: Checked, { locked }: ValidateOptions, { stdout }: Terminal): void {
  for (const issue of issues) stdout.write(`${formatIssue(issue, file)}\n`)
  if (valid) stdout.write(`${file}  valid${locked === true ? ', as locked' : ''}\n`)
  if (lock !== undefined) stdout.write(`${file}  locked in ${lock}\n`)
}

/** @throws TuttiError `invalid_document` when what the document was locked to has changed so that it may break */
async function requireLock(
  { file, document, lock }: { readonly file: string; readonly document: string; readonly lock: PlanLock },
  { orchestrator }: Pick<Session, 'orchestrator'>,
  { stderr }: Terminal,
): Promise<void> {
  const { valid, issues } = await orchestrator.validate(document, { lock })
  if (!valid)
    throw new TuttiError('invalid_document', `"${file}" is not run, for it is not as it was locked.`, {
      details: { issues },
    })
  for (const issue of issues) stderr.write(`${formatIssue(issue, file)}\n`)
}

/** The JSON Schema of documents, for editors. */
export function schema(terminal: Terminal): ExitCode {
  terminal.stdout.write(`${stringifyJson(documentJsonSchema(), 2)}\n`)
  return EXIT.ok
}
