// The reference journal: everything in this process, nothing on disk. A crash loses every run (DESIGN 8.4).
import { TuttiError } from '../../contracts/errors.ts'
import type { RunEvent } from '../../contracts/events.ts'
import type { JsonValue } from '../../contracts/json.ts'
import type { Command, NewRun, Page, RunFilter, RunJournal } from '../../contracts/parts.ts'
import { ENDED_STATUSES, type RunStatus, type RunSummary } from '../../contracts/run.ts'

interface Entry {
  readonly run: NewRun
  readonly events: RunEvent[]
  readonly commands: Command[]
  epoch: number
  status: RunStatus
  endedAt: string | undefined
  bytes: number
}

export interface MemoryJournalOptions {
  /** Ended runs kept; the oldest go first. */
  readonly keepEnded: number
  /** Rough bytes of ended runs kept. */
  readonly keepEndedBytes: number
}

export function createMemoryJournal(options: MemoryJournalOptions): RunJournal {
  const entries = new Map<string, Entry>()
  // Insertion order is the order of ending: the first is the next to go.
  const ended = new Map<string, Entry>()
  let endedBytes = 0

  const entryOf = (runId: string): Entry => {
    const entry = entries.get(runId)
    if (entry === undefined) throw new TuttiError('unknown_run', `The journal holds no run "${runId}".`)
    return entry
  }
  const drop = (runId: string, entry: Entry): void => {
    ended.delete(runId)
    entries.delete(runId)
    endedBytes -= entry.bytes
  }
  const retain = (): void => {
    for (const [runId, entry] of ended) {
      if (ended.size <= options.keepEnded && endedBytes <= options.keepEndedBytes) return
      drop(runId, entry)
    }
  }

  return {
    durable: false,
    async create(run) {
      if (entries.has(run.runId)) throw new TuttiError('conflict', `A run "${run.runId}" exists already.`)
      entries.set(run.runId, { run, events: [], commands: [], epoch: 0, status: 'queued', endedAt: undefined, bytes: 0 })
    },
    async load(runId) {
      return entries.get(runId)?.run
    },
    async begin(runId) {
      const entry = entryOf(runId)
      entry.epoch++
      return { epoch: entry.epoch, lastSeq: entry.events.at(-1)?.seq ?? 0 }
    },
    async append(runId, epoch, events) {
      const entry = entryOf(runId)
      if (epoch !== entry.epoch) throw new TuttiError('conflict', `Run "${runId}" is held by another worker now (epoch ${entry.epoch}, not ${epoch}).`)
      for (const event of events) {
        entry.events.push(event)
        if (event.type === 'run-start') entry.status = 'running'
        if (event.type === 'run-end') {
          entry.status = event.response.status
          entry.endedAt = event.at
          entry.bytes = roughBytes(entry.events)
          endedBytes += entry.bytes
          ended.set(runId, entry)
          retain()
        }
      }
    },
    async *read(runId, fromSeq) {
      const { events } = entryOf(runId)
      // seq begins at 1 and has no gaps, so the place in the list is known.
      for (let i = Math.max(0, fromSeq - 1); i < events.length; i++) yield events[i] as RunEvent
    },
    async command(runId, command) {
      const { commands } = entryOf(runId)
      if (commands.some((c) => c.id === command.id)) return 'seen'
      commands.push(command)
      return 'new'
    },
    async commands(runId, after) {
      return entryOf(runId).commands.slice(after)
    },
    async list(filter) {
      return listEntries(entries, filter)
    },
    async prune({ endedBefore, keep }) {
      let dropped = 0
      for (const [runId, entry] of ended) {
        const old = endedBefore !== undefined && (entry.endedAt ?? '') < endedBefore
        if (!old && !(keep !== undefined && ended.size > keep)) continue
        drop(runId, entry)
        dropped++
      }
      return dropped
    },
  }
}

/** Newest first. The cursor is the id of the last run of the page before; ids sort by time. */
function listEntries(entries: ReadonlyMap<string, Entry>, filter: RunFilter): Page<RunSummary> {
  const limit = filter.limit ?? 50
  const items: RunSummary[] = []
  let reached = filter.cursor === undefined
  for (const entry of Array.from(entries.values()).reverse()) {
    if (!reached) {
      reached = entry.run.runId === filter.cursor
      continue
    }
    if (filter.principal !== undefined && entry.run.principal !== filter.principal) continue
    if (filter.status !== undefined && entry.status !== filter.status) continue
    if (items.length === limit) return { items, nextCursor: (items.at(-1) as RunSummary).runId }
    items.push(summaryOf(entry))
  }
  return { items }
}

function summaryOf({ run, status, endedAt }: Entry): RunSummary {
  return {
    runId: run.runId,
    status,
    ...(run.request !== undefined && { request: run.request }),
    ...(run.document?.name !== undefined && { name: run.document.name }),
    principal: run.principal,
    createdAt: run.createdAt,
    ...(endedAt !== undefined && ENDED_STATUSES.has(status) && { endedAt }),
  }
}

const NODE_BUDGET = 200_000

/** About how much memory the events hold. What several events share is counted once; past the budget it is extrapolated. */
function roughBytes(events: readonly RunEvent[]): number {
  const seen = new Set<object>()
  let bytes = 0
  let nodes = 0
  const stack: unknown[] = []
  for (const event of events) {
    bytes += 200
    if (event.type === 'attempt-start') stack.push(event.inputs)
    else if (event.type === 'step-end') stack.push(event.output as JsonValue | undefined)
  }
  while (stack.length > 0 && nodes < NODE_BUDGET) {
    const value = stack.pop()
    nodes++
    if (typeof value === 'string') bytes += value.length
    else if (typeof value === 'object' && value !== null && !seen.has(value)) {
      seen.add(value)
      bytes += 16
      for (const child of Array.isArray(value) ? value : Object.values(value)) stack.push(child)
    } else bytes += 8
  }
  return stack.length === 0 ? bytes : Math.round((bytes / nodes) * (nodes + stack.length))
}
