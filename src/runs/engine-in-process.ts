// Hands runs to this process's own worker: by priority, then fairly between keys, then by deadline, then in order. Nothing
// survives the process.

import type { RunEngine, SegmentEnd } from '../contracts/engine.ts'
import { TuttiError } from '../contracts/errors.ts'
import type { Clock, Logger } from '../contracts/parts.ts'
import type { Priority } from '../contracts/policy.ts'
import { createFairQueue, type FairQueue } from '../resilience/fair-queue.ts'
import { keyPath, type RunQuotas } from './run-quotas.ts'

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
const ACCEPTED = Promise.resolve()
/** Runs begun in a row before other work of the process gets its turn: a thousand at once would all be half done at once. */
const BATCH = 32

const RANKS = { critical: 0, high: 1, normal: 2, low: 3 } as const satisfies Record<Priority, number>

type Job = Parameters<RunEngine['submit']>[0]

export interface InProcessEngineParts {
  readonly clock: Clock
  readonly log: Logger
  /** How many runs of a key may be at work. The others wait, and hold no worker. */
  readonly quotas?: RunQuotas | undefined
  /** Share of a key when keys compete for workers. Default 1. */
  readonly weightOf?: ((key: string) => number | undefined) | undefined
}

export function createInProcessEngine({ clock, log, quotas, weightOf }: InProcessEngineParts): RunEngine {
  const queue = createFairQueue<Job>()
  /** Runs that may not begin for their quota, by its name. */
  const held = new Map<string, FairQueue<Job>>()
  /** Runs that wait for a time or a signal: they come back with the rank they had. */
  const parked = new Map<string, Job>()
  /** Where each run waits, for those that are withdrawn. */
  const places = new Map<string, { readonly job: Job; readonly queue: FairQueue<Job> }>()
  const idle = new Set<() => void>()
  let worker: Worker | undefined

  const addTo = (to: FairQueue<Job>, job: Job): void => {
    const { runId, key = '', priority = 'normal', deadline } = job
    places.set(runId, { job, queue: to })
    const flow = keyPath(key)
    const weight = weightOf?.(flow[0] ?? '')
    to.push(job, {
      priority: RANKS[priority],
      flow,
      ...(weight !== undefined && { weight }),
      ...(deadline !== undefined && { dueAtMs: deadline }),
    })
  }
  const nextOf = (from: FairQueue<Job> | undefined): Job | undefined => {
    const job = from?.pop()
    if (job !== undefined) places.delete(job.runId)
    return job
  }
  /** False: its quota is used up, and it waits for that. */
  const mayBegin = (job: Job): boolean => {
    const full = quotas?.enter(job.key ?? '')
    if (full === undefined) return true
    let waiting = held.get(full)
    if (waiting === undefined) held.set(full, (waiting = createFairQueue()))
    addTo(waiting, job)
    return false
  }
  const leaveQuotas = (key: string): void => {
    quotas?.leave(key)
    for (const name of keyPath(key)) {
      const waiting = held.get(name)
      const next = nextOf(waiting)
      if (next !== undefined) addTo(queue, next)
      if (waiting?.size === 0) held.delete(name)
    }
  }
  const ended = (of: Worker, job: Job): void => {
    of.running--
    if (quotas !== undefined) leaveQuotas(job.key ?? '')
    if (of.running === 0) for (const wake of idle) wake()
    if (queue.size > 0) pump()
  }
  const runSegment = (of: Worker, job: Job): void => {
    const { runId } = job
    of.running++
    of.handler({ runId, signal: of.abort.signal }).then(
      (end) => {
        if (end !== 'ended') park(job, end.parked.until)
        ended(of, job)
      },
      (thrown: unknown) => {
        log.error('a run segment failed', {
          runId,
          error: thrown instanceof Error ? thrown.message : 'unknown',
        })
        ended(of, job)
      },
    )
  }
  const park = (job: Job, until: number | undefined): void => {
    parked.set(job.runId, job)
    if (until !== undefined) clock.after(until - clock.now(), () => wake(job.runId, false))
  }
  /** A run that is not known here was accepted by another process, and nothing is known of it. */
  const wake = (runId: string, isAsked: boolean): void => {
    const job = parked.get(runId)
    parked.delete(runId)
    if (job !== undefined) enqueue(job)
    else if (isAsked) enqueue({ runId })
  }
  let sinceTurn = 0
  let turnIsAsked = false
  const askForTurn = (): void => {
    if (turnIsAsked) return
    turnIsAsked = true
    setImmediate(() => {
      turnIsAsked = false
      sinceTurn = 0
      pump()
    })
  }
  const pump = (): void => {
    if (worker === undefined || worker.stopping) return
    while (worker.running < worker.concurrency) {
      if (sinceTurn >= BATCH) return askForTurn()
      const job = nextOf(queue)
      if (job === undefined) return
      if (mayBegin(job)) begin(worker, job)
    }
  }
  const begin = (of: Worker, job: Job): void => {
    sinceTurn++
    askForTurn()
    runSegment(of, job)
  }
  const enqueue = (job: Job): void => {
    const isFull = worker === undefined || worker.stopping || worker.running >= worker.concurrency
    if (worker === undefined || isFull || queue.size > 0 || sinceTurn >= BATCH) {
      addTo(queue, job)
      pump()
    } else if (mayBegin(job)) begin(worker, job)
  }

  return {
    submit(job) {
      const delayMs = job.notBefore === undefined ? 0 : job.notBefore - clock.now()
      if (delayMs > 0) clock.after(delayMs, () => enqueue(job))
      else enqueue(job)
      return ACCEPTED
    },
    async wake(runId) {
      wake(runId, true)
    },
    withdraw(runId) {
      const place = places.get(runId)
      places.delete(runId)
      place?.queue.remove(place.job)
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
