// The reference journal: everything in this process, nothing on disk. A crash loses every run.
import { TuttiError } from '../../contracts/errors.ts'
import type { RunEvent } from '../../contracts/events.ts'
import type { Command, NewRun, Page, RunFilter, RunJournal } from '../../contracts/journal.ts'
import type { JsonValue } from '../../contracts/json.ts'
import { ENDED_STATUSES, type RunStatus, type RunSummary } from '../../contracts/run.ts'

interface Entry {
  readonly run: NewRun
  /** As they were appended: a group is kept, not copied. */
  readonly groups: (readonly RunEvent[])[]
  // Made on first use: few runs have either.
  commands: Command[] | undefined
  blobs: Map<string, JsonValue> | undefined
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
  const heldBy = (runId: string, epoch: number): Entry => {
    const entry = entryOf(runId)
    if (epoch === entry.epoch) return entry
    throw new TuttiError(
      'conflict',
      `Run "${runId}" is held by another worker now (epoch ${entry.epoch}, not ${epoch}).`,
    )
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
      entries.set(run.runId, {
        run,
        groups: [],
        commands: undefined,
        blobs: undefined,
        epoch: 0,
        status: 'queued',
        endedAt: undefined,
        bytes: 0,
      })
    },
    async load(runId) {
      return entries.get(runId)?.run
    },
    async begin(runId) {
      const entry = entryOf(runId)
      entry.epoch++
      return { epoch: entry.epoch, lastSeq: entry.groups.at(-1)?.at(-1)?.seq ?? 0 }
    },
    async append(runId, epoch, events) {
      const entry = heldBy(runId, epoch)
      const lastSeq = entry.groups.at(-1)?.at(-1)?.seq ?? 0
      const last = events.at(-1)
      if (last === undefined || last.seq <= lastSeq) return
      entry.groups.push((events[0] as RunEvent).seq > lastSeq ? events : events.filter((event) => event.seq > lastSeq))
      if (entry.status === 'queued') entry.status = 'running'
      if (last.type !== 'run-end') return
      entry.status = last.response.status
      entry.endedAt = last.at
      entry.bytes = roughBytes(entry.groups)
      endedBytes += entry.bytes
      ended.set(runId, entry)
      retain()
    },
    async *read(runId, fromSeq) {
      for (const group of entryOf(runId).groups) {
        if ((group.at(-1)?.seq ?? 0) < fromSeq) continue
        for (const event of group) if (event.seq >= fromSeq) yield event
      }
    },
    async putBlob(runId, epoch, name, value) {
      const entry = heldBy(runId, epoch)
      entry.blobs ??= new Map()
      if (!entry.blobs.has(name)) entry.blobs.set(name, value)
    },
    async getBlob(runId, name) {
      return entryOf(runId).blobs?.get(name)
    },
    async command(runId, command) {
      const entry = entryOf(runId)
      entry.commands ??= []
      if (entry.commands.some((c) => c.id === command.id)) return 'seen'
      entry.commands.push(command)
      return 'new'
    },
    async commands(runId, after) {
      return entryOf(runId).commands?.slice(after) ?? []
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
function roughBytes(groups: readonly (readonly RunEvent[])[]): number {
  const seen = new Set<object>()
  let bytes = 0
  let nodes = 0
  const stack: unknown[] = []
  for (const group of groups) {
    bytes += 200 * group.length
    for (const event of group) {
      if (event.type === 'attempt-start') stack.push(event.inputs)
      else if (event.type === 'step-end' && event.output !== undefined) stack.push(event.output)
    }
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
