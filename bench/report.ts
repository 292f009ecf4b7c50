// What was measured as tables and verdicts: the text of bench/RESULTS.md.
import type { HttpResult } from './http.ts'

/** One engine in one cell, in one round. */
export interface Figures {
  /** µs. */
  readonly cpuPerStep: number
  /** For W5: runs of six steps. */
  readonly runsPerSecond: number
  /** For W4: times the critical path. */
  readonly makespan: number
}

export interface Report {
  readonly command: string
  readonly cells: readonly string[]
  readonly engines: readonly { readonly name: string; readonly version?: string }[]
  /** By engine, by cell, one entry a round. */
  readonly figures: ReadonlyMap<string, ReadonlyMap<string, readonly Figures[]>>
  readonly http: readonly HttpResult[]
  readonly importMs: number
}

export interface Verdict {
  readonly bar: string
  readonly found: string
  readonly holds: boolean
}

export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN

function figure({ figures }: Report, engine: string, cell: string, what: keyof Figures): number {
  return median((figures.get(engine)?.get(cell) ?? []).map((each) => each[what]))
}

/** The bars, and whether this run of the benchmark met them. */
export function judge(report: Report): Verdict[] {
  const cpu = (cell: string): number => figure(report, 'tutti', cell, 'cpuPerStep')
  const verdicts: Verdict[] = []
  const atMost = (bar: string, found: number, limit: number, digits = 2): void => {
    if (!Number.isNaN(found)) verdicts.push({ bar, found: found.toFixed(digits), holds: found <= limit })
  }
  for (const cell of ['W1 1000', 'W3 1000']) atMost(`${cell}: at most 5 µs of CPU per step`, cpu(cell), 5)
  atMost('100,000 steps: at most 1.5 x as much per step as 1,000', cpu('W1 100000') / cpu('W1 1000'), 1.5)
  atMost('W4: at most 1.01 x the critical path', figure(report, 'tutti', 'W4 200', 'makespan'), 1.01, 3)
  const runs = figure(report, 'tutti', 'W5 1000', 'runsPerSecond')
  if (!Number.isNaN(runs))
    verdicts.push({ bar: 'W5: at least 25,000 runs/s', found: runs.toFixed(0), holds: runs >= 25_000 })
  atMost('W6: no copy of the payload (at most 20 µs more than W2)', cpu('W6 200') - cpu('W2 1000'), 20)
  for (const { concurrency, bare, tutti, unguarded } of report.http) {
    atMost(`HTTP, ${concurrency} at once: at most 1.3 x the CPU of a bare call`, tutti.cpu / bare.cpu, 1.3)
    atMost(`HTTP, ${concurrency} at once: breaker and limits add less than 5 µs`, tutti.cpu - unguarded.cpu, 5)
  }
  atMost('import of the built package: less than 100 ms', report.importMs, 100, 0)
  return verdicts
}

const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
const table = (head: readonly string[], rows: readonly (readonly string[])[]): string =>
  [row(head), row(head.map(() => '---')), ...rows.map(row)].join('\n')
const shown = (value: number, digits: number): string => (Number.isNaN(value) ? '-' : value.toFixed(digits))

function showCell(report: Report, engine: string, cell: string): string {
  if (cell.startsWith('W4')) return shown(figure(report, engine, cell, 'makespan'), 3)
  if (cell.startsWith('W5')) return shown(figure(report, engine, cell, 'runsPerSecond'), 0)
  return shown(figure(report, engine, cell, 'cpuPerStep'), 2)
}

function unitOf(cell: string): string {
  if (cell.startsWith('W4')) return 'x critical path'
  return cell.startsWith('W5') ? 'runs/s' : 'µs'
}

export function renderReport(report: Report): string {
  const { cells, engines, http } = report
  const peers = table(
    ['engine', ...cells.map((cell) => `${cell}, ${unitOf(cell)}`)],
    engines.map(({ name, version }) => [
      version === undefined ? name : `${name} ${version}`,
      ...cells.map((cell) => showCell(report, name, cell)),
    ]),
  )
  const calls = table(
    [
      'calls at once',
      'bare undici, µs',
      'tutti, µs',
      'ratio',
      'breaker and limits add, µs',
      'wall: bare',
      'wall: tutti',
    ],
    http.map(({ concurrency, bare, tutti, unguarded }) => [
      String(concurrency),
      bare.cpu.toFixed(1),
      tutti.cpu.toFixed(1),
      (tutti.cpu / bare.cpu).toFixed(2),
      (tutti.cpu - unguarded.cpu).toFixed(1),
      bare.wall.toFixed(0),
      tutti.wall.toFixed(0),
    ]),
  )
  const bars = table(
    ['bar', 'found', ''],
    judge(report).map(({ bar, found, holds }) => [bar, found, holds ? 'holds' : '**missed**']),
  )
  return `# What a step costs

Made by \`${report.command}\` with Node ${process.versions.node} on a shared machine. Every cell is a fresh process, all engines in
turn within a round, medians over rounds; in a process one run to warm up, then up to 30 (two for W4) within two seconds, with a collection before each. Figures are CPU time,
user plus system, per step, unless said otherwise. They swing by a third on such a machine: trust ratios within a column, and orders before figures.

\`limit\` is hand-written promises: no events, no records, no validation, no breaker, no bound. \`tutti\` goes through the public \`execute\` with the in-memory journal,
every event, a listener, input checks, breaker and limits. Peers have the same plans and the same work, through their own public interface, with what
they do by default; few of them record, check or bound anything. \`-\`: it failed, took more than 20 s, or was not asked.

W1: independent steps and a join. W2: a chain. W3: layers with about three dependencies each. W4: 200 sleeping steps in ten lanes. W5: that many runs of six steps
at once. W6: a chain that hands on 100 KB.

${peers}

## One step over local HTTP

The component runs in a process of its own; the bare pool sends and parses the same JSON. CPU per call unless said otherwise: \`node --expose-gc bench/http.ts\`.

${calls}

## The bars

${bars}

Memory over many runs: \`node --expose-gc bench/soak.ts\`. Retrieval over public tool corpora: \`node bench/retrieval.ts DIRECTORY\`.
`
}
