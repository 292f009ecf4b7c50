// Log lines for operators, JSON or for eyes, always to a stream that is handed in; known secrets are blanked out on the way.
import type { BreakerReport } from '../contracts/api.ts'
import type { RunEvent } from '../contracts/events.ts'
import type { Clock, Logger } from '../contracts/parts.ts'
import { stringifyJson } from '../util/json.ts'
import { toSnakeCase } from '../util/snake-case.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export interface LogOptions {
  /** Usually standard error: standard output belongs to results. */
  readonly stream: { write(text: string): unknown }
  readonly clock: Pick<Clock, 'timestamp'>
  /** `plain` is for who ran a command: without the time, and without facts that the message tells already. */
  readonly format: 'json' | 'pretty' | 'plain'
  /** Lines below it are dropped. Default `info`. */
  readonly level?: LogLevel
  /** Texts that are replaced by `[secret]` wherever they stand. */
  readonly secrets?: readonly string[]
}

const RANK: Readonly<Record<LogLevel, number>> = { debug: 0, info: 1, warn: 2, error: 3 }
const MAX_VALUE_CHARS = 4_000
const PLAIN: Readonly<Record<LogLevel, string>> = { debug: 'debug:', info: 'info:', warn: 'warning:', error: 'error:' }

/** One line that cannot steer a terminal, whatever a source or a component has said. */
const forEyes = (line: string): string =>
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  line
    .replace(/\u001b\[[0-9;?]*[ -/]*[@-~]/g, '')
    .replace(/[\p{Cc}\p{Zl}\p{Zp}\u200e\u200f\u202a-\u202e\u2066-\u2069]+/gu, ' ')

/** Errors are shown by code and message, never by stack; long texts are cut. */
function showable(value: unknown): unknown {
  if (value instanceof Error) return { code: 'code' in value ? value.code : undefined, message: value.message }
  if (typeof value === 'string' && value.length > MAX_VALUE_CHARS) return `${value.slice(0, MAX_VALUE_CHARS)}…`
  return value
}

/** Facts are named in snake_case on the line: `runId` becomes `run_id`. A stream that fails is none of the caller's business. */
export function createLogger(options: LogOptions): Logger {
  const least = RANK[options.level ?? 'info']
  // Longest first: a secret that begins with another must not leave its end behind.
  const secrets = [...(options.secrets ?? [])].filter((s) => s !== '').sort((a, b) => b.length - a.length)
  // Inside JSON text a secret stands escaped.
  const written = secrets.flatMap((secret) => [secret, JSON.stringify(secret).slice(1, -1)])
  const redact = (line: string): string => written.reduce((text, secret) => text.replaceAll(secret, '[secret]'), line)

  const render = (level: LogLevel, message: string, facts: Readonly<Record<string, unknown>>): string => {
    const entries = Object.entries(facts).filter(([, value]) => value !== undefined)
    if (options.format === 'json') {
      const named = entries.map(([key, value]) => [toSnakeCase(key), showable(value)])
      return stringifyJson({ time: options.clock.timestamp(), level, message, ...Object.fromEntries(named) })
    }
    const isPlain = options.format === 'plain'
    const told = isPlain
      ? entries.filter(([, value]) => ![value].flat().every((one) => message.includes(String(one))))
      : entries
    const tail = told.map(([key, value]) => ` ${toSnakeCase(key)}=${stringifyJson(showable(value))}`).join('')
    const head = isPlain ? PLAIN[level] : `${options.clock.timestamp().slice(11, 23)} ${level.padEnd(5)}`
    return forEyes(`${head} ${message}${tail}`)
  }
  const write = (level: LogLevel, message: string, facts: Readonly<Record<string, unknown>> = {}): void => {
    if (RANK[level] < least) return
    try {
      options.stream.write(`${redact(render(level, message, facts))}\n`)
    } catch {
      // A closed terminal or an unprintable fact must not end a run.
    }
  }
  return {
    debug: (message, facts) => write('debug', message, facts),
    info: (message, facts) => write('info', message, facts),
    warn: (message, facts) => write('warn', message, facts),
    error: (message, facts) => write('error', message, facts),
  }
}

/** A reader of events that writes one line per fact worth a line; every one carries the run's id. */
export function createEventLog(log: Logger): (event: RunEvent) => void {
  return (event) => {
    const { runId } = event
    switch (event.type) {
      case 'run-start':
        return log.info('run started', {
          runId,
          principal: event.principal,
          name: event.name,
          threadId: event.threadId,
        })
      case 'plan-invalid':
        return log.warn('plan is not valid', {
          runId,
          attempt: event.attempt,
          issues: event.issues.map((i) => i.message),
        })
      case 'plan-end':
        return log.info('plan ready', {
          runId,
          way: event.way,
          steps: event.document.steps.length,
          durationMs: event.durationMs,
          degraded: event.degraded?.reason,
        })
      case 'attempt-end':
        if (event.status !== 'failed') return
        return log.warn('attempt failed', {
          runId,
          step: event.step,
          attempt: event.attempt,
          code: event.error?.code,
          error: event.error?.message,
          retryInMs: event.retryInMs,
        })
      case 'step-repair':
        return log.info('step repaired', { runId, step: event.step, way: event.way, reason: event.reason })
      case 'recovery':
        return log.info('recovery chosen', {
          runId,
          step: event.step,
          component: event.component,
          code: event.error.code,
          chosen: event.chosen,
          why: event.why,
          next: event.next,
        })
      case 'recovered':
        return log.info('step recovered', { runId, step: event.step, component: event.component, way: event.way })
      case 'recovery-failed':
        return log.warn('step could not be recovered', {
          runId,
          step: event.step,
          component: event.component,
          code: event.error.code,
          tried: event.tried,
        })
      case 'escalation':
        return log.error('people are told: a component keeps failing', {
          runId,
          step: event.step,
          component: event.component,
          code: event.error.code,
          failures: event.failures,
          notify: event.notify,
        })
      case 'budget-exceeded':
        return log.warn('budget reached', {
          runId,
          step: event.step,
          purpose: event.purpose,
          budget: toSnakeCase(event.kind),
          limit: event.limit,
          used: event.used,
        })
      case 'step-end':
        return log[event.status === 'failed' ? 'warn' : 'debug']('step ended', {
          runId,
          step: event.step,
          status: event.status,
          code: event.error?.code,
          error: event.error?.message,
          durationMs: event.durationMs,
        })
      case 'model-call':
        return log[event.status === 'failed' ? 'warn' : 'debug']('model called', {
          runId,
          purpose: event.purpose,
          model: event.model,
          status: event.status,
          code: event.error?.code,
          error: event.error?.message,
          durationMs: event.durationMs,
        })
      case 'run-end':
        return log.info('run ended', {
          runId,
          status: event.response.status,
          durationMs: event.response.timings.totalMs,
          degraded: event.response.degraded?.way,
        })
      default:
    }
  }
}

/** One line when a breaker opens, tries again, or is closed at full traffic; the shares between are for who debugs. */
export function createBreakerLog(log: Logger): (report: BreakerReport) => void {
  return ({ component, instance, state, share, heard }) => {
    if (state === 'open') {
      const by = heard === true ? { heard } : {}
      log.warn('breaker opened: the instance is not called for now', { component, instance, ...by })
    } else if (share === 1) log.info('breaker closed', { component, instance })
    else log.debug('breaker tries again', { component, instance, state, share })
  }
}
