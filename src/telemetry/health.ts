// The health report: what is away, why, and what still works.
import type { BreakerReport, HealthReport, SourceHealth } from '../contracts/api.ts'
import type { Component } from '../contracts/capability.ts'
import type { SkippedEntry } from '../contracts/parts.ts'
import { counted } from '../util/text.ts'

export interface HealthParts {
  readonly sources: readonly SourceHealth[]
  readonly modelId: string | undefined
  readonly journalDurable: boolean
  /** Why the journal cannot be written now. */
  readonly journalTrouble?: string | undefined
  /** Components of which no instance may be called now. */
  readonly downComponents?: readonly string[]
  /** Components that are not called, since their credentials may go to none of their instances. */
  readonly withheld?: readonly string[]
  /** Of what chooses capabilities, by name: an external service, embeddings. */
  readonly chosenBy?: HealthReport['checks']
  readonly closed: boolean
}

type Check = HealthReport['checks'][string]

function checkSource(source: SourceHealth): Check {
  const left = source.skipped === undefined ? '' : `; ${source.skipped.length} left out: ${showSkipped(source.skipped)}`
  const count = `${counted(source.components, 'component')}, ${counted(source.capabilities, 'capability')}${left}`
  switch (source.state) {
    case 'ready':
      return { status: 'ok', message: count }
    case 'loading':
      return { status: 'degraded', message: 'It has not answered yet. It is used as soon as it does.' }
    case 'stale':
      return { status: 'degraded', message: `Keeps its last good list (${count}). ${source.error ?? ''}`.trim() }
    case 'failed':
      return { status: source.components > 0 ? 'degraded' : 'failed', message: source.error ?? 'Could not be loaded.' }
  }
}

const MAX_SKIPPED = 3

function showSkipped(skipped: readonly SkippedEntry[]): string {
  const shown = skipped.slice(0, MAX_SKIPPED).map(({ name, why }) => `${name} (${why})`)
  return `${shown.join(', ')}${skipped.length > MAX_SKIPPED ? ', ...' : ''}`
}

const MAX_NAMED = 10

/** Components all of whose instances have an open breaker, by name. */
export function listDown(
  reports: readonly BreakerReport[],
  componentOf: (name: string) => Component | undefined,
): string[] {
  const open = new Map<string, Set<string>>()
  for (const { component, instance, state } of reports) {
    if (state !== 'open') continue
    const instances = open.get(component) ?? new Set<string>()
    open.set(component, instances.add(instance))
  }
  return [...open].flatMap(([name, instances]) => {
    const known = componentOf(name)
    return known !== undefined && known.instances.every(({ id }) => instances.has(id)) ? [known.name] : []
  })
}

function showNames(names: readonly string[]): string {
  const named = names.slice(0, MAX_NAMED).map((name) => `"${name}"`)
  return `${named.join(', ')}${names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : ''}`
}

function checkBreakers(down: readonly string[]): Check {
  if (down.length === 0) return { status: 'ok', message: 'Every component may be called.' }
  return {
    status: 'degraded',
    message: `Not called after repeated failures, until they recover: ${showNames(down)}.`,
  }
}

/** For the log and for health alike. */
export const describeWithheld = (names: readonly string[]): string =>
  `Not called, since their credentials may go to none of their addresses: ${showNames(names)}. Name the addresses in components.NAME.credentials.origins.`

/** Degraded as soon as one part is; unhealthy when no source could ever be loaded. No model is `off`, not a failure. */
export function reportHealth(parts: HealthParts): HealthReport {
  const { sources, modelId, journalDurable, journalTrouble, downComponents = [], withheld = [], closed } = parts
  const checks: Record<string, Check> = {}
  for (const source of sources) checks[`source:${source.name}`] = checkSource(source)
  checks.model =
    modelId === undefined
      ? {
          status: 'off',
          message:
            'No model is configured: set OPENAI_API_KEY or ANTHROPIC_API_KEY, or TUTTI_MODEL. Plans come from the local planner.',
        }
      : { status: 'ok', message: modelId }
  checks.journal =
    journalTrouble === undefined
      ? { status: 'ok', message: journalDurable ? 'durable' : 'in memory: runs end with the process' }
      : { status: 'failed', message: `It cannot be written, and runs wait for it: ${journalTrouble}` }
  checks.breakers = checkBreakers(downComponents)
  Object.assign(checks, parts.chosenBy)
  if (withheld.length > 0) checks.credentials = { status: 'degraded', message: describeWithheld(withheld) }
  const loaded = sources.length === 0 || sources.some((source) => source.state === 'ready' || source.state === 'stale')
  const states = Object.values(checks).map((check) => check.status)
  const degraded = states.some((state) => state === 'degraded' || state === 'failed')
  return {
    status: closed || !loaded ? 'unhealthy' : degraded ? 'degraded' : 'healthy',
    ready: loaded && !closed && journalTrouble === undefined,
    checks,
  }
}
