import { describe, expect, it } from 'vitest'
import type { RequestOptions } from '../../src/contracts/api.ts'
import type { SegmentEnd } from '../../src/contracts/engine.ts'
import { TuttiError } from '../../src/contracts/errors.ts'
import type { RunEvent } from '../../src/contracts/events.ts'
import type { Logger } from '../../src/contracts/parts.ts'
import type { QuotaSpec } from '../../src/contracts/policy.ts'
import type { RunHandle } from '../../src/contracts/run-handle.ts'
import { createInProcessEngine } from '../../src/runs/engine-in-process.ts'
import { createMemoryJournal } from '../../src/runs/journals/memory.ts'
import { createRunQuotas } from '../../src/runs/run-quotas.ts'
import { createRunService, type RunService } from '../../src/runs/run-service.ts'
import { createRunId } from '../../src/util/ids.ts'
import { createManualClock } from '../support/manual-clock.ts'

const silent: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
const finish = (handle: RunHandle, status: 'succeeded' | 'cancelled' = 'succeeded'): void =>
  handle.emit({ type: 'run-end', response: { ...handle.snapshot(), status } })
const begin = (handle: RunHandle): void =>
  handle.emit({ type: 'run-start', request: handle.run.request ?? '', inputs: {}, principal: handle.run.principal })

function create(
  conduct: (handle: RunHandle) => Promise<SegmentEnd>,
  settings = { concurrency: 100, maxQueued: 100 },
  quotaSpecs: Record<string, QuotaSpec> = {},
): RunService {
  const clock = createManualClock()
  const quotas = createRunQuotas(quotaSpecs, settings.concurrency)
  const service = createRunService({
    journal: createMemoryJournal({ keepEnded: 100, keepEndedBytes: 1e9 }),
    engine: createInProcessEngine({ clock, log: silent, quotas }),
    quotas,
    clock,
    log: silent,
    settings,
    listeners: [],
    accept: async (ask) => {
      if (ask.request === 'refuse') throw new TuttiError('invalid_request', 'Refused.')
      return { inputs: {}, liveInputs: {}, secrets: new Map() }
    },
    conduct,
  })
  service.start()
  return service
}
const quick = async (handle: RunHandle): Promise<SegmentEnd> => {
  begin(handle)
  finish(handle)
  return 'ended'
}
/** Runs until it is cancelled. */
const patient = async (handle: RunHandle): Promise<SegmentEnd> => {
  begin(handle)
  if (!handle.signal.aborted) await new Promise((resolve) => handle.signal.addEventListener('abort', resolve))
  finish(handle, 'cancelled')
  return 'ended'
}
/** A run whose end can be waited for before anything has happened. */
async function open(runs: RunService, options: RequestOptions = {}) {
  const runId = createRunId()
  const { done } = await runs.open(runId, { request: 'x' }, options, () => undefined)
  return { runId, done }
}
const collect = async (events: AsyncIterable<RunEvent>): Promise<string[]> => {
  const seen: string[] = []
  for await (const e of events) seen.push(`${e.seq} ${e.type}`)
  return seen
}

