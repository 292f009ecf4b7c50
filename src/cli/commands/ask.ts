// ask, plan, demo: a request in plain language, planned, run and answered before your eyes.
import { access, constants, writeFile } from 'node:fs/promises'
import { dirname, extname, resolve } from 'node:path'
import type { PlanOutcome, RequestOptions } from '../../contracts/api.ts'
import { TuttiError } from '../../contracts/errors.ts'
import type { JsonObject } from '../../contracts/json.ts'
import type { PlanDocument } from '../../contracts/plan.ts'
import type { Response } from '../../contracts/run.ts'
import { documentToWire, documentToYaml } from '../../plan/document.ts'
import { outcomeToWire } from '../../server/wire.ts'
import { stringifyJson } from '../../util/json.ts'
import { writeLockFile } from '../document-file.ts'
import { type TermsOptions, termsOf } from '../options.ts'
import { renderPlanTree } from '../render/plan-tree.ts'
import { WAYS } from '../render/renderer.ts'
import { createPaint, oneLine } from '../render/text.ts'
import { wrapText } from '../render/wrap.ts'
import { formatIssue } from '../report-error.ts'
import { openSession, type Session, withSession } from '../session.ts'
import { EXIT, type ExitCode, lineWidth, type Terminal } from '../terminal.ts'
import { modeOf, watchRun } from '../watch-run.ts'

const DEMO_REQUEST =
  'I plan to sell 100 Tesla shares to fund a week in Seoul from New York. Can I afford it, how much is that in local currency, what is the weather and the news?'

export interface AskOptions extends TermsOptions {
  readonly json?: boolean
  readonly events?: boolean
  readonly planOnly?: boolean
  readonly save?: string
  /** Lock the saved plan. */
  readonly lock?: boolean
  readonly input?: JsonObject
  readonly thread?: string
}

function checkRequest(request: string): void {
  if (request.trim() === '')
    throw new TuttiError('invalid_request', 'The request is empty. Say in a sentence what you want.')
}

const requestOptions = (options: AskOptions): RequestOptions => ({
  ...(options.input !== undefined && { inputs: options.input }),
  ...(options.thread !== undefined && { threadId: options.thread }),
  ...termsOf(options),
})

async function runRequest(
  session: Session,
  terminal: Terminal,
  request: string,
  options: AskOptions,
): Promise<{ response: Response; code: ExitCode }> {
  const hasModel = (await session.orchestrator.health()).checks.model?.status !== 'off'
  const { response, code } = await watchRun({
    terminal,
    mode: modeOf(options),
    quietWithoutModel: !hasModel,
    aside: session.aside,
    run: async ({ signal, onEvent }) => {
      const stream = session.orchestrator.stream(request, { ...requestOptions(options), signal })
      for await (const event of stream) onEvent(event)
      return await stream.result
    },
  })
  if (!hasModel && response.usage.modelCalls === 0 && modeOf(options) === 'people')
    tell(withoutModel(response, session), terminal)
  if (response.plan !== null) await savePlan(response.plan, { options, session, terminal })
  return { response, code }
}

/** What stood in for a model, and how to get one; where nothing fitted, what would have. */
function withoutModel({ steps }: Response, { orchestrator }: Session): string[] {
  const names = orchestrator.catalog.components().flatMap(({ capabilities }) => capabilities.map(({ name }) => name))
  const more = names.length > MAX_NAMES ? `, ${names.length - MAX_NAMES} more` : ''
  return [
    ...(steps.length > 0
      ? [
          'No model was asked: a local planner matched the words, a template answered.',
          'For a plan and an answer by a model, set OPENAI_API_KEY or ANTHROPIC_API_KEY.',
        ]
      : [
          'Only words were matched, with the names and descriptions of:',
          `${names
            .slice(0, MAX_NAMES)
            .map((name) => oneLine(name))
            .join(', ')}${more}.`,
        ]),
  ]
}

const MAX_NAMES = 12

function tell(lines: readonly string[], { stderr, color }: Terminal): void {
  const paint = createPaint(color && stderr.isTTY === true)
  const columns = lineWidth(stderr)
  const wrapped = lines.flatMap((line) => wrapText(line, columns, 6))
  for (const line of ['', ...wrapped]) stderr.write(`${paint('dim', line)}\n`)
}

export async function ask(request: string, options: AskOptions, terminal: Terminal): Promise<ExitCode> {
  checkRequest(request)
  await checkPlace(options, terminal)
  if (options.planOnly === true) return makePlan(request, options, terminal)
  return withSession(terminal, async (session) => (await runRequest(session, terminal, request, options)).code)
}

