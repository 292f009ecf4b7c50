import { describe, expect, it } from 'vitest'
import type { RunEvent } from '../../src/contracts/events.ts'
import type { Logger, RunJournal } from '../../src/contracts/parts.ts'
import { createMemoryJournal } from '../../src/runs/journals/memory.ts'
import { createRunLog } from '../../src/runs/run-log.ts'
import { createManualClock } from '../support/manual-clock.ts'

const silent: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

async function createLog(listeners: ((e: RunEvent) => void)[] = [], journal: RunJournal = createMemoryJournal({ keepEnded: 10, keepEndedBytes: 1e9 })) {
  await journal.create({ runId: 'r', principal: 'local', createdAt: '2026-01-01T00:00:00.000Z', inputs: {} })
  const { epoch } = await journal.begin('r')
  const log = createRunLog({ runId: 'r', journal, clock: createManualClock(), log: silent, listeners })
  return { log, journal, epoch }
}

describe('run log', () => {
  it('numbers events from 1 without gaps and stamps them in ISO 8601 UTC with milliseconds', async () => {
    const { log } = await createLog()
    log.emit({ type: 'step-start', step: 'a' })
    log.emit({ type: 'step-start', step: 'b' })
    expect(log.events.map((e) => [e.seq, e.at, e.runId])).toEqual([[1, '2026-01-01T00:00:00.000Z', 'r'], [2, '2026-01-01T00:00:00.000Z', 'r']])
  })
  it('joins consecutive deltas before they are numbered, and never across another fact', async () => {
    const { log } = await createLog()
    log.emit({ type: 'answer-delta', delta: 'Hel' })
    log.emit({ type: 'answer-delta', delta: 'lo' })
    log.emit({ type: 'step-start', step: 'a' })
    log.emit({ type: 'answer-delta', delta: '!' })
    await turn()
    expect(log.events.map((e) => (e.type === 'answer-delta' ? e.delta : e.type))).toEqual(['Hello', 'step-start', '!'])
    expect(log.events.map((e) => e.seq)).toEqual([1, 2, 3])
  })
  it('is not disturbed by a listener that throws, and the other listeners still hear (B61)', async () => {
    const heard: string[] = []
    const { log } = await createLog([() => { throw new Error('bad listener') }, (e) => heard.push(e.type)])
    log.emit({ type: 'step-start', step: 'a' })
    expect(heard).toEqual(['step-start'])
  })
  it('writes in groups, one per turn of the event loop', async () => {
    const groups: number[] = []
    const memory = createMemoryJournal({ keepEnded: 10, keepEndedBytes: 1e9 })
    const { log, epoch } = await createLog([], { ...memory, append: (id, held, events) => { groups.push(events.length); return memory.append(id, held, events) } })
    log.open(epoch)
    for (let i = 0; i < 5; i++) log.emit({ type: 'step-start', step: `s${i}` })
    await turn()
    log.emit({ type: 'step-start', step: 'later' })
    await log.flush()
    expect(groups).toEqual([5, 1])
  })
  it('writes nothing before the run is held, and everything once it is', async () => {
    const { log, journal, epoch } = await createLog()
    log.emit({ type: 'step-start', step: 'early' })
    await turn()
    const before: RunEvent[] = []
    for await (const e of journal.read('r', 1)) before.push(e)
    log.open(epoch)
    await log.flush()
    const after: RunEvent[] = []
    for await (const e of journal.read('r', 1)) after.push(e)
    expect([before.length, after.length]).toEqual([0, 1])
  })
  it('ends a subscription when asked', async () => {
    const { log } = await createLog()
    const heard: number[] = []
    const stop = log.subscribe((e) => heard.push(e.seq))
    log.emit({ type: 'step-start', step: 'a' })
    stop()
    log.emit({ type: 'step-start', step: 'b' })
    expect(heard).toEqual([1])
  })
})
