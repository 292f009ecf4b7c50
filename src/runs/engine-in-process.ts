// Hands runs to this process's own worker: by priority, then in order. Nothing survives the process.

import type { RunEngine, SegmentEnd } from '../contracts/engine.ts'
import { TuttiError } from '../contracts/errors.ts'
import type { Clock, Logger } from '../contracts/parts.ts'

type Handler = (segment: { readonly runId: string; readonly signal: AbortSignal }) => Promise<SegmentEnd>

interface Worker {
  readonly handler: Handler
  readonly concurrency: number
  readonly abort: AbortController
  running: number
  stopping: boolean
}

/** What was told to stop gets this long; what still goes on then is left behind. */
const STOP_GRACE_MS = 5_000

const PRIORITIES = ['critical', 'high', 'normal', 'low'] as const

export function createInProcessEngine(parts: { readonly clock: Clock; readonly log: Logger }): RunEngine {
  const { clock, log } = parts
  const queues = PRIORITIES.map((): { items: string[]; head: number } => ({ items: [], head: 0 }))
  const idle = new Set<() => void>()
  let worker: Worker | undefined

  const next = (): string | undefined => {
    for (const queue of queues) {
      if (queue.head === queue.items.length) continue
      const runId = queue.items[queue.head++]
      if (queue.head === queue.items.length) {
        queue.items = []
        queue.head = 0
      }
      return runId
    }
    return undefined
  }
  const ended = (of: Worker): void => {
    of.running--
    if (of.running === 0) for (const wake of idle) wake()
    pump()
  }
  const runSegment = (of: Worker, runId: string): void => {
    of.running++
    of.handler({ runId, signal: of.abort.signal }).then(
      (end) => {
        if (end !== 'ended' && end.parked.until !== undefined)
          clock.after(end.parked.until - clock.now(), () => enqueue(runId, 'normal'))
        ended(of)
      },
      (thrown: unknown) => {
        log.error('a run segment failed', {
          runId,
          error: thrown instanceof Error ? thrown.message : 'unknown',
        })
        ended(of)
      },
    )
  }
  const pump = (): void => {
    if (worker === undefined || worker.stopping) return
    while (worker.running < worker.concurrency) {
      const runId = next()
      if (runId === undefined) return
      runSegment(worker, runId)
    }
  }
  const enqueue = (runId: string, priority: (typeof PRIORITIES)[number]): void => {
    queues[PRIORITIES.indexOf(priority)]?.items.push(runId)
    pump()
  }

  return {
    async submit({ runId, priority = 'normal', notBefore }) {
      const delayMs = notBefore === undefined ? 0 : notBefore - clock.now()
      if (delayMs > 0) clock.after(delayMs, () => enqueue(runId, priority))
      else enqueue(runId, priority)
    },
    async wake(runId) {
      enqueue(runId, 'normal')
    },
    work(handler, { concurrency }) {
      if (worker !== undefined && !worker.stopping)
        throw new TuttiError('internal', 'The in-process engine has a worker already.')
      const mine: Worker = { handler, concurrency, abort: new AbortController(), running: 0, stopping: false }
      worker = mine
      pump()
      return {
        async stop(drainMs) {
          mine.stopping = true
          if (mine.running === 0) return
          await new Promise<void>((resolve) => {
            let cancelTimer = (): void => undefined
            const wake = (): void => {
              idle.delete(wake)
              cancelTimer()
              resolve()
            }
            const leave = (): void => {
              log.error('runs did not stop when told, and are left behind', { runs: mine.running })
              wake()
            }
            const stopNow = (): void => {
              cancelTimer = clock.after(STOP_GRACE_MS, leave)
              mine.abort.abort(new TuttiError('cancelled', 'The orchestrator is closing.'))
            }
            idle.add(wake)
            if (drainMs > 0) cancelTimer = clock.after(drainMs, stopNow)
            else stopNow()
          })
        },
      }
    },
  }
}
