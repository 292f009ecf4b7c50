// What a run sends along with every component call, and how deep orchestrators may call orchestrators.
import { TuttiError } from '../contracts/errors.ts'
import type { RunHandle } from '../contracts/run-handle.ts'

const DEPTH_HEADER = 'x-tutti-depth'
/** Passed on as they came: trace context belongs to whoever began the trace. */
const PASSED_ON = ['traceparent', 'tracestate', 'baggage']

type Headers = Readonly<Record<string, string>> | undefined

function depthOf(headers: Headers): number {
  const depth = Number(headers?.[DEPTH_HEADER] ?? 0)
  return Number.isInteger(depth) && depth >= 0 ? depth : 0
}

/** @throws TuttiError `invalid_request` when this call stands too deep in a chain of orchestrators */
export function refuseDepth(headers: Headers, maxDepth: number): void {
  const depth = depthOf(headers)
  if (depth >= maxDepth) {
    throw new TuttiError(
      'invalid_request',
      `This request came through ${depth} orchestrators, and ${maxDepth} are allowed: do they call each other in a circle? Raise runs.max_depth if not.`,
    )
  }
}

export function headersOfRun({ run }: Pick<RunHandle, 'run'>): Readonly<Record<string, string>> {
  const headers: Record<string, string> = {
    [DEPTH_HEADER]: String(depthOf(run.headers) + 1),
    'x-tutti-run-id': run.runId,
  }
  for (const name of PASSED_ON) {
    const value = run.headers?.[name]
    if (value !== undefined) headers[name] = value
  }
  return headers
}
