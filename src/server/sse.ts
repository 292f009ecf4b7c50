// A run's events as server-sent events: id is the seq, event the type, data the event in snake_case.
import type { RunEvent } from '../contracts/events.ts'
import type { Clock, Logger } from '../contracts/parts.ts'
import { eventToWire } from '../record/wire.ts'
import { stringifyJson } from '../util/json.ts'

export const SSE_CONTENT_TYPE = 'text/event-stream; charset=utf-8'
/** Proxies close connections that are silent for longer. */
const HEARTBEAT_MS = 15_000

const formatEvent = (event: RunEvent): string =>
  `id: ${event.seq}\nevent: ${event.type}\ndata: ${stringifyJson(eventToWire(event))}\n\n`

export interface StreamParts {
  readonly clock: Clock
  readonly log: Logger
  /** Called once when the stream is over, whoever ended it: the reading of events stops, the run goes on. */
  readonly onClose: () => void
}

/** Pulls one event at a time as the client takes them, ends after the last; a comment every 15 s keeps the line open. */
export function streamEvents(
  events: AsyncIterable<RunEvent>,
  { clock, log, onClose }: StreamParts,
): ReadableStream<Uint8Array> {
  const iterator = events[Symbol.asyncIterator]()
  const encoder = new TextEncoder()
  let stopHeartbeat = (): void => undefined
  let open = true
  const close = (): void => {
    if (!open) return
    open = false
    stopHeartbeat()
    onClose()
  }
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const beat = (): void => {
          // A client that does not read gets no more comments than it can hold.
          if ((controller.desiredSize ?? 0) > -16) controller.enqueue(encoder.encode(': still here\n\n'))
          stopHeartbeat = clock.after(HEARTBEAT_MS, beat)
        }
        stopHeartbeat = clock.after(HEARTBEAT_MS, beat)
      },
      async pull(controller) {
        try {
          const next = await iterator.next()
          if (!open) return
          if (next.done !== true) {
            controller.enqueue(encoder.encode(formatEvent(next.value)))
            if (next.value.type !== 'run-end') return
          }
        } catch (error) {
          log.error('an event stream broke off', { error })
        }
        if (!open) return
        close()
        controller.close()
      },
      async cancel() {
        close()
        await iterator.return?.()
      },
    },
    { highWaterMark: 1 },
  )
}
