// Runs something while people or programs watch: live on a terminal, line by line in a pipe, or as JSON.
import type { RunEvent } from '../contracts/events.ts'
import type { Response } from '../contracts/run.ts'
import { eventToWire, responseToWire } from '../record/wire.ts'
import { stringifyJson } from '../util/json.ts'
import { type Aside, createLiveOutput } from './live-output.ts'
import { createRenderer } from './render/renderer.ts'
import { createPaint } from './render/text.ts'
import { EXIT, type ExitCode, lineWidth, type Terminal } from './terminal.ts'

/** `events`: each as a JSON line; `json`: the response as one document; `people`: progress and answer. */
export type OutputMode = 'people' | 'json' | 'events'

export const modeOf = (options: { readonly json?: boolean; readonly events?: boolean }): OutputMode =>
  options.events === true ? 'events' : options.json === true ? 'json' : 'people'

export interface WatchOptions {
  readonly terminal: Terminal
  readonly mode: OutputMode
  /** Nothing is said of what stood in for a model, as the command says it itself. */
  readonly quietWithoutModel?: boolean
  /** Log lines, which must not fall into what is drawn. */
  readonly aside?: Aside
  /** Starts the run; Ctrl-C aborts the signal. */
  readonly run: (watch: {
    readonly signal: AbortSignal
    readonly onEvent: (event: RunEvent) => void
  }) => Promise<Response>
}

const REDRAW_MS = 100
/** In a pipe nothing needs to be cut short. */
const DEFAULT_COLUMNS = 400

/** A block that fills the screen could not be erased. */
const ROWS_AROUND_BLOCK = 6

interface Watcher {
  /** A line beside the progress. */
  readonly say: (line: string) => void
  readonly onEvent: (event: RunEvent) => void
  readonly end: (response: Response | undefined) => void
}

/** Resolves with the response and the exit code of the command. @throws what `run` throws */
export async function watchRun(options: WatchOptions): Promise<{ response: Response; code: ExitCode }> {
  const { terminal, mode, run } = options
  const watcher = createWatcher(terminal, mode, options.quietWithoutModel)
  const abort = new AbortController()
  let interrupts = 0
  const stopListening = terminal.onStop(['SIGINT'], () => {
    interrupts++
    if (interrupts === 1) watcher.say('Cancelling. Press Ctrl-C again to leave at once.')
    else process.exit(EXIT.interrupted)
    abort.abort()
  })
  const { aside } = options
  if (aside !== undefined) aside.through = (text) => watcher.say(text.trimEnd())
  let response: Response | undefined
  try {
    response = await run({ signal: abort.signal, onEvent: watcher.onEvent })
  } finally {
    watcher.end(response)
    if (aside !== undefined) aside.through = undefined
    stopListening()
  }
  return { response, code: interrupts > 0 ? EXIT.interrupted : exitCodeOf(response) }
}

export function exitCodeOf({ status }: Response): ExitCode {
  switch (status) {
    case 'succeeded':
      return EXIT.ok
    case 'partial':
      return EXIT.partial
    case 'waiting':
    case 'paused':
      return EXIT.waiting
    case 'failed':
    case 'cancelled':
    case 'queued':
    case 'running':
      return EXIT.failed
  }
}

function createWatcher(terminal: Terminal, mode: OutputMode, quietWithoutModel = false): Watcher {
  const { stdout, stderr } = terminal
  const say = (line: string): void => void stderr.write(`${line}\n`)
  if (mode === 'events') {
    return { say, onEvent: (event) => stdout.write(`${stringifyJson(eventToWire(event))}\n`), end: () => undefined }
  }
  if (mode === 'json') {
    return {
      say,
      onEvent: () => undefined,
      end: (response) => response !== undefined && stdout.write(`${stringifyJson(responseToWire(response), 2)}\n`),
    }
  }
  return createPeopleWatcher(terminal, quietWithoutModel)
}

function createPeopleWatcher(terminal: Terminal, quietWithoutModel: boolean): Watcher {
  const { stdout, stderr, clock } = terminal
  const live = stderr.isTTY === true
  const renderer = createRenderer({
    paint: createPaint(terminal.color && live),
    // A line that wraps would make the block longer than it is counted.
    columns: lineWidth(stderr, DEFAULT_COLUMNS),
    live,
    streamAnswer: stdout.isTTY === true,
    quietWithoutModel,
    ...(stdout.isTTY === true && stdout.columns !== undefined && { answerColumns: lineWidth(stdout) }),
    ...(stderr.rows !== undefined && { maxBlockLines: Math.max(3, stderr.rows - ROWS_AROUND_BLOCK) }),
  })
  const output = createLiveOutput(terminal)
  let stopTicking = (): void => undefined
  const tick = (): void => {
    output.redraw(renderer.tick(clock.now()))
    stopTicking = clock.after(REDRAW_MS, tick)
  }
  if (live) stopTicking = clock.after(REDRAW_MS, tick)
  return {
    say: (line) => output.show({ print: [line], block: renderer.tick(clock.now()) }),
    onEvent: (event) => output.show(renderer.on(event, clock.now())),
    end: () => stopTicking(),
  }
}
