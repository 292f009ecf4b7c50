// run, validate, explain, schema: documents that people write.
import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { TuttiError } from '../../contracts/errors.ts'
import type { JsonObject } from '../../contracts/json.ts'
import type { Issue } from '../../contracts/plan.ts'
import type { Response } from '../../contracts/run.ts'
import { documentJsonSchema } from '../../plan/document.ts'
import { issueToWire } from '../../record/wire.ts'
import { explanationToWire } from '../../server/wire.ts'
import { stringifyJson } from '../../util/json.ts'
import { type TermsOptions, termsOf } from '../options.ts'
import { cleanText } from '../render/text.ts'
import { formatIssue } from '../report-error.ts'
import { withSession } from '../session.ts'
import { EXIT, type ExitCode, type Terminal } from '../terminal.ts'
import { modeOf, watchRun } from '../watch-run.ts'

async function readDocumentFile(file: string, terminal: Terminal): Promise<string> {
  try {
    return await readFile(resolve(terminal.cwd, file), 'utf8')
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown'
    throw new TuttiError('invalid_request', `The file "${file}" cannot be read (${code}).`, { cause: error })
  }
}

export interface RunOptions extends TermsOptions {
  readonly json?: boolean
  readonly events?: boolean
  readonly input?: JsonObject
}

/** A document that declares no outputs gives those of the steps that no other one waits for. */
function lastOutputs({ steps }: Response): JsonObject | undefined {
  const waitedFor = new Set(steps.flatMap((step) => step.dependsOn))
  const last = steps.filter((step) => step.status === 'succeeded' && !waitedFor.has(step.name))
  return last.length === 0 ? undefined : Object.fromEntries(last.map((step) => [step.name, step.output ?? null]))
}

export async function run(file: string, options: RunOptions, terminal: Terminal): Promise<ExitCode> {
  const document = await readDocumentFile(file, terminal)
  const mode = modeOf(options)
  return withSession(terminal, async ({ orchestrator, aside }) => {
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

/** One line for each issue; a file without errors is named as valid. */
export async function validate(
  files: readonly string[],
  options: { readonly json?: boolean },
  terminal: Terminal,
): Promise<ExitCode> {
  const texts = await Promise.all(files.map((file) => readDocumentFile(file, terminal)))
  return withSession(terminal, async ({ orchestrator }) => {
    const results: { file: string; valid: boolean; issues: readonly Issue[] }[] = []
    for (const [i, file] of files.entries()) results.push({ file, ...(await orchestrator.validate(texts[i] ?? '')) })
    if (options.json === true) {
      const wire = results.map(({ file, valid, issues }) => ({ file, valid, issues: issues.map(issueToWire) }))
      terminal.stdout.write(`${stringifyJson({ valid: wire.every(({ valid }) => valid), files: wire }, 2)}\n`)
    } else {
      for (const { file, valid, issues } of results) {
        for (const issue of issues) terminal.stdout.write(`${formatIssue(issue, file)}\n`)
        if (valid) terminal.stdout.write(`${file}  valid\n`)
      }
    }
    return results.every((result) => result.valid) ? EXIT.ok : EXIT.invalid
  })
}

export async function explain(
  file: string,
  options: { readonly json?: boolean },
  terminal: Terminal,
): Promise<ExitCode> {
  const document = await readDocumentFile(file, terminal)
  return withSession(terminal, async ({ orchestrator }) => {
    const explanation = await orchestrator.explain(document)
    if (options.json === true) {
      terminal.stdout.write(`${stringifyJson(explanationToWire(explanation), 2)}\n`)
      return EXIT.ok
    }
    const stages = explanation.stages.map((names, i) => `  ${i + 1}. ${names.join(', ')}`)
    const lines = [
      cleanText(explanation.text).trimEnd(),
      '',
      'Stages (a step starts as soon as its own dependencies have ended):',
      ...stages,
      `Critical path: ${explanation.criticalPath.join(' → ')}`,
      `At most ${explanation.maxParallelism} at once`,
    ]
    terminal.stdout.write(`${lines.join('\n')}\n`)
    return EXIT.ok
  })
}

/** The JSON Schema of documents, for editors. */
export function schema(terminal: Terminal): ExitCode {
  terminal.stdout.write(`${stringifyJson(documentJsonSchema(), 2)}\n`)
  return EXIT.ok
}
