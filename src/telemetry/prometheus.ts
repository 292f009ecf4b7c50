// Metrics as Prometheus reads them: text format 0.0.4, base units, one HELP and TYPE per name.
import type { BreakerReport, Histogram, LimitUsage, MetricsSnapshot } from '../contracts/api.ts'
import { toSnakeCase } from '../util/snake-case.ts'

/** The value of the `Content-Type` header for {@link renderPrometheus}. */
export const PROMETHEUS_CONTENT_TYPE = 'text/plain; version=0.0.4; charset=utf-8'

type Labels = Readonly<Record<string, string>>
interface Sample {
  readonly labels: Labels
  readonly value: number
}

/** Limits and breakers beyond this many are left out, the busiest kept: keys and instances come and go. */
const MAX_SERIES = 1_000

const ENDED = ['succeeded', 'partial', 'failed', 'cancelled'] as const

const escapeLabel = (value: string): string =>
  value.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('"', '\\"')

function series(name: string, labels: Labels): string {
  const pairs = Object.entries(labels).map(([key, value]) => `${key}="${escapeLabel(value)}"`)
  return pairs.length === 0 ? name : `${name}{${pairs.join(',')}}`
}

function renderSimple(type: 'counter' | 'gauge', name: string, help: string, samples: readonly Sample[]): string[] {
  if (samples.length === 0) return []
  return [
    `# HELP ${name} ${help}`,
    `# TYPE ${name} ${type}`,
    ...samples.map(({ labels, value }) => `${series(name, labels)} ${value}`),
  ]
}

function renderHistogram(
  name: string,
  help: string,
  samples: readonly { readonly labels: Labels; readonly histogram: Histogram }[],
): string[] {
  if (samples.length === 0) return []
  const lines = [`# HELP ${name} ${help}`, `# TYPE ${name} histogram`]
  for (const { labels, histogram } of samples) {
    for (const { le, count } of histogram.buckets)
      lines.push(`${series(`${name}_bucket`, { ...labels, le: String(le) })} ${count}`)
    lines.push(`${series(`${name}_bucket`, { ...labels, le: '+Inf' })} ${histogram.count}`)
    lines.push(`${series(`${name}_sum`, labels)} ${histogram.sum}`)
    lines.push(`${series(`${name}_count`, labels)} ${histogram.count}`)
  }
  return lines
}

const byName = (counts: Readonly<Record<string, number>>, label: string): Sample[] =>
  Object.entries(counts).map(([name, value]) => ({ labels: { [label]: name }, value }))

/** The whole exposition; ends in a newline. */
export function renderPrometheus(metrics: MetricsSnapshot): string {
  const component = (calls: MetricsSnapshot['componentCalls'][number]): Labels => ({
    component: calls.component,
    action: calls.action,
    status: calls.status,
  })
  const model = (calls: MetricsSnapshot['modelCalls'][number]): Labels => ({
    purpose: calls.purpose,
    model: calls.model,
  })
  const lines = [
    ...renderSimple(
      'counter',
      'tutti_runs_total',
      'Runs that ended, by status.',
      ENDED.map((status) => ({ labels: { status }, value: metrics.runs[status] })),
    ),
    ...renderSimple('gauge', 'tutti_runs_active', 'Runs at work now.', [{ labels: {}, value: metrics.activeRuns }]),
    ...renderHistogram('tutti_run_duration_seconds', 'From start to end of a run.', [
      { labels: {}, histogram: metrics.runSeconds },
    ]),
    ...renderHistogram(
      'tutti_planning_duration_seconds',
      'Making one plan, from choosing capabilities to the document.',
      [{ labels: {}, histogram: metrics.planningSeconds }],
    ),
    ...renderHistogram('tutti_first_step_seconds', 'From the start of a run to its first step.', [
      { labels: {}, histogram: metrics.firstStepSeconds },
    ]),
    ...renderSimple(
      'counter',
      'tutti_early_steps_total',
      'Steps that began while the plan was still being written: begun, and then kept or dropped.',
      byName(metrics.earlySteps, 'result'),
    ),
    ...renderSimple('counter', 'tutti_steps_total', 'Steps that ended, by status.', byName(metrics.steps, 'status')),
    ...renderSimple('gauge', 'tutti_steps_parallel_max', 'Most steps of one run at work at once.', [
      { labels: {}, value: metrics.maxParallelSteps },
    ]),
    ...renderSimple(
      'counter',
      'tutti_component_calls_total',
      'Calls of components, each attempt counted.',
      metrics.componentCalls.map((calls) => ({ labels: component(calls), value: calls.count })),
    ),
    ...renderHistogram(
      'tutti_component_call_duration_seconds',
      'From send to the last byte of an attempt.',
      metrics.componentCalls.map((calls) => ({ labels: component(calls), histogram: calls.seconds })),
    ),
    ...renderSimple(
      'counter',
      'tutti_model_calls_total',
      'Calls of models.',
      metrics.modelCalls.map((calls) => ({ labels: { ...model(calls), status: calls.status }, value: calls.count })),
    ),
    ...renderSimple('counter', 'tutti_model_tokens_total', 'Tokens sent to and got from models.', tokensOf(metrics)),
    ...renderSimple(
      'counter',
      'tutti_repairs_total',
      'What recovery did beyond repeating a call.',
      byName(metrics.repairs, 'way'),
    ),
    ...renderSimple(
      'counter',
      'tutti_recoveries_total',
      'Failed steps that came back, by the way that did it; "none": those that did not.',
      byName(metrics.recoveries, 'way'),
    ),
    ...renderSimple(
      'counter',
      'tutti_budget_exceeded_total',
      'Runs that reached a limit of their budget, by which one.',
      Object.entries(metrics.budgetExceeded).map(([kind, value]) => ({ labels: { kind: toSnakeCase(kind) }, value })),
    ),
    ...renderSimple(
      'counter',
      'tutti_notices_total',
      'Notices to webhooks: taken, given up, or never tried to the end.',
      byName(metrics.notices, 'result'),
    ),
    ...renderLimits(metrics.limits),
    ...renderBreakers(metrics.breakers),
    ...renderSimple('counter', 'tutti_plan_cache_total', 'Requests answered by a cached plan, or not.', [
      { labels: { result: 'hit' }, value: metrics.planCache.hits },
      { labels: { result: 'miss' }, value: metrics.planCache.misses },
    ]),
  ]
  return `${lines.join('\n')}\n`
}

