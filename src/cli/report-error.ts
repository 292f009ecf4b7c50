// How a command says that it could not: one line, the places that are wrong, an exit code; never a stack.
import { ERROR_KINDS, errorInfo, toTuttiError } from '../contracts/errors.ts'
import type { Issue } from '../contracts/plan.ts'
import { errorToWire, issueToWire } from '../record/wire.ts'
import { issuesOf } from '../server/problem.ts'
import { stringifyJson } from '../util/json.ts'
import { createPaint, oneLine } from './render/text.ts'
import { EXIT, type ExitCode, type Terminal } from './terminal.ts'

/** `file:line:column  error  message`; what is not known is left out. */
export function formatIssue(issue: Issue, file?: string): string {
  const place = [file, issue.line, issue.column].filter((part) => part !== undefined).join(':')
  const where =
    place === '' || issue.line === undefined ? [place, issue.pointer].filter((p) => p !== '').join(' ') : place
  const hint = issue.alternatives.length === 0 ? '' : ` Possible: ${issue.alternatives.join(', ')}.`
  return `${where === '' ? '' : `${where}  `}${issue.severity}  ${oneLine(issue.message)}${hint}`
}

/** Tells the error, as JSON on standard output when `json`. */
export function reportError(thrown: unknown, terminal: Terminal, json: boolean): ExitCode {
  const error = toTuttiError(thrown)
  const issues = issuesOf(error)
  if (json) {
    const { details: _, ...info } = errorInfo(error)
    const document = { error: { ...errorToWire(info), ...(issues.length > 0 && { issues: issues.map(issueToWire) }) } }
    terminal.stdout.write(`${stringifyJson(document, 2)}\n`)
  } else {
    const paint = createPaint(terminal.color && terminal.stderr.isTTY === true)
    terminal.stderr.write(`${paint('red', 'error')}: ${oneLine(error.message)}\n`)
    for (const issue of issues) terminal.stderr.write(`  ${formatIssue(issue)}\n`)
  }
  const { exit } = ERROR_KINDS[error.code]
  return exit === EXIT.usage || exit === EXIT.invalid ? exit : EXIT.failed
}
