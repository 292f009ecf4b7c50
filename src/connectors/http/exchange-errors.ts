// What goes wrong in an exchange over HTTP, in our codes. `details.sent` is false when nothing can have reached the other side.
import { TuttiError } from '../../contracts/errors.ts'
import { formatDuration } from '../../util/duration.ts'

/** What stopped the caller: its own reason when that is one of ours. */
export function stoppedError(signal: AbortSignal, origin: string, sent: boolean): TuttiError {
  const reason: unknown = signal.reason
  if (reason instanceof TuttiError) {
    return new TuttiError(reason.code, reason.message, { details: { ...reason.details, sent }, cause: reason })
  }
  const isTimeout = reason instanceof Error && reason.name === 'TimeoutError'
  return isTimeout
    ? new TuttiError('component_timeout', `"${origin}" did not answer in time.`, { details: { sent }, cause: reason })
    : new TuttiError('cancelled', `The call to "${origin}" was cancelled.`, { details: { sent }, cause: reason })
}

/** For the author of a source that answers so where it was only asked what it offers. */
export const hintAtHeaders = (status: number | undefined): string =>
  status === 401 || status === 403
    ? ' It wants to know who asks: put that into the "headers" of the source, as in {Authorization: {env: NAME}}.'
    : ''

const codeOf = (error: unknown): string =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''

/** Who hangs up after so long did not crash: it has a limit of its own, such as a proxy's 30 s. */
const OWN_LIMIT_MS = 5_000

export const isHungUp = (error: Error, waitedMs: number): boolean =>
  waitedMs >= OWN_LIMIT_MS && !(error instanceof TuttiError)

export function hungUpError(origin: string, waitedMs: number, cause: Error): TuttiError {
  return new TuttiError(
    'component_timeout',
    `"${origin}" hung up after ${formatDuration(waitedMs)} without an answer: it has a time limit of its own, so a longer timeout here does not help. Raise it there, or ask the component for less.`,
    { details: { sent: true, waited_ms: waitedMs }, cause },
  )
}

/** What went wrong on the way, in words; the system's own message may hold more of the address than is ours to show. */
export function lostError(error: Error, origin: string, sent: boolean, status: number | undefined): TuttiError {
  if (error instanceof TuttiError) return error
  const inner: unknown = error instanceof AggregateError ? error.errors.find((one) => codeOf(one) !== '') : undefined
  const reason = codeOf(error) || codeOf(inner) || error.name
  if (reason === 'UND_ERR_INVALID_ARG') {
    return new TuttiError('internal', `The request to "${origin}" could not be written.`, {
      details: { sent: false },
      cause: error,
    })
  }
  const what =
    status !== undefined
      ? `"${origin}" broke off its answer`
      : sent
        ? `"${origin}" closed the connection without an answer`
        : `"${origin}" cannot be reached`
  return new TuttiError('component_unavailable', `${what} (${reason}).`, {
    details: { sent, reason, ...(status === undefined ? {} : { status }) },
    cause: error,
  })
}

export function tooLargeError(origin: string, limit: number): TuttiError {
  return new TuttiError(
    'response_too_large',
    `"${origin}" answered with more than ${limit} bytes. Raise executor.max_response_bytes, or ask the component for less.`,
    { details: { sent: true, limit_bytes: limit } },
  )
}

export function redirectError(origin: string, status: number, location: string | undefined): TuttiError {
  const target = location !== undefined && URL.canParse(location, origin) ? new URL(location, origin).origin : undefined
  return new TuttiError(
    'redirect_refused',
    `"${origin}" answered with a redirect (${status})${target === undefined ? '' : ` to "${target}"`}; redirects are not followed. Register the component's final address.`,
    { details: { sent: true, status } },
  )
}

/** Whether the other side closed a connection over which it had answered before. */
export function wasKept(error: Error): boolean {
  const socket: unknown = codeOf(error) === 'UND_ERR_SOCKET' && 'socket' in error ? error.socket : undefined
  const isSocket = typeof socket === 'object' && socket !== null && 'bytesRead' in socket
  return isSocket && typeof socket.bytesRead === 'number' && socket.bytesRead > 0
}
