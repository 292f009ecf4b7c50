// Everything at once: components that are killed, hang, lie and flap, a Redis that goes and comes, callers who give up, and
// five hundred runs in the middle of it. What must hold whatever happens is written down at the end.
import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterAll, beforeAll, expect, it } from 'vitest'
import type { Response } from '../../src/contracts/run.ts'
import { createOrchestrator } from '../../src/create-orchestrator.ts'
import { honest, watchProcess } from '../faults/support.ts'
import { describeWithRedis, eventually, type RedisServer, startRedisServer } from '../support/redis-server.ts'
import { MODES, type Mode, type Order, type SeenCall, type Word } from './unruly-component.ts'

watchProcess()

const RUNS = 500
/** What a call may still need to arrive after its run was cancelled: it was on its way. */
const ON_ITS_WAY_MS = 1_000
const DOCUMENT = {
  inputs: { n: 'integer' },
  steps: [
    { name: 'look', component: 'alpha', action: 'look', inputs: { n: '${inputs.n}' } },
    { name: 'again', component: 'beta', action: 'look', inputs: { n: '${steps.look.output.echo.n}' } },
    { name: 'change', component: 'beta', action: 'change', inputs: { n: '${inputs.n}' } },
    {
      name: 'odd',
      component: 'gamma',
      action: 'look',
      inputs: { n: '${inputs.n}' },
      fallback: { value: { by: 'fallback' } },
    },
    { name: 'sure', component: 'honest' },
    {
      name: 'last',
      component: 'honest',
      depends_on: ['look', 'again', 'change', 'odd', 'sure'],
      if: 'steps.sure.success',
    },
  ],
}

/** The same sequence in every run of the test. */
function createDice(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
    return state / 2 ** 32
  }
}

class Unruly {
  readonly #id: string
  readonly #name: string
  readonly #redisUrl: string
  readonly #buried: SeenCall[] = []
  #process: ChildProcess | undefined

  constructor(id: string, name: string, redisUrl: string) {
    this.#id = id
    this.#name = name
    this.#redisUrl = redisUrl
  }

  async start(): Promise<void> {
    const file = new URL('unruly-component.ts', import.meta.url)
    this.#process = fork(file, [this.#id, this.#name, this.#redisUrl], { stdio: 'inherit' })
    await once(this.#process, 'message')
  }
  be(mode: Mode): void {
    this.#tell({ mode })
  }
  /** What it noted goes with it, so it is asked first. */
  async kill(): Promise<void> {
    this.#buried.push(...(await this.#ask()))
    const child = this.#process
    if (child === undefined) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  async calls(): Promise<readonly SeenCall[]> {
    return [...this.#buried, ...(await this.#ask())]
  }
  stop(): void {
    this.#process?.kill('SIGKILL')
  }
  async #ask(): Promise<readonly SeenCall[]> {
    this.#tell({ report: true })
    const [word] = (await once(this.#process as ChildProcess, 'message')) as [Word]
    return 'calls' in word ? word.calls : []
  }
  #tell(order: Order): void {
    this.#process?.send(order)
  }
}

function heapBytes(): number {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  collect()
  collect()
  return process.memoryUsage().heapUsed
}

describeWithRedis('chaos', () => {
  let redis: RedisServer
  let components: Unruly[]
  beforeAll(async () => {
    redis = await startRedisServer()
    components = [
      ['alpha-1', 'alpha'],
      ['alpha-2', 'alpha'],
      ['beta-1', 'beta'],
      ['beta-2', 'beta'],
      ['gamma-1', 'gamma'],
    ].map(([id = '', name = '']) => new Unruly(id, name, redis.url))
    await Promise.all(components.map((component) => component.start()))
  }, 30_000)
  afterAll(async () => {
    for (const component of components) component.stop()
    await redis.stop()
  })

  it('five hundred runs among components and a Redis that fail in every way', { timeout: 180_000 }, async () => {
    const dice = createDice(20_261_121)
    const orchestrator = createOrchestrator({
      tools: [honest],
      redis: { url: redis.url },
      catalog: { refreshMs: 200 },
      executor: { stepTimeoutMs: 1_000 },
      recovery: { initialWaitMs: 20, maxWaitMs: 200 },
      breaker: { resetMs: 300, windowMs: 5_000 },
      runs: { keepEnded: 10 },
    })
    await orchestrator.start()
    await eventually(() =>
      expect(orchestrator.catalog.components().map(({ name }) => name)).toEqual(
        expect.arrayContaining(['alpha', 'beta', 'gamma']),
      ),
    )
    for (let n = 0; n < 50; n++) await orchestrator.execute(DOCUMENT, { n })
    const heapBefore = heapBytes()

    let isOver = false
    const conduct = async (): Promise<void> => {
      while (!isOver) {
        await sleep(30 + dice() * 120)
        const component = components[Math.floor(dice() * components.length)]
        const what = dice()
        if (component === undefined) continue
        if (what < 0.08) {
          await component.kill()
          await component.start()
        } else if (what < 0.1) await redis.restart()
        else component.be(MODES[Math.floor(dice() * MODES.length)] ?? 'well')
      }
    }
    const conducting = conduct()
    const cancelled = new Map<string, number>()
    const runs = Array.from({ length: RUNS }, async (_, n): Promise<Response> => {
      const abort = new AbortController()
      const cancelAfterMs = n % 5 === 0 ? dice() * 2_000 : undefined
      let runId = ''
      const run = orchestrator.execute(
        DOCUMENT,
        { n },
        { signal: abort.signal, onEvent: (event) => (runId = event.runId) },
      )
      if (cancelAfterMs !== undefined) {
        await sleep(cancelAfterMs)
        cancelled.set(runId, Date.now())
        abort.abort()
      }
      return await run
    })
    const responses = await Promise.all(runs)
    isOver = true
    await conducting

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
      // What does not depend on anybody unruly is done in every run that nobody cancelled.
      if (status !== 'cancelled') expect(steps.find(({ name }) => name === 'sure')?.output).toEqual({ truth: 42 })
    }

    const calls = (await Promise.all(components.map((component) => component.calls()))).flat()
    expect(calls.length).toBeGreaterThan(RUNS)
    const late = calls.filter(({ runId, at }) => at > (cancelled.get(runId) ?? Infinity) + ON_ITS_WAY_MS)
    expect(late).toEqual([])
    const changes = calls.filter(({ capability }) => capability === 'change').map(({ key }) => key)
    expect(new Set(changes).size, 'what may not be repeated was called twice').toBe(changes.length)

    // All is well again: traffic comes back by itself, step by step, within seconds.
    for (const component of components) component.be('well')
    const wellAt = Date.now()
    await eventually(async () => expect((await orchestrator.execute(DOCUMENT, { n: 1 })).status).toBe('succeeded'))
    expect(Date.now() - wellAt).toBeLessThan(5_000)
    expect(orchestrator.status().activeRuns).toBe(0)
    for (let n = 0; n < 50; n++) await orchestrator.execute(DOCUMENT, { n })
    expect(orchestrator.status().limits.filter(({ inUse, waiting }) => inUse + waiting > 0)).toEqual([])
    expect(heapBytes() - heapBefore, 'memory that did not come back').toBeLessThan(15_000_000)
    await orchestrator.close()
  })
})