export async function makePlan(request: string, options: AskOptions, terminal: Terminal): Promise<ExitCode> {
  checkRequest(request)
  await checkPlace(options, terminal)
  return withSession(terminal, async (session) => {
    const { orchestrator } = session
    const outcome = await orchestrator.plan(request, requestOptions(options))
    if (options.json === true) terminal.stdout.write(`${stringifyJson(outcomeToWire(outcome), 2)}\n`)
    else if (options.save === undefined) await printPlan(outcome, terminal)
    else showPlan(outcome, terminal)
    await savePlan(outcome.document, { options, session, terminal })
    return outcome.issues.some((issue) => issue.severity === 'error') ? EXIT.invalid : EXIT.ok
  })
}

/** The tree goes beside the result: the result is the document. */
function showPlan({ document, issues, way, degraded }: PlanOutcome, { stderr, color }: Terminal): void {
  const paint = createPaint(color && stderr.isTTY === true)
  const columns = lineWidth(stderr)
  const count = document.steps.length
  const lines = [
    paint('bold', count === 0 ? 'No plan' : `Plan  ${count} ${count === 1 ? 'step' : 'steps'}, ${WAYS[way]}`),
    ...renderPlanTree(document, paint, columns),
  ]
  const { reason } = document
  if (reason !== undefined) lines.push('', ...wrapText(oneLine(reason), columns, 10))
  // Where there is no plan, its reason says this too.
  else if (degraded !== undefined)
    lines.push('', ...wrapText(oneLine(degraded.reason), columns, 6).map((line) => paint('dim', line)))
  for (const issue of issues) lines.push(`  ${formatIssue(issue)}`)
  for (const line of lines) stderr.write(`${line}\n`)
}

async function printPlan(outcome: PlanOutcome, terminal: Terminal): Promise<void> {
  showPlan(outcome, terminal)
  terminal.stderr.write('\n')
  terminal.stdout.write(await documentToYaml(outcome.document))
}

const cannotSave = (file: string, cause: unknown): TuttiError =>
  new TuttiError('invalid_request', `The plan cannot be written to "${file}".`, { cause })

/** Before anything is run: a plan that cannot be kept is known only afterwards otherwise. */
async function checkPlace({ save: file, lock }: AskOptions, terminal: Terminal): Promise<void> {
  if (file === undefined && lock === true)
    throw new TuttiError('invalid_request', 'A lock stands beside the plan: say with --save where that is to be.')
  if (file === undefined) return
  try {
    await access(dirname(resolve(terminal.cwd, file)), constants.W_OK)
  } catch (error) {
    throw cannotSave(file, error)
  }
}

interface Saving {
  readonly options: AskOptions
  readonly session: Session
  readonly terminal: Terminal
}

async function savePlan(document: PlanDocument, { options, session, terminal }: Saving): Promise<void> {
  const { save: file, lock } = options
  if (file === undefined) return
  const text =
    extname(file) === '.json' ? `${stringifyJson(documentToWire(document), 2)}\n` : await documentToYaml(document)
  try {
    await writeFile(resolve(terminal.cwd, file), text)
  } catch (error) {
    throw cannotSave(file, error)
  }
  terminal.stderr.write(`The plan is in "${file}".\n`)
  if (lock !== true) return
  // What is locked is what stands in the file.
  const place = await writeLockFile(file, await session.orchestrator.lock(text), terminal)
  terminal.stderr.write(`Its lock is in "${place}".\n`)
}

/** Always with the demo components: within this process, or registered in the Redis of the configuration. */
export async function demo(request: string | undefined, options: AskOptions, terminal: Terminal): Promise<ExitCode> {
  const session = await openSession(terminal, { demo: 'register' })
  try {
    await session.orchestrator.start()
    if (session.world === 'redis') await session.orchestrator.catalog.refresh()
    const { code } = await runRequest(session, terminal, request ?? DEMO_REQUEST, options)
    if (modeOf(options) === 'people') await tellWorld(session, terminal)
    // A show: an answer with gaps is no failure of the command, of which npm would make a block of errors.
    return code === EXIT.partial ? EXIT.ok : code
  } finally {
    await session.close()
  }
}

async function tellWorld({ orchestrator, world }: Session, terminal: Terminal): Promise<void> {
  const model = (await orchestrator.health()).checks.model
  const lines = [
    ...(model?.status === 'ok'
      ? [`The model was ${model.message}; TUTTI_MODEL sets another one, as VENDOR:NAME.`]
      : []),
    ...(world === 'redis' ? ['The demo components were registered in the Redis of REDIS_URL.'] : []),
  ]
  if (lines.length > 0) tell(lines, terminal)
}
