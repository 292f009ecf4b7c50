// Everything at once: components that are killed, frozen, moved, flooded, hang, lie and flap, a Redis that goes, comes and lies,
// a second orchestrator beside this one, a webhook that hangs, callers who give up, and three times five hundred runs in the
// middle of it. What must hold whatever happens is written down below each wave.
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Orchestrator } from '../../src/contracts/api.ts'
import { PRIORITIES } from '../../src/contracts/policy.ts'
import type { Response } from '../../src/contracts/run.ts'
import { createOrchestrator } from '../../src/create-orchestrator.ts'
import { watchProcess } from '../faults/support.ts'
import { startRawServer, type TestServer } from '../support/http-servers.ts'
import { describeWithRedis, eventually, type RedisServer, startRedisServer } from '../support/redis-server.ts'
import { BETA_LIMIT, DOCUMENT, optionsOf, SECOND_FROM } from './house.ts'
import { type LyingProxy, startLyingProxy } from './lying-proxy.ts'
import { Unruly } from './unruly.ts'
import { MODES, type SeenCall } from './unruly-component.ts'

watchProcess()

const SEEDS = [20_261_121, 4_711, 987_654_321]
const RUNS = 500
const SECOND_RUNS = 100
/** What a call may still need to arrive after its run was cancelled: it was on its way. */
const ON_ITS_WAY_MS = 1_000
/** What a component may need to see that a caller has gone. */
const UNSEEN_MS = 250
const BUDGET_CALLS = 3

/** The same sequence in every run of the test. */
function createDice(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

function heapBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  return process.memoryUsage().heapUsed
}

type Wave = { readonly responses: readonly Response[]; readonly cancelled: ReadonlyMap<string, number> }

/** Nothing here may touch what a run must be able to rely on. */
async function disturb(
  dice: () => number,
  world: { components: readonly Unruly[]; redis: RedisServer; proxy: LyingProxy },
) {
  const component = world.components[Math.floor(dice() * world.components.length)]
  const what = dice()
  if (component === undefined) return
  if (what < 0.06) {
    await component.kill()
    await component.start()
  } else if (what < 0.08) await world.redis.restart()
  else if (what < 0.11) {
    world.proxy.lie(true)
    await sleep(150)
    world.proxy.lie(false)
  } else if (what < 0.14) await component.flood(100)
  else if (what < 0.19) component.move()
  // How many calls `beta` has at once is looked at, for which it must be awake.
  else if (what < 0.25 && component.name !== 'beta') await component.freeze(100 + dice() * 600)
  else component.be(MODES[Math.floor(dice() * MODES.length)] ?? 'well')
}

async function startRuns(orchestrator: Orchestrator, dice: () => number): Promise<Wave> {
  const cancelled = new Map<string, number>()
  const runs = Array.from({ length: RUNS }, async (_, n): Promise<Response> => {
    const abort = new AbortController()
    const cancelAfterMs = n % 5 === 0 ? dice() * 2_000 : undefined
    const priority = PRIORITIES[Math.floor(dice() * PRIORITIES.length)] ?? 'normal'
    const run = orchestrator.execute(
      DOCUMENT,
      { n },
      {
        signal: abort.signal,
        priority,
        key: `team-${n % 3}`,
        ...(n % 7 === 0 && { budget: { componentCalls: BUDGET_CALLS } }),
      },
    )
    if (cancelAfterMs === undefined) return await run
    await sleep(cancelAfterMs)
    const cancelledAt = Date.now()
    abort.abort()
    // Only its answer surely names it: it may not have begun when it was cancelled.
    const response = await run
    cancelled.set(response.runId, cancelledAt)
    return response
  })
  return { responses: await Promise.all(runs), cancelled }
}

/** Every run has ended as it may, with all that it reached. */
function expectAnswers({ responses, cancelled }: Wave): void {
  for (const [n, { status, steps, runId }] of responses.entries()) {
    expect(['succeeded', 'partial', 'cancelled']).toContain(status)
    if (!cancelled.has(runId)) expect(status).not.toBe('cancelled')
    for (const step of steps) {
      expect(['succeeded', 'failed', 'skipped', 'cancelled']).toContain(step.status)
      if (step.status === 'failed') expect(step.error?.message).toBeTruthy()
      if (step.status !== 'succeeded' || step.component === 'honest') continue
      expect(step.output).toEqual(
        expect.objectContaining(step.name === 'odd' ? { by: expect.any(String) as string } : { echo: { n } }),
      )
    }
    // What does not depend on anybody unruly is done in every run that nobody cancelled and whose budget allows it.
    const sure = steps.find(({ name }) => name === 'sure')
    if (status !== 'cancelled' && n % 7 !== 0) expect(sure?.output).toEqual({ truth: 42 })
  }
}

/** What the components have seen is what they should. */
function expectCalls(calls: readonly SeenCall[], { responses, cancelled }: Wave): void {
  const late = calls.filter(({ runId, at }) => at > (cancelled.get(runId) ?? Infinity) + ON_ITS_WAY_MS)
  expect(late).toEqual([])
  const changes = Map.groupBy(
    calls.filter(({ capability }) => capability === 'change').sort((x, y) => x.at - y.at),
    ({ key }) => key,
  )
  // Only a call that was refused in so many words may be made once more.
  const doubled = [...changes.values()].filter((same) => same.slice(0, -1).some(({ wasRefused }) => !wasRefused))
  expect(doubled, 'what may not be repeated was called twice').toEqual([])
  const made = new Map<string, number>()
  for (const { runId } of calls) made.set(runId, (made.get(runId) ?? 0) + 1)
  for (const [n, { runId }] of responses.entries())
    if (n % 7 === 0) expect(made.get(runId) ?? 0, 'calls beyond the budget').toBeLessThanOrEqual(BUDGET_CALLS)
}

