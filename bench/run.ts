// The figures of bench/RESULTS.md, taken in one go: every cell of every engine is a fresh process, engines in turn within a round,
// medians over rounds. `npm run bench` compares with the limit alone;
//
//     node bench/run.ts --peers DIR [--engines a,b] [--rounds 3] [--write]
//
// also with the peers installed in DIR (DIR/engines/NAME/adapter.mjs, as bench/peers/adapter.ts has it). Redis is not started for them.
import { spawnSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { CellResult } from './cell.ts'
import type { HttpResult } from './http.ts'
import { type Figures, judge, median, type Report, renderReport } from './report.ts'
import type { Workload } from './workloads.ts'

const CELLS: readonly (readonly [Workload, number])[] = [
  ['W1', 1000],
  ['W1', 10000],
  ['W1', 100000],
  ['W2', 1000],
  ['W3', 1000],
  ['W4', 200],
  ['W5', 1000],
  ['W6', 200],
]
/** Nobody else is asked for this one: most peers would need minutes. */
const OURS_ONLY = 'W1 100000'
const MAX_CELL_MS = 20_000

const { values: options } = parseArgs({
  options: {
    peers: { type: 'string' },
    engines: { type: 'string' },
    rounds: { type: 'string', default: '3' },
    write: { type: 'boolean', default: false },
  },
})

interface Engine {
  readonly name: string
  readonly adapter: string
  readonly version?: string
}

const OWN: readonly Engine[] = [
  { name: 'tutti', adapter: 'bench/peers/tutti.ts' },
  { name: 'limit', adapter: 'bench/peers/limit.ts' },
]

function versionOf(folder: string): string | undefined {
  const path = join(folder, 'package.json')
  if (!existsSync(path)) return undefined
  const { dependencies = {} } = JSON.parse(readFileSync(path, 'utf8')) as { dependencies?: Record<string, string> }
  return Object.values(dependencies)[0]
}

function listPeers(peers: string | undefined): Engine[] {
  if (peers === undefined) return []
  const wanted = options.engines?.split(',')
  return readdirSync(join(peers, 'engines'))
    .filter((name) => (wanted === undefined ? name !== 'limit' && name !== 'bullmq' : wanted.includes(name)))
    .map((name) => {
      const folder = join(peers, 'engines', name)
      const version = versionOf(folder)
      return { name, adapter: join(folder, 'adapter.mjs'), ...(version !== undefined && { version }) }
    })
    .filter(({ adapter }) => existsSync(adapter))
}

function runScript<T>(args: readonly string[], timeout: number): T | undefined {
  const { stdout, status } = spawnSync(process.execPath, ['--expose-gc', '--max-old-space-size=4000', ...args], {
    encoding: 'utf8',
    maxBuffer: 1e8,
    timeout,
    killSignal: 'SIGKILL',
  })
  if (status !== 0) return undefined
  return JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as T
}

const toFigures = ({ cpuMs, wallMs, steps, criticalMs }: CellResult): Figures => ({
  cpuPerStep: (median(cpuMs) * 1000) / steps,
  runsPerSecond: (steps / 6 / median(wallMs)) * 1000,
  makespan: criticalMs === 0 ? Number.NaN : Math.min(...wallMs) / criticalMs,
})

/** Rounds by engine by cell. An engine that fails a cell, or is too slow for it, is not asked again. */
function compare(engines: readonly Engine[]): Map<string, Map<string, Figures[]>> {
  const all = new Map<string, Map<string, Figures[]>>()
  const given = new Set<string>()
  for (let round = 0; round < Number(options.rounds); round++)
    for (const [workload, size] of CELLS) {
      const cell = `${workload} ${size}`
      for (const { name, adapter } of engines) {
        if (given.has(`${name} ${cell}`) || (cell === OURS_ONLY && !OWN.some((own) => own.name === name))) continue
        const result = runScript<CellResult>(['bench/cell.ts', adapter, workload, String(size)], MAX_CELL_MS)
        if (result === undefined) {
          given.add(`${name} ${cell}`)
          continue
        }
        const ofEngine = all.get(name) ?? new Map<string, Figures[]>()
        all.set(name, ofEngine.set(cell, [...(ofEngine.get(cell) ?? []), toFigures(result)]))
        console.error(`${round + 1} ${cell} ${name}: ${toFigures(result).cpuPerStep.toFixed(2)} µs`)
      }
    }
  return all
}

/** ms to import the built package; NaN when it was not built. */
function importMs(): number {
  const built = new URL('../dist/index.js', import.meta.url)
  if (!existsSync(built)) return Number.NaN
  const script = `const t = performance.now(); await import('${built.href}'); console.log(performance.now() - t)`
  return median(
    Array.from({ length: 7 }, () =>
      Number(spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' }).stdout),
    ),
  )
}

const OTHERS = '\n<!-- planning -->\n'
const engines = [...OWN, ...listPeers(options.peers)]
const report: Report = {
  command: `npm run build && node bench/run.ts${options.peers === undefined ? '' : ' --peers DIR'}${options.engines === undefined ? '' : ` --engines ${options.engines}`} --rounds ${options.rounds} --write`,
  cells: CELLS.map(([workload, size]) => `${workload} ${size}`),
  engines: engines.map(({ name, version }) => ({ name, ...(version !== undefined && { version }) })),
  figures: compare(engines),
  http: runScript<readonly HttpResult[]>(['bench/http.ts'], 120_000) ?? [],
  importMs: importMs(),
}
const text = renderReport(report)
console.log(text)
if (options.write) {
  const file = new URL('./RESULTS.md', import.meta.url)
  // What other programs of this folder measured stands behind the mark, and is theirs to change.
  const [, ...others] = readFileSync(file, 'utf8').split(OTHERS)
  writeFileSync(file, [text, ...others].join(OTHERS))
}
process.exitCode = judge(report).every(({ holds }) => holds) ? 0 : 1