describe('runs', () => {
  it('accepts a run, and gives its response while it runs and after it has ended', async () => {
    const runs = create(patient)
    const { runId, status } = await runs.submit({ request: 'x' })
    expect(status).toBe('queued')
    await new Promise((resolve) => setImmediate(resolve))
    expect((await runs.get(runId))?.status).toBe('running')
    await runs.cancel(runId)
    expect((await runs.wait(runId)).status).toBe('cancelled')
    expect((await runs.get(runId))?.status).toBe('cancelled')
  })
  it('refuses before a run begins, and keeps nothing of it', async () => {
    const runs = create(quick)
    await expect(runs.submit({ request: 'refuse' })).rejects.toMatchObject({ code: 'invalid_request' })
    expect((await runs.list()).items).toEqual([])
  })
  it('streams past events, then live ones, to its end', async () => {
    const runs = create(patient)
    const { runId } = await runs.submit({ request: 'x' })
    await new Promise((resolve) => setImmediate(resolve))
    const following = collect(runs.events(runId))
    const late = collect(runs.events(runId, { fromSeq: 2 }))
    await new Promise((resolve) => setImmediate(resolve))
    await runs.cancel(runId)
    expect(await following).toEqual(['1 run-start', '2 run-end'])
    expect(await late).toEqual(['2 run-end'])
    expect(await collect(runs.events(runId))).toEqual(['1 run-start', '2 run-end'])
  })
  it('ends a reader when its signal aborts, and the run goes on', async () => {
    const runs = create(patient)
    const { runId } = await runs.submit({ request: 'x' })
    await new Promise((resolve) => setImmediate(resolve))
    const stop = new AbortController()
    const reading = collect(runs.events(runId, { signal: stop.signal }))
    await new Promise((resolve) => setImmediate(resolve))
    stop.abort()
    expect(await reading).toEqual(['1 run-start'])
    expect((await runs.get(runId))?.status).toBe('running')
    await runs.cancel(runId)
  })
  it('ends a wait when its signal aborts, and the run goes on', async () => {
    const runs = create(patient)
    const { runId } = await runs.submit({ request: 'x' })
    const stop = new AbortController()
    const waiting = runs.wait(runId, { signal: stop.signal })
    stop.abort()
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' })
    expect((await runs.get(runId))?.status).not.toBe('cancelled')
    await runs.cancel(runId)
  })
  it('hides a run from other principals', async () => {
    const runs = create(quick)
    const { runId } = await runs.submit({ request: 'x' }, { principal: 'ann' })
    expect(await runs.get(runId, { principal: 'bob' })).toBeUndefined()
    await expect(runs.cancel(runId, { principal: 'bob' })).rejects.toMatchObject({ code: 'unknown_run' })
    await expect(collect(runs.events(runId, { principal: 'bob' }))).rejects.toMatchObject({ code: 'unknown_run' })
    expect((await runs.get(runId, { principal: 'ann' }))?.runId).toBe(runId)
    expect((await runs.list({ principal: 'bob' })).items).toEqual([])
  })
  it('says that an ended run cannot be cancelled, and that an unknown one is unknown', async () => {
    const runs = create(quick)
    const { runId } = await runs.submit({ request: 'x' })
    await runs.wait(runId)
    await expect(runs.cancel(runId)).rejects.toMatchObject({ code: 'conflict' })
    await expect(runs.wait('run_nope')).rejects.toMatchObject({ code: 'unknown_run' })
  })
  it('cancels the run when the caller aborts', async () => {
    const runs = create(patient)
    const caller = new AbortController()
    const options: RequestOptions = { signal: caller.signal }
    const { runId, done } = await open(runs, options)
    caller.abort()
    expect((await done).status).toBe('cancelled')
    expect((await runs.get(runId))?.status).toBe('cancelled')
  })
  it('refuses more runs than it may hold, and says when to try again', async () => {
    const runs = create(patient, { concurrency: 1, maxQueued: 2 })
    const first = await runs.submit({ request: 'x' })
    const second = await runs.submit({ request: 'x' })
    await expect(runs.submit({ request: 'x' })).rejects.toMatchObject({
      code: 'too_many_requests',
      details: { retry_after_ms: 1_000 },
    })
    await runs.cancel(first.runId)
    await runs.cancel(second.runId)
    expect((await runs.wait(second.runId)).status).toBe('cancelled')
  })
  it('ends runs that were accepted and never begun when it stops', async () => {
    const runs = create(patient, { concurrency: 1, maxQueued: 10 })
    const running = await open(runs)
    const queued = await open(runs)
    await runs.stop(0)
    expect([(await running.done).status, (await queued.done).status]).toEqual(['cancelled', 'cancelled'])
  })
  it('cancels what runs when it stops, and takes nothing more', async () => {
    const runs = create(patient)
    const { runId, done } = await open(runs)
    await new Promise((resolve) => setImmediate(resolve))
    const stopping = runs.stop(0)
    expect((await done).status).toBe('cancelled')
    await stopping
    await expect(runs.submit({ request: 'x' })).rejects.toMatchObject({ code: 'closed' })
    expect((await runs.get(runId))?.status).toBe('cancelled')
  })
  it('takes no more runs than it may hold, also when they come at once', async () => {
    const runs = create(patient, { concurrency: 10, maxQueued: 3 })
    const asked = await Promise.allSettled(Array.from({ length: 10 }, () => runs.submit({ request: 'x' })))
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(3)
    await runs.stop(0)
  })
  it('says how many runs are at work and wait', async () => {
    const runs = create(patient, { concurrency: 1, maxQueued: 10 })
    await runs.submit({ request: 'x' })
    await runs.submit({ request: 'x' })
    expect(runs.limits()).toEqual([{ kind: 'runs', name: '', inUse: 1, limit: 1, waiting: 1 }])
    await runs.stop(0)
    expect(runs.limits()).toMatchObject([{ inUse: 0, waiting: 0 }])
  })
  it('writes what became of a run that was cancelled before it began', async () => {
    const runs = create(patient, { concurrency: 1, maxQueued: 10 })
    const first = await runs.submit({ request: 'x' })
    const second = await runs.submit({ request: 'x' })
    await runs.cancel(second.runId)
    await runs.cancel(first.runId)
    expect((await runs.wait(second.runId)).status).toBe('cancelled')
    await new Promise((resolve) => setImmediate(resolve))
    expect((await runs.get(second.runId))?.status).toBe('cancelled')
  })
  it('refuses a run of a key that has used up its quota, keeps nothing of it, and takes those of others', async () => {
    const settings = { concurrency: 10, maxQueued: 100 }
    const runs = create(patient, settings, { alice: { maxRuns: 1, maxQueued: 1 } })
    for (let i = 0; i < 2; i++) await runs.submit({ request: 'x' }, { principal: 'alice' })
    await expect(runs.submit({ request: 'x' }, { principal: 'alice' })).rejects.toMatchObject({
      code: 'quota_exceeded',
    })
    await runs.submit({ request: 'x' }, { principal: 'bob' })
    expect((await runs.list({ principal: 'alice' })).items).toHaveLength(2)
    expect(runs.limits()).toEqual([
      { kind: 'runs', name: '', inUse: 2, limit: 10, waiting: 1 },
      { kind: 'runs', name: 'alice', inUse: 1, limit: 1, waiting: 1 },
    ])
    await runs.stop(0)
  })
  it('stores with the run how urgent it is, whose share it takes and when it is due', async () => {
    const stored: RunHandle['run'][] = []
    const runs = create(async (handle) => {
      stored.push(handle.run)
      return await quick(handle)
    })
    const options: RequestOptions = { priority: 'high', key: 'team/ann', dueInMs: 60_000 }
    const { runId } = await runs.submit({ request: 'x' }, options)
    await runs.wait(runId)
    expect(stored).toMatchObject([
      { priority: 'high', key: 'team/ann', deadline: '2026-01-01T00:01:00.000Z', principal: 'local' },
    ])
  })
})
