// What a server's process writes to its standard error: into the log by lines, so many a minute, and the last of it kept to say
// why the process ended. Secrets that it was given do not come out again.
import type { Clock, Logger } from '../../contracts/parts.ts'
import { hideSecrets } from '../../util/secrets.ts'
import { truncateText } from '../../util/text.ts'

export interface ErrorLogOptions {
  readonly name: string
  readonly clock: Clock
  readonly log: Logger | undefined
  readonly secrets: ReadonlyMap<string, string>
}

export interface ErrorLog {
  write(text: string): void
  /** The last words, for messages, without the stacks of interpreters; empty when there were none. */
  lastWords(): string
}

const MAX_LINE = 500
const MAX_PENDING = 10_000
const LINES_PER_MINUTE = 30
/** A stack may follow what counts. */
const REMEMBERED = 8_000
const KEPT = 400

/** Where in whose code it happened is of no use to who reads why a server did not start. */
const isOfStack = (line: string): boolean =>
  /^\s/.test(line) || /^(?:[\s^{}[\]]*$|node:|file:\/\/\S+:\d+$|\/\S+:\d+$|Node\.js v\d|Traceback \()/.test(line)

function withoutStack(text: string): string {
  const lines = text.split('\n').filter((line) => !isOfStack(line))
  return lines.length === 0 ? text : lines.join('\n')
}

export function createErrorLog({ name, clock, log, secrets }: ErrorLogOptions): ErrorLog {
  let pending = ''
  let last = ''
  let minute = -Infinity
  let lines = 0
  let dropped = 0

  const tell = (line: string): void => {
    const now = clock.now()
    if (now - minute >= 60_000) {
      if (dropped > 0) log?.debug(`MCP server "${name}" wrote ${dropped} lines more.`, { server: name })
      minute = now
      lines = 0
      dropped = 0
    }
    lines++
    if (lines > LINES_PER_MINUTE) dropped++
    else log?.debug(`MCP server "${name}": ${hideSecrets(truncateText(line, MAX_LINE), secrets)}`, { server: name })
  }

  return {
    write(text) {
      last = (last + text).slice(-REMEMBERED)
      const parts = (pending + text).split('\n')
      pending = (parts.pop() ?? '').slice(0, MAX_PENDING)
      for (const line of parts) if (line.trim() !== '') tell(line.trim())
    },
    lastWords: () => withoutStack(hideSecrets(last, secrets)).trim().slice(-KEPT),
  }
}
