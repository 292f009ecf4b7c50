import { describe, expect, it } from 'vitest'
import type { TuttiError } from '../../src/contracts/errors.ts'
import type { RunEvent } from '../../src/contracts/events.ts'
import type { RunJournal } from '../../src/contracts/journal.ts'
import type { Logger } from '../../src/contracts/parts.ts'
import { createJournalDoor } from '../../src/runs/journal-door.ts'
import { createMemoryJournal } from '../../src/runs/journals/memory.ts'
import { createRunLog } from '../../src/runs/run-log.ts'
import { createTurns } from '../../src/runs/turns.ts'
import { createManualClock } from '../support/manual-clock.ts'

const silent: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

async function createLog(
  listeners: ((e: RunEvent) => void)[] = [],
  journal: RunJournal = createMemoryJournal({ keepEnded: 10, keepEndedBytes: 1e9 }),
) {
  await journal.create({ runId: 'r', principal: 'local', createdAt: '2026-01-01T00:00:00.000Z', inputs: {} })
  const { epoch } = await journal.begin('r')
  const clock = createManualClock()
  const logged: string[] = []
  const logger: Logger = {
    ...silent,
    error: (text) => void logged.push(`error ${text}`),
    info: (text) => void logged.push(`info ${text}`),
    warn: (text) => void logged.push(`warn ${text}`),
  }
  const door = createJournalDoor(journal, { clock, log: logger })
  const fenced: TuttiError[] = []
  const log = createRunLog({
    runId: 'r',
    door,
    clock,
    log: logger,
    listeners,
    turns: createTurns(),
    onFenced: (error) => fenced.push(error),
  })
  return { log, journal, epoch, clock, door, logged, fenced }
}

describe('run log', () => {
  it('numbers events from 1 without gaps and stamps them in ISO 8601 UTC with milliseconds', async () => {
    const { log } = await createLog()
    log.emit({ type: 'step-start', step: 'a' })
    log.emit({ type: 'step-start', step: 'b' })
    expect(log.events.map((e) => [e.seq, e.at, e.runId])).toEqual([
      [1, '2026-01-01T00:00:00.000Z', 'r'],
      [2, '2026-01-01T00:00:00.000Z', 'r'],
    ])
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
  it('never cuts a character in two, though the model did (B72)', async () => {
    const { log } = await createLog()
    for (const delta of ['a\ud83c', '\udfbb b', '\ud83c', '\udfbb', '\ud83c']) {
      log.emit({ type: 'answer-delta', delta })
      await turn()
    }
    log.emit({ type: 'step-start', step: 'a' })
    expect(log.events.map((e) => (e.type === 'answer-delta' ? e.delta : e.type))).toEqual([
      'a',
      '🎻 b',
      '🎻',
      '\ud83c',
      'step-start',
    ])
    expect(log.events.map((e) => e.seq)).toEqual([1, 2, 3, 4, 5])
  })
  it('is not disturbed by a listener that throws, and the other listeners still hear (B61)', async () => {
    const heard: string[] = []
    const { log } = await createLog([
      () => {
        throw new Error('bad listener')
      },
      (e) => heard.push(e.type),
    ])
    log.emit({ type: 'step-start', step: 'a' })
    expect(heard).toEqual(['step-start'])
  })
  it('writes in groups, one per turn of the event loop', async () => {
    const groups: number[] = []
    const memory = createMemoryJournal({ keepEnded: 10, keepEndedBytes: 1e9 })
    const { log, epoch } = await createLog([], {
      ...memory,
      append: (id, held, events) => {
        groups.push(events.length)
        return memory.append(id, held, events)
      },
    })
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
  it('takes nothing after the run has ended', async () => {
    const { log } = await createLog()
    log.emit({ type: 'run-end', response: log.fold.snapshot() })
    log.emit({ type: 'step-start', step: 'late' })
    expect(log.events.map((e) => e.type)).toEqual(['run-end'])
  })
  it('keeps events in order while the journal fails, tells it once, and writes all of them when it can', async () => {
    const memory = createMemoryJournal({ keepEnded: 10, keepEndedBytes: 1e9 })
    let isAway = true
    let tries = 0
    const journal: RunJournal = {
      ...memory,
      append: (id, held, events) => {
        tries++
        return isAway ? Promise.reject(new Error('the disk is full')) : memory.append(id, held, events)
      },
    }
    const { log, epoch, clock, door, logged } = await createLog([], journal)
    log.open(epoch)
    log.emit({ type: 'step-start', step: 'a' })
    await turn()
    log.emit({ type: 'step-start', step: 'b' })
    const flushed = log.flush()
    await clock.advance(3_000)
    expect([tries, door.trouble()]).toEqual([5, 'The journal failed: the disk is full'])
    isAway = false
    log.emit({ type: 'step-start', step: 'c' })
    await clock.advance(5_000)
    await flushed
    const written: RunEvent[] = []
    for await (const e of journal.read('r', 1)) written.push(e)
    expect(written.map((e) => e.seq)).toEqual([1, 2, 3])
    expect(door.trouble()).toBeUndefined()
    expect(logged).toEqual([
      'error The journal cannot be written; runs wait for it.',
      'info The journal can be written again.',
    ])
  })
  it('loses nothing and repeats nothing when the journal fails after it has written', async () => {
    const memory = createMemoryJournal({ keepEnded: 10, keepEndedBytes: 1e9 })
    let hasFailed = false
    const append: RunJournal['append'] = async (id, held, events) => {
      await memory.append(id, held, events)
      if (hasFailed) return
      hasFailed = true
      throw new Error('the answer was lost')
    }
    const { log, epoch, clock, journal } = await createLog([], { ...memory, append })
    log.open(epoch)
    log.emit({ type: 'step-start', step: 'a' })
    await turn()
    log.emit({ type: 'step-start', step: 'b' })
    await clock.advance(1_000)
    await log.flush()
    const written: RunEvent[] = []
    for await (const e of journal.read('r', 1)) written.push(e)
    expect(written.map((e) => e.seq)).toEqual([1, 2])
  })
  it('falls silent when another worker holds the run, and says so to its owner once', async () => {
    const heard: string[] = []
    const { log, epoch, journal, logged, fenced } = await createLog([(e) => heard.push(e.type)])
    log.open(epoch)
    await journal.begin('r')
    log.emit({ type: 'step-start', step: 'a' })
    await expect(log.flush()).rejects.toMatchObject({ code: 'conflict' })
    log.emit({ type: 'step-start', step: 'b' })
    expect([heard, logged, fenced.map((e) => e.code)]).toEqual([['step-start'], [], ['conflict']])
  })
  it('waits no longer once it is given up, and says how much was not written', async () => {
    const memory = createMemoryJournal({ keepEnded: 10, keepEndedBytes: 1e9 })
    const { log, epoch, logged, door } = await createLog([], {
      ...memory,
      append: () => {
        throw new Error('gone')
      },
    })
    log.open(epoch)
    log.emit({ type: 'step-start', step: 'a' })
    const flushed = log.flush()
    log.giveUp()
    await expect(flushed).rejects.toMatchObject({ code: 'journal_failed' })
    expect(logged.at(-1)).toBe('error events were not written')
    expect(door.trouble()).toBeUndefined()
  })
  it('takes no harm from a listener that fails later (B61)', async () => {
    const { log, logged } = await createLog([
      async () => {
        throw new Error('late')
      },
    ])
    log.emit({ type: 'step-start', step: 'a' })
    await turn()
    expect(logged).toEqual(['warn an event listener threw'])
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
