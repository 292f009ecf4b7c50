// The bars of this release, as ratios taken in one run: every cell is a fresh process, engines in turn, medians quoted.
// `npm run bench`; the machine may be shared: trust CPU time in the cells without sleep, ratios before absolute times.
import { spawnSync } from 'node:child_process'

interface Cell {
  readonly wallMs: readonly number[]
  readonly cpuMs: readonly number[]
  readonly steps: number
  readonly criticalMs: number
}

const ROUNDS = Number(process.env.ROUNDS ?? 3)
const CELLS = [
  ['W1', 1000],
  ['W1', 10000],
  ['W2', 1000],
  ['W3', 1000],
  ['W4', 200],
  ['W5', 1000],
  ['W6', 200],
] as const
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN

function runCell(engine: string, workload: string, size: number): Cell {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    ['--expose-gc', 'bench/cell.ts', engine, workload, String(size)],
    { encoding: 'utf8', maxBuffer: 1e8 },
  )
  if (status !== 0) throw new Error(`${engine} ${workload} ${size}: ${stderr.slice(-800)}`)
  return JSON.parse(stdout.trim().split('\n').at(-1) as string) as Cell
}

const cpuPerStep = new Map<string, number>()
console.log('| cell | engine | CPU µs per step | wall µs per step | CPU ratio to the limit | note |')
console.log('| --- | --- | --- | --- | --- | --- |')
const verdicts: [string, boolean][] = []
for (const [workload, size] of CELLS) {
  const rounds = Array.from({ length: ROUNDS }, () => ({
    limit: runCell('limit', workload, size),
    tutti: runCell('tutti', workload, size),
  }))
  for (const engine of ['limit', 'tutti'] as const) {
    const cpu = median(rounds.map((r) => (median(r[engine].cpuMs) * 1000) / r[engine].steps))
    const wall = median(rounds.map((r) => (median(r[engine].wallMs) * 1000) / r[engine].steps))
    const ratio = median(rounds.map((r) => median(r[engine].cpuMs) / median(r.limit.cpuMs)))
    let note = ''
    if (workload === 'W4')
      note = `makespan ${median(rounds.map((r) => Math.min(...r[engine].wallMs) / r[engine].criticalMs)).toFixed(3)} x critical path`
    if (workload === 'W5') note = `${Math.round(1e6 / (wall * 6))} runs/s`
    console.log(
      `| ${workload} ${size} | ${engine} | ${cpu.toFixed(2)} | ${wall.toFixed(2)} | ${ratio.toFixed(1)} | ${note} |`,
    )
    if (engine === 'limit') continue
    cpuPerStep.set(`${workload} ${size}`, cpu)
    if (workload === 'W4')
      verdicts.push([
        'W4 makespan <= 1.02 x critical path',
        median(rounds.map((r) => Math.min(...r.tutti.wallMs) / r.tutti.criticalMs)) <= 1.02,
      ])
    if (workload === 'W5') verdicts.push(['W5 >= 10,000 runs/s', 1e6 / (wall * 6) >= 10_000])
  }
}
for (const cell of ['W1 1000', 'W1 10000', 'W3 1000'])
  verdicts.push([`${cell} <= 10 µs CPU per step`, (cpuPerStep.get(cell) ?? Infinity) <= 10])
verdicts.push([
  '10,000 steps cost at most 1.5 x as much per step as 1,000',
  (cpuPerStep.get('W1 10000') ?? Infinity) <= 1.5 * (cpuPerStep.get('W1 1000') ?? 0),
])

const importMs = median(
  Array.from({ length: 7 }, () => {
    const script = `const t = performance.now(); await import('${new URL('../dist/index.js', import.meta.url).href}'); console.log(performance.now() - t)`
    return Number(spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }).stdout)
  }),
)
console.log(`\nimport of the built package: ${importMs.toFixed(0)} ms (median of 7; run "npm run build" first)`)
verdicts.push(['import < 100 ms', importMs < 100])
for (const [bar, holds] of verdicts) console.log(`${holds ? 'holds' : 'FAILS'}  ${bar}`)
process.exitCode = verdicts.every(([, holds]) => holds) ? 0 : 1