/** The most calls that were at work at the same moment; those given up count until shortly before it was seen. */
function mostAtOnce(calls: readonly SeenCall[]): number {
  const changes = calls
    .flatMap(({ at, endedAt, wasGivenUp }) => [
      { at, by: 1 },
      { at: Math.max(at, wasGivenUp ? endedAt - UNSEEN_MS : endedAt), by: -1 },
    ])
    .sort((a, b) => a.at - b.at || a.by - b.by)
  let now = 0
  let most = 0
  for (const { by } of changes) most = Math.max(most, (now += by))
  return most
}

describeWithRedis('chaos', () => {
  let redis: RedisServer
  let proxy: LyingProxy
  let webhook: TestServer
  let components: Unruly[]
  let orchestrator: Orchestrator
  let heapBefore = 0
  beforeAll(async () => {
    redis = await startRedisServer()
    proxy = await startLyingProxy(redis.port)
    webhook = await startRawServer(() => undefined)
    components = [
      ['alpha-1', 'alpha'],
      ['alpha-2', 'alpha'],
      ['beta-1', 'beta'],
      ['beta-2', 'beta'],
      ['gamma-1', 'gamma'],
    ].map(([id = '', name = '']) => new Unruly(id, name, redis.url))
    await Promise.all(components.map((component) => component.start()))
    orchestrator = createOrchestrator({
      ...optionsOf(proxy.url),
      notify: {
        targets: { hangs: { url: webhook.origin, on: ['breaker', 'recovery-failed', 'escalation', 'budget'] } },
      },
    })
    await orchestrator.start()
    await eventually(expectAll)
    for (let n = 0; n < 50; n++) await orchestrator.execute(DOCUMENT, { n })
    heapBefore = heapBytes()
  }, 30_000)
  afterAll(async () => {
    await orchestrator.close()
    for (const component of components) component.stop()
    await webhook.close()
    await proxy.close()
    await redis.stop()
  }, 30_000)

  const expectAll = (): void =>
    expect(orchestrator.catalog.components().map(({ name }) => name)).toEqual(
      expect.arrayContaining(['alpha', 'beta', 'gamma']),
    )

  /** What it has seen is gone with it, so that memory can be looked at. */
  async function playWave(seed: number): Promise<void> {
    const dice = createDice(seed)
    let isOver = false
    const conduct = async (): Promise<void> => {
      while (!isOver) {
        await sleep(30 + dice() * 120)
        await disturb(dice, { components, redis, proxy })
      }
    }
    const conducting = conduct()
    const file = new URL('second-orchestrator.ts', import.meta.url)
    const second = fork(file, [redis.url, String(SECOND_RUNS)], { stdio: 'inherit' })
    const told = once(second, 'message')
    const ending = Promise.all([startRuns(orchestrator, createDice(seed + 1)), told])
    const [wave, [word]] = (await ending.finally(async () => {
      isOver = true
      await conducting
    })) as [Wave, [{ statuses: string[]; unhandled: string[] }]]

    expectAnswers(wave)
    expect(word.unhandled).toEqual([])
    expect(word.statuses).toHaveLength(SECOND_RUNS)
    for (const status of word.statuses) expect(['succeeded', 'partial', 'refused']).toContain(status)
    const seen = await Promise.all(components.map((component) => component.calls()))
    expect(seen.flat().length).toBeGreaterThan(RUNS)
    expectCalls(seen.flat(), wave)
    const ofBeta = components.flatMap(({ name }, i) => (name === 'beta' ? (seen[i] ?? []) : []))
    for (const isSecond of [false, true]) {
      const own = ofBeta.filter(({ n }) => n >= SECOND_FROM === isSecond)
      expect(mostAtOnce(own), 'calls at once to beta').toBeLessThanOrEqual(BETA_LIMIT)
    }
  }

  it.each(SEEDS)(
    'five hundred runs among components and a Redis that fail in every way (seed %i)',
    { timeout: 60_000 },
    async (seed) => {
      for (const component of components) component.be('well')
      await eventually(expectAll)
      await playWave(seed)
      // All is well again: traffic comes back by itself, step by step, within seconds.
      for (const component of components) component.be('well')
      const wellAt = Date.now()
      await eventually(async () => expect((await orchestrator.execute(DOCUMENT, { n: 1 })).status).toBe('succeeded'))
      expect(Date.now() - wellAt).toBeLessThan(5_000)
      expect(orchestrator.status().activeRuns).toBe(0)
      for (let n = 0; n < 50; n++) await orchestrator.execute(DOCUMENT, { n })
      const { limits } = orchestrator.status()
      expect(limits.filter(({ inUse, waiting, kind }) => kind !== 'rate' && inUse + waiting > 0)).toEqual([])
      expect(heapBytes() - heapBefore, 'memory that did not come back').toBeLessThan(15_000_000)
    },
  )
})
