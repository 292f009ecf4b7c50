// Plans as people and models really write them (the shapes of four public data sets), replayed with latencies by hand: how
// long a run takes is then exact, and is compared with what the plan itself allows.
import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Step } from '../../src/contracts/plan.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { answer, call, createWorld } from './support.ts'

interface Shape {
  readonly set: string
  readonly tools: readonly number[]
  readonly deps: readonly (readonly number[])[]
}
interface Job {
  readonly tool: string
  readonly ms: number
  readonly deps: readonly number[]
}

const shapes = JSON.parse(readFileSync(new URL('fixtures/plan-shapes.json', import.meta.url), 'utf8')) as Shape[]

/** The same latency for the same tool in every run: 5 to about 200 ms, most of them short. */
function latencyOf(tool: string): number {
  let hash = 2_166_136_261
  for (let i = 0; i < tool.length; i++) hash = Math.imul(hash ^ tool.charCodeAt(i), 16_777_619)
  return 5 + Math.round(((hash >>> 0) / 2 ** 32) ** 3 * 195)
}
const jobsOf = ({ set, tools, deps }: Shape, at: number): Job[] =>
  tools.map((tool, i) => {
    const name = `${set}-${at % 7}-${tool}`
    return { tool: name, ms: latencyOf(name), deps: deps[i] ?? [] }
  })

function criticalPathMs(jobs: readonly Job[]): number {
  const ends: number[] = []
  for (const { ms, deps } of jobs) ends.push(ms + Math.max(0, ...deps.map((d) => ends[d] ?? 0)))
  return Math.max(...ends)
}

/** List scheduling, written down the simple way: of what may start, what has the longest way to go, on the first free place. */
function listScheduleMs(jobs: readonly Job[], places: number): number {
  const toGo = jobs.map(({ ms }) => ms)
  for (let i = jobs.length - 1; i >= 0; i--)
    for (const d of jobs[i]?.deps ?? []) toGo[d] = Math.max(toGo[d] ?? 0, (jobs[d]?.ms ?? 0) + (toGo[i] ?? 0))
  const ends = new Map<number, number>()
  const free = new Array<number>(places).fill(0)
  const open = new Set(jobs.keys())
  let now = 0
  while (open.size > 0) {
    const ready = [...open].filter((i) => (jobs[i]?.deps ?? []).every((d) => (ends.get(d) ?? Infinity) <= now))
    const place = free.findIndex((until) => until <= now)
    const [next] = ready.sort((a, b) => (toGo[b] ?? 0) - (toGo[a] ?? 0) || a - b)
    if (next === undefined || place < 0) {
      now = Math.min(...[...ends.values(), ...free].filter((t) => t > now))
      continue
    }
    open.delete(next)
    const end = now + (jobs[next]?.ms ?? 0)
    ends.set(next, end)
    free[place] = end
  }
  return Math.max(...ends.values())
}

function createReplay(tools: readonly string[]) {
  const clock = createManualClock()
  const world = createWorld({
    clock,
    tools: Object.fromEntries(
      tools.map((tool) => [
        `${tool}/run`,
        async (_inputs, { signal }) => (await clock.sleep(latencyOf(tool), signal), answer(1)),
      ]),
    ),
  })
  return {
    /** How long the jobs take in all. */
    async run(jobs: readonly Job[], maxConcurrency: number): Promise<number> {
      const steps = jobs.map(
        ({ tool, deps }, i): Step => call(`s${i}`, `${tool}/run`, {}, { dependsOn: deps.map((d) => `s${d}`) }),
      )
      const begun = clock.now()
      let took: number | undefined
      const going = world.run({ steps }, { maxConcurrency }).then((ran) => {
        took = clock.now() - begun
        for (let i = 0; i < jobs.length; i++) expect(ran.end(`s${i}`).status).toBe('succeeded')
      })
      for (let turns = 0; took === undefined && turns < 1_000; turns++) await clock.advance(100)
      await going
      return took ?? Infinity
    },
  }
}

const toolsOf = (lists: readonly (readonly Job[])[]): string[] => [...new Set(lists.flat().map(({ tool }) => tool))]

describe('plans of public data sets', { timeout: 120_000 }, () => {
  it.each(['seal-tools', 'nestful', 'worfbench', 'bfcl'])(
    '%s: without limits a run takes its critical path',
    async (set) => {
      const lists = shapes.flatMap((shape, i) => (shape.set === set ? [jobsOf(shape, i)] : []))
      expect(lists.length).toBeGreaterThan(50)
      const replay = createReplay(toolsOf(lists))
      for (const jobs of lists) expect(await replay.run(jobs, 100)).toBeLessThanOrEqual(criticalPathMs(jobs) * 1.02)
    },
  )

  it.each([2, 3, 5, 8])(
    'with %i places a run of many plans is within five percent of list scheduling, once latencies are learnt',
    async (places) => {
      // Thirty plans as one document, so that there is always more to do than there are places.
      const lists = [0, 1, 2, 3].map((offset) =>
        shapes
          .filter((_, i) => i % 27 === offset * 5)
          .flatMap((shape, at, all) => {
            const before = all.slice(0, at).reduce((sum, { tools }) => sum + tools.length, 0)
            return jobsOf(shape, at).map((job) => ({ ...job, deps: job.deps.map((d) => d + before) }))
          }),
      )
      const replay = createReplay(toolsOf(lists))
      for (const jobs of lists) {
        await replay.run(jobs, places)
        expect(await replay.run(jobs, places)).toBeLessThanOrEqual(listScheduleMs(jobs, places) * 1.05)
      }
    },
  )
})
