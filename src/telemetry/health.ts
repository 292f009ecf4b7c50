// The health report: what is away, why, and what still works.
import type { HealthReport, SourceHealth } from '../contracts/api.ts'

export interface HealthParts {
  readonly sources: readonly SourceHealth[]
  readonly modelId: string | undefined
  readonly journalDurable: boolean
  /** Why the journal cannot be written now. */
  readonly journalTrouble?: string | undefined
  readonly closed: boolean
}

type Check = HealthReport['checks'][string]

function checkSource(source: SourceHealth): Check {
  const count = `${source.components} ${source.components === 1 ? 'component' : 'components'}`
  switch (source.state) {
    case 'ready':
      return { status: 'ok', message: count }
    case 'loading':
      return { status: 'degraded', message: 'Not loaded yet.' }
    case 'stale':
      return { status: 'degraded', message: `Keeps its last good list (${count}). ${source.error ?? ''}`.trim() }
    case 'failed':
      return { status: source.components > 0 ? 'degraded' : 'failed', message: source.error ?? 'Could not be loaded.' }
  }
}

/** Degraded as soon as one part is; unhealthy when no source could ever be loaded. No model is `off`, not a failure. */
export function reportHealth({ sources, modelId, journalDurable, journalTrouble, closed }: HealthParts): HealthReport {
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
  const loaded = sources.length === 0 || sources.some((source) => source.state === 'ready' || source.state === 'stale')
  const states = Object.values(checks).map((check) => check.status)
  const degraded = states.some((state) => state === 'degraded' || state === 'failed')
  return {
    status: closed || !loaded ? 'unhealthy' : degraded ? 'degraded' : 'healthy',
    ready: loaded && !closed && journalTrouble === undefined,
    checks,
  }
}
