import { describe, expect, it } from 'vitest'
import type { InvokerCall, InvokerResult } from '../../src/contracts/parts.ts'
import { createOrchestrator } from '../../src/create-orchestrator.ts'
import { component, fakeSource } from '../catalog/fakes.ts'
import { createManualClock } from '../support/manual-clock.ts'

const STEPS = { steps: [{ name: 'long', component: 'slow', action: 'do', retry: { max_attempts: 1 } }] }

async function run(invoke: (call: InvokerCall, wait: (ms: number) => Promise<void>) => Promise<InvokerResult>) {
  const clock = createManualClock()
  const source = fakeSource('one', [component('slow')])
  source.invoker.invoke = (call) => invoke(call, (ms) => clock.advance(ms))
  await using orchestrator = createOrchestrator({ sources: [source], clock, catalog: { refreshMs: 0 } })
  const response = await orchestrator.execute(STEPS)
  return { step: response.steps[0], ms: clock.now() - Date.parse('2026-01-01T00:00:00Z') }
}

describe('a call that shows progress', () => {
  it('may take longer than its time limit, which begins anew with each sign of life', async () => {
    const { step, ms } = await run(async (call, wait) => {
      for (let i = 0; i < 4; i++) {
        await wait(20_000)
        call.progress?.()
      }
      return { body: { ok: true } }
    })
    expect(step).toMatchObject({ status: 'succeeded', output: { ok: true } })
    expect(ms).toBeGreaterThanOrEqual(80_000)
  })

  it('is given up a time limit after the last sign', async () => {
    const { step } = await run(async (call, wait) => {
      await wait(20_000)
      call.progress?.()
      await wait(31_000)
      return { body: { ok: true } }
    })
    expect(step).toMatchObject({ status: 'failed', error: { code: 'component_timeout' } })
  })

  it('is given up in the end when signs are all that comes', async () => {
    let waited = 0
    const { step } = await run(async (call, wait) => {
      while (!call.signal.aborted && waited < 3_000_000) {
        await wait(10_000)
        waited += 10_000
        call.progress?.()
      }
      return { body: null }
    })
    expect(step).toMatchObject({ status: 'failed', error: { code: 'component_timeout' } })
    expect(waited).toBeLessThanOrEqual(20 * 30_000 + 10_000)
  })
})
