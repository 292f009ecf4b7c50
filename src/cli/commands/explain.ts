// explain: what is to be expected of a document, or what became of a run beside what was to be expected.
import type { Explanation } from '../../contracts/explanation.ts'
import { explanationToWire } from '../../server/explanation-wire.ts'
import { stringifyJson } from '../../util/json.ts'
import { readDocumentFile } from '../document-file.ts'
import { renderExplanation } from '../render/explanation.ts'
import { cleanText, createPaint } from '../render/text.ts'
import { withSession } from '../session.ts'
import { EXIT, type ExitCode, lineWidth, type Terminal } from '../terminal.ts'
import { readExplanation, type ServerOptions } from './runs.ts'

export interface ExplainOptions extends ServerOptions {
  readonly mermaid?: boolean
}

const RUN_ID = /^run_[0-9a-f]{32}$/

/** A document that is not valid is explained as far as it can be; the exit code says that it is not. */
export async function explain(what: string, options: ExplainOptions, terminal: Terminal): Promise<ExitCode> {
  if (RUN_ID.test(what)) return explainRun(what, options, terminal)
  const document = await readDocumentFile(what, terminal)
  return withSession(terminal, async ({ orchestrator }) => {
    const explanation = await orchestrator.explain(document)
    show(explanation, explanationToWire(explanation), options, terminal)
    return explanation.issues.some(({ severity }) => severity === 'error') ? EXIT.invalid : EXIT.ok
  })
}

/** The server knows the run, and what was to be expected of it. */
export async function explainRun(runId: string, options: ExplainOptions, terminal: Terminal): Promise<ExitCode> {
  const wire = await readExplanation(runId, options, terminal)
  const textOf = (value: unknown): string => (typeof value === 'string' ? value : '')
  show({ text: textOf(wire.text), mermaid: textOf(wire.mermaid) }, wire, options, terminal)
  return EXIT.ok
}

function show(
  { text, mermaid }: Pick<Explanation, 'text' | 'mermaid'>,
  wire: Readonly<Record<string, unknown>>,
  { json, mermaid: asMermaid }: ExplainOptions,
  { stdout, color }: Terminal,
): void {
  if (json === true) stdout.write(`${stringifyJson(wire, 2)}\n`)
  else if (asMermaid === true) stdout.write(cleanText(mermaid))
  else {
    const lines = renderExplanation(text, createPaint(color && stdout.isTTY === true), lineWidth(stdout))
    stdout.write(`${lines.join('\n')}\n`)
  }
}
