// ask, plan, demo: a request in plain language, planned, run and answered before your eyes.
import { writeFile } from 'node:fs/promises'
import { extname, resolve } from 'node:path'
import type { PlanOutcome, RequestOptions } from '../../contracts/api.ts'
import { TuttiError } from '../../contracts/errors.ts'
import type { JsonObject } from '../../contracts/json.ts'
import type { PlanDocument } from '../../contracts/plan.ts'
import type { Response } from '../../contracts/run.ts'
import { documentToWire, documentToYaml } from '../../plan/document.ts'
import { outcomeToWire } from '../../server/wire.ts'
import { stringifyJson } from '../../util/json.ts'
import { renderPlanTree } from '../render/plan-tree.ts'
import { WAYS } from '../render/renderer.ts'
import { createPaint, oneLine } from '../render/text.ts'
import { wrapText } from '../render/wrap.ts'
import { formatIssue } from '../report-error.ts'
import { openSession, type Session, withSession } from '../session.ts'
import { EXIT, type ExitCode, type Terminal } from '../terminal.ts'
import { watchRun } from '../watch-run.ts'

export const DEMO_REQUEST =
  'I plan to sell 100 Tesla shares to fund a week in Seoul from New York. Can I afford it, how much is that in local currency, what is the weather and the news?'

export interface AskOptions {
  readonly json?: boolean
  readonly events?: boolean
  readonly planOnly?: boolean
  readonly save?: string
  readonly input?: JsonObject
  readonly thread?: string
}

const modeOf = ({ json, events }: AskOptions) => (events === true ? 'events' : json === true ? 'json' : 'people')

function checkRequest(request: string): void {
  if (request.trim() === '')
    throw new TuttiError('invalid_request', 'The request is empty. Say in a sentence what you want.')
}

const requestOptions = (options: AskOptions): RequestOptions => ({
  ...(options.input !== undefined && { inputs: options.input }),
  ...(options.thread !== undefined && { threadId: options.thread }),
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
  if (!hasModel && response.usage.modelCalls === 0 && modeOf(options) === 'people') tell(WITHOUT_MODEL, terminal)
  if (options.save !== undefined && response.plan !== null) await savePlan(response.plan, options.save, terminal)
  return { response, code }
}

const WITHOUT_MODEL = [
  'No model was asked: a local planner matched the words, a template answered.',
  'For a plan and an answer by a model, set OPENAI_API_KEY or ANTHROPIC_API_KEY.',
]

function tell(lines: readonly string[], { stderr, color }: Terminal): void {
  const paint = createPaint(color && stderr.isTTY === true)
  for (const line of ['', ...lines]) stderr.write(`${paint('dim', line)}\n`)
}

export async function ask(request: string, options: AskOptions, terminal: Terminal): Promise<ExitCode> {
  checkRequest(request)
  if (options.planOnly === true) return makePlan(request, options, terminal)
  return withSession(terminal, async (session) => (await runRequest(session, terminal, request, options)).code)
}

export async function makePlan(request: string, options: AskOptions, terminal: Terminal): Promise<ExitCode> {
  checkRequest(request)
  return withSession(terminal, async ({ orchestrator }) => {
    const outcome = await orchestrator.plan(request, requestOptions(options))
    if (options.json === true) terminal.stdout.write(`${stringifyJson(outcomeToWire(outcome), 2)}\n`)
    else if (options.save === undefined) await printPlan(outcome, terminal)
    else showPlan(outcome, terminal)
    if (options.save !== undefined) await savePlan(outcome.document, options.save, terminal)
    return outcome.issues.some((issue) => issue.severity === 'error') ? EXIT.invalid : EXIT.ok
  })
}

/** The tree goes beside the result: the result is the document. */
function showPlan({ document, issues, way, degraded }: PlanOutcome, { stderr, color }: Terminal): void {
  const paint = createPaint(color && stderr.isTTY === true)
  const columns = Math.max(20, (stderr.columns ?? 100) - 1)
  const count = document.steps.length
  const lines = [
    paint('bold', count === 0 ? 'No plan' : `Plan  ${count} ${count === 1 ? 'step' : 'steps'}, ${WAYS[way] ?? way}`),
    ...renderPlanTree(document, paint, columns),
  ]
  if (document.reason !== undefined) lines.push(`  ${oneLine(document.reason)}`)
  if (degraded !== undefined)
    lines.push('', ...wrapText(oneLine(degraded.reason), columns, 6).map((line) => paint('dim', line)))
  for (const issue of issues) lines.push(`  ${formatIssue(issue)}`)
  for (const line of lines) stderr.write(`${line}\n`)
}

async function printPlan(outcome: PlanOutcome, terminal: Terminal): Promise<void> {
  showPlan(outcome, terminal)
  terminal.stderr.write('\n')
  terminal.stdout.write(await documentToYaml(outcome.document))
}

async function savePlan(document: PlanDocument, file: string, terminal: Terminal): Promise<void> {
  const text =
    extname(file) === '.json' ? `${stringifyJson(documentToWire(document), 2)}\n` : await documentToYaml(document)
  try {
    await writeFile(resolve(terminal.cwd, file), text)
  } catch (error) {
    throw new TuttiError('invalid_request', `The plan cannot be written to "${file}".`, { cause: error })
  }
  terminal.stderr.write(`The plan is in "${file}".\n`)
}

/** Always with the demo components: within this process, or registered in the Redis of the configuration. */
export async function demo(request: string | undefined, options: AskOptions, terminal: Terminal): Promise<ExitCode> {
  const session = await openSession(terminal, { demo: 'register' })
  try {
    await session.orchestrator.start()
    if (session.world === 'redis') await session.orchestrator.catalog.refresh()
    const { code } = await runRequest(session, terminal, request ?? DEMO_REQUEST, options)
    if (modeOf(options) === 'people') await tellWorld(session, terminal)
    return code
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
