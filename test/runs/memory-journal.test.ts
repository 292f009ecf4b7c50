import { describe, expect, it } from 'vitest'
import type { JsonValue } from '../../src/contracts/json.ts'
import { createMemoryJournal } from '../../src/runs/journals/memory.ts'
import { describeJournal } from '../conformance/journal.ts'

const roomy = { keepEnded: 100, keepEndedBytes: 1e9 }
describeJournal('memory', () => createMemoryJournal(roomy))

describe('memory journal', () => {
  const endRun = async (
    journal: ReturnType<typeof createMemoryJournal>,
    runId: string,
    output: JsonValue,
  ): Promise<void> => {
    await journal.create({ runId, principal: 'local', createdAt: '2026-01-01T00:00:00.000Z', inputs: {} })
    const { epoch } = await journal.begin(runId)
    const stamp = { runId, at: '2026-01-01T00:00:00.000Z' }
    await journal.append(runId, epoch, [
      { type: 'step-end', step: 's', status: 'succeeded', output, durationMs: 1, seq: 1, ...stamp },
      {
        type: 'run-end',
        seq: 2,
        ...stamp,
        response: {
          runId,
          status: 'succeeded',
          answer: null,
          plan: null,
          steps: [],
          usage: { modelCalls: 0, inputTokens: 0, outputTokens: 0, byPurpose: {} },
          timings: { planningMs: 0, executionMs: 0, synthesisMs: 0, totalMs: 0 },
        },
      },
    ])
  }

  it('keeps a number of ended runs, the newest', async () => {
    const journal = createMemoryJournal({ ...roomy, keepEnded: 2 })
    for (const id of ['a', 'b', 'c']) await endRun(journal, id, null)
    expect((await journal.list({})).items.map((r) => r.runId)).toEqual(['c', 'b'])
    expect(await journal.load('a')).toBeUndefined()
  })
  it('keeps a number of bytes of ended runs', async () => {
    const journal = createMemoryJournal({ ...roomy, keepEndedBytes: 5_000 })
    await endRun(journal, 'a', 'x'.repeat(3_000))
    await endRun(journal, 'b', 'x'.repeat(3_000))
    expect((await journal.list({})).items.map((r) => r.runId)).toEqual(['b'])
  })
  it('counts once what the steps of a run share', async () => {
    const journal = createMemoryJournal({ ...roomy, keepEndedBytes: 20_000 })
    const shared = { text: 'x'.repeat(10_000) }
    await endRun(journal, 'a', [shared, shared, shared, shared])
    expect((await journal.list({})).items).toHaveLength(1)
  })
  it('never drops a run that has not ended', async () => {
    const journal = createMemoryJournal({ keepEnded: 0, keepEndedBytes: 0 })
    await journal.create({ runId: 'live', principal: 'local', createdAt: '2026-01-01T00:00:00.000Z', inputs: {} })
    await endRun(journal, 'over', null)
    expect((await journal.list({})).items.map((r) => r.runId)).toEqual(['live'])
  })
})
