import { describe, expect, it } from 'vitest'
import type { TuttiError } from '../../src/contracts/errors.ts'
import type { RunFact } from '../../src/contracts/events.ts'
import type { PlanDocument, Step } from '../../src/contracts/plan.ts'
import type { RunHandle } from '../../src/contracts/run-handle.ts'
import { limitRun } from '../../src/record/run-limit.ts'
import { createManualClock } from '../support/manual-clock.ts'

const step = (name: string, type: Step['type']): Step => ({ name, type, dependsOn: [] })
const document: PlanDocument = { steps: [step('call', 'call'), step('nap', 'wait'), step('nap2', 'wait')] }

function createRun(timeoutMs?: number) {
  const clock = createManualClock()
  const facts: RunFact[] = []
  const aborts: TuttiError[] = []
  const handle = {
    run: {
      runId: 'r',
      principal: 'local',
      createdAt: clock.timestamp(),
      inputs: {},
      ...(timeoutMs !== undefined && { timeoutMs }),
    },
    startedAt: () => new Date(clock.now()).toISOString(),
    emit: (fact: RunFact) => void facts.push(fact),
    abort: (reason: TuttiError) => void aborts.push(reason),
  } as unknown as RunHandle
  const limited = limitRun(handle, clock)
  const { emit } = limited.handle
  emit({ type: 'plan-end', document, way: 'given', issues: [], durationMs: 0 })
  const start = (name: string): void => emit({ type: 'step-start', step: name })
  const end = (name: string): void => emit({ type: 'step-end', step: name, status: 'succeeded', durationMs: 0 })
  return { clock, facts, aborts, handle, limited, start, end }
}

describe('the timeout of a run', () => {
  it('aborts the run when it is over, and says how long it was', async () => {
    const { clock, aborts, start } = createRun(1_000)
    start('call')
    await clock.advance(999)
    expect(aborts).toEqual([])
    await clock.advance(1)
    expect(aborts).toMatchObject([{ code: 'run_timeout' }])
    expect(aborts[0]?.message).toContain('timeout of 1000 ms')
  })

  it('stands still while the run only waits', async () => {
    const { clock, aborts, facts, start, end } = createRun(1_000)
    start('call')
    await clock.advance(600)
    end('call')
    start('nap')
    await clock.advance(60_000)
    end('nap')
    start('call')
    await clock.advance(399)
    expect(aborts).toEqual([])
    await clock.advance(1)
    expect(aborts).toHaveLength(1)
    expect(facts).toHaveLength(6)
  })

  it('goes on while something is at work beside the waiting', async () => {
    const { clock, aborts, start } = createRun(1_000)
    start('nap')
    start('call')
    start('nap2')
    await clock.advance(1_000)
    expect(aborts).toHaveLength(1)
  })

  it('ends with the run', async () => {
    const { clock, aborts, limited } = createRun(1_000)
    limited.stop()
    await clock.advance(2_000)
    expect(aborts).toEqual([])
  })

  it('costs a run without one nothing', () => {
    const { handle, limited } = createRun()
    expect(limited.handle).toBe(handle)
  })
})
