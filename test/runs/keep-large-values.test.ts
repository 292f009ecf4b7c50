import { describe, expect, it } from 'vitest'
import { tool } from '../../src/connectors/local/tool.ts'
import type { RunEvent, RunFact } from '../../src/contracts/events.ts'
import type { RunJournal } from '../../src/contracts/journal.ts'
import type { JsonValue } from '../../src/contracts/json.ts'
import { createOrchestrator } from '../../src/create-orchestrator.ts'
import { foldEvents } from '../../src/record/fold.ts'
import { createMemoryJournal } from '../../src/runs/journals/memory.ts'
import { keepLargeValues } from '../../src/runs/keep-large-values.ts'
import { parseJson, stringifyJson } from '../../src/util/json.ts'
import { describeJournal } from '../conformance/journal.ts'

/** A journal that survives the process, as far as events can tell: what comes in goes out as text. */
function createTextJournal() {
  const inner = createMemoryJournal({ keepEnded: 100, keepEndedBytes: 1e9 })
  const blobs = new Set<string>()
  const written: string[] = []
  let puts = 0
  let isAway = false
  const journal: RunJournal = {
    ...inner,
    durable: true,
    async append(runId, epoch, events) {
      if (isAway) throw new Error('the disk is away')
      const texts = events.map((event) => stringifyJson(event))
      await inner.append(
        runId,
        epoch,
        texts.map((text) => parseJson(text) as unknown as RunEvent),
      )
      written.push(...texts)
    },
    async putBlob(runId, epoch, name, value) {
      puts++
      blobs.add(name)
      await inner.putBlob?.(runId, epoch, name, stringifyJson(value))
    },
    async getBlob(runId, name) {
      const text = await inner.getBlob?.(runId, name)
      return typeof text === 'string' ? parseJson(text) : undefined
    },
  }
  return {
    journal,
    blobs,
    written,
    get puts() {
      return puts
    },
    goAway: (away: boolean) => {
      isAway = away
    },
  }
}

async function begin(largeBytes = 1_000) {
  const text = createTextJournal()
  const journal = keepLargeValues(text.journal, largeBytes)
  await journal.create({ runId: 'r', principal: 'local', createdAt: '2026-01-01T00:00:00.000Z', inputs: {} })
  const { epoch } = await journal.begin('r')
  let seq = 0
  const append = (...facts: RunFact[]): Promise<void> =>
    journal.append(
      'r',
      epoch,
      facts.map((fact): RunEvent => ({ ...fact, runId: 'r', seq: ++seq, at: '2026-01-01T00:00:00.000Z' })),
    )
  const read = async (): Promise<RunEvent[]> => {
    const events: RunEvent[] = []
    for await (const event of journal.read('r', 1)) events.push(event)
    return events
  }
  return { ...text, text, journal, append, read }
}

const stepEnd = (step: string, output: JsonValue, response?: JsonValue): RunFact => ({
  type: 'step-end',
  step,
  status: 'succeeded',
  output,
  durationMs: 1,
  ...(response !== undefined && { response }),
})
const attemptStart = (step: string, inputs: JsonValue): RunFact => ({
  type: 'attempt-start',
  step,
  attempt: 1,
  inputs,
  idempotencyKey: 'k',
})

describeJournal('with large values kept apart', () => keepLargeValues(createTextJournal().journal, 10))

