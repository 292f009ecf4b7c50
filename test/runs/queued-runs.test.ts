// Runs that wait for a worker: they can be stopped, and their time runs.
import { describe, expect, it } from 'vitest'
import type { RequestOptions } from '../../src/contracts/api.ts'
import type { Response } from '../../src/contracts/run.ts'
import { createOrchestrator } from '../../src/create-orchestrator.ts'
import type { OrchestratorOptions } from '../../src/orchestrator-options.ts'
import { fakeSource } from '../../src/testing/fake-component.ts'
import { createManualClock } from '../support/manual-clock.ts'

/** Naps of 10 s, one run at a time. */
async function createBusy(settings: OrchestratorOptions) {
  const clock = createManualClock()
  const source = fakeSource({
    name: 'bed',
    capabilities: { nap: { run: async (_inputs, { signal }) => clock.sleep(10_000, signal).then(() => ({})) } },
  })
  const tutti = createOrchestrator({ sources: [source], clock, ...settings })
  await tutti.start()
  const ended: Record<string, Response | Error> = {}
  const run = (name: string, options: RequestOptions = {}): void => {
    tutti.execute({ steps: [{ name: 'nap', component: 'bed' }] }, {}, options).then(
      (response) => (ended[name] = response),
      (error: Error) => (ended[name] = error),
    )
  }
  run('first')
  await clock.advance(10)
  return { clock, tutti, source, run, ended }
}

describe.each<[string, OrchestratorOptions]>([
  ['runs.concurrency', { runs: { concurrency: 1 } }],
  ['quotas.KEY.max_runs', { quotas: { local: { maxRuns: 1, maxQueued: 2 } } }],
])('a run that waits for %s', (_limit, settings) => {
  it('ends at once when it is cancelled, and leaves its place in the queue to another (B60)', async () => {
    const { clock, tutti, source, run, ended } = await createBusy(settings)
    const controller = new AbortController()
    run('cancelled', { signal: controller.signal })
    const { runId } = await tutti.runs.submit({ document: { steps: [{ name: 'nap', component: 'bed' }] } })
    await clock.advance(10)
    controller.abort()
    await tutti.runs.cancel(runId)
    run('next')
    await clock.advance(10)
    expect(ended).toMatchObject({ cancelled: { status: 'cancelled' } })
    expect((await tutti.runs.wait(runId)).status).toBe('cancelled')
    expect(tutti.status().limits.find(({ kind }) => kind === 'runs')).toMatchObject({ inUse: 1, waiting: 1 })
    await clock.advance(30_000)
    expect(ended).toMatchObject({ first: { status: 'succeeded' }, next: { status: 'succeeded' } })
    expect(source.calls).toHaveLength(2)
    expect(tutti.status().activeRuns).toBe(0)
    await tutti.close()
  })

  it('ends with its timeout, which counts from when it was accepted', async () => {
    const { clock, tutti, source, run, ended } = await createBusy(settings)
    run('short', { timeoutMs: 500 })
    run('long', { timeoutMs: 12_000 })
    await clock.advance(500)
    expect(ended).toMatchObject({ short: { status: 'failed', errors: [{ code: 'run_timeout' }] } })
    await clock.advance(11_400)
    expect(ended['long']).toBeUndefined()
    await clock.advance(200)
    expect(ended).toMatchObject({ long: { status: 'failed', errors: [{ code: 'run_timeout' }] } })
    expect(source.calls).toHaveLength(2)
    await tutti.close()
  })

  it('ends as cancelled when the orchestrator is closed', async () => {
    const { clock, tutti, source, run, ended } = await createBusy(settings)
    run('waiting', { timeoutMs: 60_000 })
    await clock.advance(10)
    const closed = tutti.close()
    await clock.advance(10_000)
    await closed
    expect(ended).toMatchObject({ first: { status: 'cancelled' }, waiting: { status: 'cancelled' } })
    expect(source.calls).toHaveLength(1)
  })
})

describe('a run that was aborted before it was asked for', () => {
  it('ends as cancelled though no worker is free', async () => {
    const { clock, tutti, run, ended } = await createBusy({ runs: { concurrency: 1 } })
    run('never', { signal: AbortSignal.abort() })
    await clock.advance(10)
    expect(ended).toMatchObject({ never: { status: 'cancelled' } })
    await tutti.close()
  })
})
