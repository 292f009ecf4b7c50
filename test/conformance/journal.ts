// What every RunJournal must do. One call per implementation.
import { describe, expect, it } from 'vitest'
import type { RunEvent } from '../../src/contracts/events.ts'
import type { NewRun, RunJournal } from '../../src/contracts/journal.ts'
import type { Response } from '../../src/contracts/run.ts'

const newRun = (runId: string, more: Partial<NewRun> = {}): NewRun => ({
  runId,
  principal: 'local',
  createdAt: '2026-01-01T00:00:00.000Z',
  inputs: {},
  ...more,
})
const event = (runId: string, seq: number, step: string): RunEvent => ({
  type: 'step-start',
  step,
  runId,
  seq,
  at: '2026-01-01T00:00:00.000Z',
})
const runEnd = (runId: string, seq: number): RunEvent => {
  const response: Response = {
    runId,
    status: 'succeeded',
    answer: null,
    plan: null,
    steps: [],
    usage: { modelCalls: 0, inputTokens: 0, outputTokens: 0, byPurpose: {} },
    timings: { planningMs: 0, executionMs: 0, synthesisMs: 0, totalMs: 0 },
  }
  return { type: 'run-end', response, runId, seq, at: `2026-01-01T00:00:0${seq % 10}.000Z` }
}
const collect = async (journal: RunJournal, runId: string, from = 1): Promise<number[]> => {
  const seqs: number[] = []
  for await (const e of journal.read(runId, from)) seqs.push(e.seq)
  return seqs
}

export function describeJournal(name: string, create: () => RunJournal): void {
  describe(`journal conformance: ${name}`, () => {
    it('gives back a run as it was stored, and nothing for an unknown one', async () => {
      const journal = create()
      await journal.create(newRun('a', { request: 'x', inputs: { n: 12345678901234567890n } }))
      expect(await journal.load('a')).toEqual(newRun('a', { request: 'x', inputs: { n: 12345678901234567890n } }))
      expect(await journal.load('b')).toBeUndefined()
    })
    it('refuses a second run of the same id', async () => {
      const journal = create()
      await journal.create(newRun('a'))
      await expect(journal.create(newRun('a'))).rejects.toMatchObject({ code: 'conflict' })
    })
    it('reads events in order from any seq', async () => {
      const journal = create()
      await journal.create(newRun('a'))
      const { epoch, lastSeq } = await journal.begin('a')
      expect(lastSeq).toBe(0)
      await journal.append('a', epoch, [event('a', 1, 'x'), event('a', 2, 'x')])
      await journal.append('a', epoch, [event('a', 3, 'x')])
      expect(await collect(journal, 'a')).toEqual([1, 2, 3])
      expect(await collect(journal, 'a', 3)).toEqual([3])
      expect(await collect(journal, 'a', 9)).toEqual([])
    })
    it('fences: who held the run before can append no more', async () => {
      const journal = create()
      await journal.create(newRun('a'))
      const first = await journal.begin('a')
      await journal.append('a', first.epoch, [event('a', 1, 'x')])
      const second = await journal.begin('a')
      expect(second).toEqual({ epoch: first.epoch + 1, lastSeq: 1 })
      await expect(journal.append('a', first.epoch, [event('a', 2, 'zombie')])).rejects.toMatchObject({
        code: 'conflict',
      })
      expect(await collect(journal, 'a')).toEqual([1])
    })
    it('takes a command once by its id and gives them back in order', async () => {
      const journal = create()
      await journal.create(newRun('a'))
      expect(await journal.command('a', { id: '1', kind: 'cancel' })).toBe('new')
      expect(await journal.command('a', { id: '1', kind: 'cancel' })).toBe('seen')
      expect(await journal.command('a', { id: '2', kind: 'pause' })).toBe('new')
      expect((await journal.commands('a', 0)).map((c) => c.id)).toEqual(['1', '2'])
      expect((await journal.commands('a', 1)).map((c) => c.id)).toEqual(['2'])
    })
    it('lists newest first, filters before it pages (B93), and keeps principals apart', async () => {
      const journal = create()
      for (let i = 1; i <= 5; i++) await journal.create(newRun(`r${i}`, { principal: i % 2 === 0 ? 'even' : 'odd' }))
      const first = await journal.list({ principal: 'odd', limit: 2 })
      expect(first.items.map((r) => r.runId)).toEqual(['r5', 'r3'])
      const second = await journal.list({
        principal: 'odd',
        limit: 2,
        ...(first.nextCursor !== undefined && { cursor: first.nextCursor }),
      })
      expect(second.items.map((r) => r.runId)).toEqual(['r1'])
      expect(second.nextCursor).toBeUndefined()
    })
    it('shows the status that the events tell', async () => {
      const journal = create()
      await journal.create(newRun('a'))
      const { epoch } = await journal.begin('a')
      expect((await journal.list({ status: 'queued' })).items).toHaveLength(1)
      await journal.append('a', epoch, [runEnd('a', 1)])
      expect((await journal.list({ status: 'succeeded' })).items.map((r) => r.runId)).toEqual(['a'])
    })
    it('prunes ended runs only', async () => {
      const journal = create()
      for (const id of ['a', 'b', 'c']) {
        await journal.create(newRun(id))
        const { epoch } = await journal.begin(id)
        if (id !== 'c') await journal.append(id, epoch, [runEnd(id, 1)])
      }
      expect(await journal.prune({ keep: 0 })).toBe(2)
      expect((await journal.list({})).items.map((r) => r.runId)).toEqual(['c'])
    })
    it('keeps a large value under its name, the first one, for the holder of the run only', async () => {
      const journal = create()
      if (journal.putBlob === undefined || journal.getBlob === undefined) return
      await journal.create(newRun('a'))
      const first = await journal.begin('a')
      const value = { id: 12345678901234567890n, rows: ['x'.repeat(100_000), null] }
      await journal.putBlob('a', first.epoch, 'n', value)
      await journal.putBlob('a', first.epoch, 'n', 'another')
      expect(await journal.getBlob('a', 'n')).toEqual(value)
      expect(await journal.getBlob('a', 'none')).toBeUndefined()
      await journal.begin('a')
      await expect(journal.putBlob('a', first.epoch, 'late', 1)).rejects.toMatchObject({ code: 'conflict' })
      expect(await journal.getBlob('a', 'late')).toBeUndefined()
    })
    it('forgets the large values of a run with the run', async () => {
      const journal = create()
      if (journal.putBlob === undefined || journal.getBlob === undefined) return
      await journal.create(newRun('a'))
      const { epoch } = await journal.begin('a')
      await journal.putBlob('a', epoch, 'n', 'x')
      await journal.append('a', epoch, [runEnd('a', 1)])
      await journal.prune({ keep: 0 })
      await expect(journal.getBlob('a', 'n')).rejects.toMatchObject({ code: 'unknown_run' })
    })
    it('names an unknown run', async () => {
      const journal = create()
      await expect(journal.begin('nope')).rejects.toMatchObject({ code: 'unknown_run' })
    })
  })
}