/** One entry for each series, at most {@link MAX_SERIES}, those that weigh most. */
function bounded<T>(entries: readonly T[], keyOf: (entry: T) => string, weightOf: (entry: T) => number): T[] {
  const distinct = [...new Map(entries.map((entry) => [keyOf(entry), entry])).values()]
  if (distinct.length <= MAX_SERIES) return distinct
  return distinct.sort((a, b) => weightOf(b) - weightOf(a)).slice(0, MAX_SERIES)
}

function renderLimits(all: readonly LimitUsage[]): string[] {
  const limits = bounded(
    all,
    ({ kind, name }) => `${kind}\n${name}`,
    ({ inUse, waiting }) => waiting * 1e6 + inUse,
  )
  const samples = (valueOf: (usage: LimitUsage) => number, of = limits): Sample[] =>
    of.map((usage) => ({ labels: { kind: usage.kind, name: usage.name }, value: valueOf(usage) }))
  return [
    ...renderSimple(
      'gauge',
      'tutti_limit_in_use',
      'How much of a limit is taken.',
      samples(({ inUse }) => inUse),
    ),
    ...renderSimple(
      'gauge',
      'tutti_limit',
      'What a limit allows now; adaptive ones move.',
      samples(
        ({ limit }) => limit,
        // 0 stands for none: only pauses are kept.
        limits.filter(({ limit }) => limit > 0),
      ),
    ),
    ...renderSimple(
      'gauge',
      'tutti_limit_waiting',
      'How many wait for a limit.',
      samples(({ waiting }) => waiting),
    ),
  ]
}

const STATES: Readonly<Record<BreakerReport['state'], number>> = { closed: 0, 'half-open': 1, open: 2 }

/** Only those that are not closed at full traffic: an absent one is closed. */
function renderBreakers(all: readonly BreakerReport[]): string[] {
  const breakers = bounded(
    all,
    ({ component, instance }) => `${component}\n${instance}`,
    ({ share }) => -share,
  )
  const samples = (valueOf: (report: BreakerReport) => number): Sample[] =>
    breakers.map((report) => ({
      labels: { component: report.component, instance: report.instance },
      value: valueOf(report),
    }))
  return [
    ...renderSimple(
      'gauge',
      'tutti_breaker_state',
      '0 closed, 1 half-open, 2 open; closed ones at full traffic are left out.',
      samples(({ state }) => STATES[state]),
    ),
    ...renderSimple(
      'gauge',
      'tutti_breaker_share',
      'Share of the traffic that an instance takes, from 0 to 1.',
      samples(({ share }) => share),
    ),
  ]
}

/** Summed over the status of the calls: one series per purpose, model and direction. */
function tokensOf(metrics: MetricsSnapshot): Sample[] {
  const totals = new Map<string, { labels: Labels; value: number }>()
  for (const { purpose, model, inputTokens, outputTokens } of metrics.modelCalls) {
    for (const [direction, tokens] of [
      ['input', inputTokens],
      ['output', outputTokens],
    ] as const) {
      const key = `${purpose}\n${model}\n${direction}`
      const total = totals.get(key) ?? { labels: { purpose, model, direction }, value: 0 }
      total.value += tokens
      totals.set(key, total)
    }
  }
  return [...totals.values()]
}
