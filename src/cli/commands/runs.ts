// runs list, show, events, cancel: the runs of a server, over its HTTP interface.
import { TuttiError } from '../../contracts/errors.ts'
import type { JsonObject, JsonValue } from '../../contracts/json.ts'
import { httpOrigin } from '../../util/http-origin.ts'
import { isJsonObject, parseJson, stringifyJson } from '../../util/json.ts'
import { oneLine } from '../render/text.ts'
import { readConfig } from '../session.ts'
import { EXIT, type ExitCode, type Terminal } from '../terminal.ts'

export interface ServerOptions {
  /** Default: host and port of the configuration. */
  readonly server?: string
  readonly key?: string
  readonly json?: boolean
}

const pathOf = (runId: string): string => `/runs/${encodeURIComponent(runId)}`

/** What listens everywhere is asked on this machine. */
async function configuredServer(terminal: Terminal): Promise<string> {
  const { host, port } = (await readConfig(terminal)).server
  return httpOrigin(host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host, port)
}

async function request(
  options: ServerOptions,
  terminal: Terminal,
  { method = 'GET', path }: { readonly method?: 'GET' | 'POST'; readonly path: string },
): Promise<globalThis.Response> {
  const server = options.server ?? (await configuredServer(terminal))
  if (!URL.canParse(path, server))
    throw new TuttiError(
      'invalid_request',
      `"${server}" is not the address of a server, such as http://127.0.0.1:8080.`,
    )
  let response: globalThis.Response
  try {
    const headers = options.key === undefined ? {} : { 'x-api-key': options.key }
    response = await fetch(new URL(path, server), { method, headers, redirect: 'error' })
  } catch (error) {
    throw new TuttiError(
      'not_ready',
      `No server answers at "${server}". Start one with "tutti serve", or name it with --server.`,
      { cause: error },
    )
  }
  if (response.ok) return response
  const problem = readJson(await response.text())
  const detail = typeof problem.detail === 'string' ? problem.detail : `The server answered ${response.status}.`
  throw new TuttiError(response.status >= 500 ? 'not_ready' : 'invalid_request', detail)
}

function readJson(text: string): JsonObject {
  try {
    const value = parseJson(text)
    return isJsonObject(value) ? value : {}
  } catch {
    return {}
  }
}

const requestJson = async (...asked: Parameters<typeof request>): Promise<JsonObject> =>
  readJson(await (await request(...asked)).text())

/** The plan of a run with what was to be expected and what happened, as the server tells it. */
export const readExplanation = (runId: string, options: ServerOptions, terminal: Terminal): Promise<JsonObject> =>
  requestJson(options, terminal, { path: `${pathOf(runId)}/explanation` })

const cell = (value: JsonValue | undefined, width: number): string =>
  oneLine(typeof value === 'string' ? value : '').padEnd(width)

export async function listRuns(
  options: ServerOptions & { readonly status?: string; readonly limit: number },
  terminal: Terminal,
): Promise<ExitCode> {
  const query = new URLSearchParams({
    limit: String(options.limit),
    ...(options.status !== undefined && { status: options.status }),
  })
  const page = await requestJson(options, terminal, { path: `/runs?${query.toString()}` })
  if (options.json === true) {
    terminal.stdout.write(`${stringifyJson(page, 2)}\n`)
    return EXIT.ok
  }
  for (const item of Array.isArray(page.items) ? page.items.filter(isJsonObject) : []) {
    const what = item.request ?? item.name
    terminal.stdout.write(
      `${cell(item.run_id, 36)}  ${cell(item.status, 9)}  ${cell(item.created_at, 24)}  ${cell(what, 0)}\n`,
    )
  }
  return EXIT.ok
}

export async function showRun(runId: string, options: ServerOptions, terminal: Terminal): Promise<ExitCode> {
  const run = await requestJson(options, terminal, { path: pathOf(runId) })
  terminal.stdout.write(`${stringifyJson(run, 2)}\n`)
  return EXIT.ok
}

/** Each event as a JSON line, until the run ends. */
export async function followRun(runId: string, options: ServerOptions, terminal: Terminal): Promise<ExitCode> {
  const { body } = await request(options, terminal, { path: `${pathOf(runId)}/events` })
  if (body === null) return EXIT.failed
  let rest = ''
  for await (const chunk of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + chunk).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) if (line.startsWith('data: ')) terminal.stdout.write(`${line.slice('data: '.length)}\n`)
  }
  return EXIT.ok
}

export async function cancelRun(runId: string, options: ServerOptions, terminal: Terminal): Promise<ExitCode> {
  const answer = await requestJson(options, terminal, { method: 'POST', path: `${pathOf(runId)}/cancel` })
  if (options.json === true) terminal.stdout.write(`${stringifyJson(answer, 2)}\n`)
  else terminal.stderr.write(`Run "${runId}" is being cancelled.\n`)
  return EXIT.ok
}