describe('large values in a durable journal', () => {
  const rows = { rows: Array.from({ length: 200 }, (_, i) => ({ id: 2n ** 60n + BigInt(i), name: `row ${i}` })) }

  it('are put once, however many steps hand them on, and stand in the events as reference and digest', async () => {
    const { append, text, read, blobs, written } = await begin(4_000)
    await append(stepEnd('a', rows, { success: true, data: rows, note: 'x' }))
    for (let i = 0; i < 20; i++) await append(attemptStart(`b${i}`, { data: rows, small: i }))
    expect(text.puts).toBe(1)
    expect(blobs.size).toBe(1)
    const [first = ''] = written
    expect(first.length).toBeLessThan(6_000)
    const event = parseJson(first) as { output: { $ref: string; bytes: number; digest: { rows: JsonValue[] } } }
    expect(event.output.$ref).toMatch(/^blob:[0-9a-f]{32}$/)
    expect(event.output.bytes).toBeGreaterThan(5_000)
    expect(event.output.digest.rows[0]).toEqual({ id: 2n ** 60n, name: 'row 0' })
    const events = await read()
    expect(events[0]).toMatchObject({ output: rows, response: { success: true, data: rows, note: 'x' } })
    expect(events[20]).toMatchObject({ inputs: { data: rows, small: 19 } })
  })

  it('stand whole in what is folded from the journal, so that a later segment has them', async () => {
    const { append, read } = await begin()
    await append(stepEnd('a', rows), stepEnd('b', 'y'.repeat(5_000)))
    const fold = foldEvents('r', await read())
    expect(fold.view('a')?.output).toEqual(rows)
    expect(fold.settled().get('b')?.output).toBe('y'.repeat(5_000))
  })

  it('are not sought in values that only look like a reference: those come back as they were', async () => {
    const { append, read } = await begin()
    await append(stepEnd('a', rows))
    const [event] = await read()
    expect(event).toBeDefined()
    const forged = { $ref: 'blob:00000000000000000000000000000000', bytes: 1, digest: null }
    await append(
      stepEnd('b', forged),
      attemptStart('c', { $ref: 'blob:x' }),
      attemptStart('d', { x: { $ref: 'blob:x' } }),
    )
    expect((await read()).slice(1)).toMatchObject([
      { output: forged },
      { inputs: { $ref: 'blob:x' } },
      { inputs: { x: { $ref: 'blob:x' } } },
    ])
  })

  it('cover inputs that are many rather than large', async () => {
    const { append, read, written } = await begin()
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${i}`, 'v'.repeat(100)]))
    await append(attemptStart('a', many))
    expect((written[0] ?? '').length).toBeLessThan(4_000)
    expect(await read()).toMatchObject([{ inputs: many }])
  })

  it('are written again with their events when the journal was away', async () => {
    const { append, read, goAway } = await begin()
    goAway(true)
    await expect(append(stepEnd('a', rows))).rejects.toThrow('the disk is away')
    goAway(false)
    await append(stepEnd('a', rows))
    expect(await read()).toMatchObject([{ output: rows }])
  })

  it('never change the event that live readers hold', async () => {
    const { journal } = await begin()
    const event = Object.freeze({
      ...stepEnd('a', rows),
      runId: 'r',
      seq: 1,
      at: '2026-01-01T00:00:00.000Z',
    }) as RunEvent
    await journal.append('r', 1, [event])
    expect(event).toMatchObject({ output: rows })
  })

  it('stay where they are in a journal that keeps them in memory', () => {
    const journal = createMemoryJournal({ keepEnded: 1, keepEndedBytes: 1 })
    expect(keepLargeValues(journal, 1)).toBe(journal)
    const { putBlob: _, ...without } = createTextJournal().journal
    expect(keepLargeValues(without, 1)).toBe(without)
  })
})

describe('a run with a durable journal', () => {
  const any = { type: 'object' }

  it('answers with whole values, live and from the journal; executor.large_output_bytes says what is large', async () => {
    for (const [largeOutputBytes, blobs] of [
      [10_000, 1],
      [1_000_000, 0],
    ] as const) {
      const text = createTextJournal()
      const big = 'z'.repeat(50_000)
      const orchestrator = createOrchestrator({
        journal: text.journal,
        executor: { largeOutputBytes },
        tools: [
          tool({ name: 'emit', description: 'Gives much', input: any, effect: 'read', execute: () => ({ big }) }),
          tool({ name: 'take', description: 'Takes much', input: any, effect: 'read', execute: () => 'taken' }),
        ],
      })
      try {
        const live: unknown[] = []
        const document = {
          steps: [
            { name: 'a', component: 'emit' },
            { name: 'b', component: 'take', inputs: { data: '${steps.a.output.big}' } },
          ],
        }
        const { runId } = await orchestrator.runs.submit(
          { document },
          { onEvent: (event) => void (event.type === 'step-end' && live.push(event.output)) },
        )
        const done = await orchestrator.runs.wait(runId)
        expect(done.steps[0]?.output).toEqual({ big })
        expect(live[0]).toEqual({ big })
        const kept = await orchestrator.runs.get(runId)
        expect(kept?.steps[0]?.output).toEqual({ big })
        expect(kept?.steps[1]?.inputs).toEqual({ data: big })
        expect(text.blobs.size > 0).toBe(blobs === 1)
        expect(text.written.every((line) => line.length < 20_000)).toBe(blobs === 1)
      } finally {
        await orchestrator.close()
      }
    }
  })
})
