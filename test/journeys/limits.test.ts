// Limits as users meet them: who goes first, what waits, what ends, and how it is seen.
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import type { LimitUsage } from '../../src/contracts/api.ts'
import {
  createOrchestrator,
  type Orchestrator,
  type OrchestratorOptions,
  type RequestOptions,
  type Response,
  tool,
} from '../../src/index.ts'
import { renderPrometheus } from '../../src/telemetry/prometheus.ts'
import { createManualClock, fakeSource } from '../../src/testing/index.ts'

/** Naps of 100 ms at `t`, `u` and `v`; `begun` says whose, in order. */
async function createNaps(options: OrchestratorOptions = {}) {
  const clock = createManualClock()
  const begun: string[] = []
  const atWork: Record<string, number> = { t: 0, u: 0, v: 0 }
  const nap = (name: string) => ({
    name,
    capabilities: {
      nap: {
        run: async ({ id, ms }: { id?: unknown; ms?: unknown }, { signal }: { signal: AbortSignal }) => {
          begun.push(String(id))
          atWork[name] = (atWork[name] ?? 0) + 1
          try {
            await clock.sleep(Number(ms ?? 100), signal)
          } finally {
            atWork[name] = (atWork[name] ?? 0) - 1
          }
          return { rested: true }
        },
      },
    },
  })
  const tutti = createOrchestrator({ sources: [fakeSource(nap('t'), nap('u'), nap('v'))], clock, ...options })
  await tutti.start()
  const ended: Record<string, Response> = {}
  /** `count` steps, called `name0`, `name1`, ... */
  const run = (name: string, count: number, request: RequestOptions = {}, step: Record<string, unknown> = {}): void => {
    const steps = Array.from({ length: count }, (_, i) => ({
      name: `${name}${i}`,
      component: 't',
      action: 'nap',
      ...step,
      inputs: { id: `${name}${i}`, ...((step.inputs as object | undefined) ?? {}) },
    }))
    void tutti.execute({ steps }, {}, request).then((response) => (ended[name] = response))
  }
  const limits = (kind: string) => tutti.status().limits.filter((limit) => limit.kind === kind)
  return { clock, tutti, begun, atWork, ended, run, limits }
}

describe('who goes first', () => {
  it('between runs that wait for one component: by priority, then who is due first, then by turns', async () => {
    const { clock, tutti, begun, run } = await createNaps({ components: { t: { maxConcurrency: 1 } } })
    run('first', 1)
    await clock.advance(5)
    run('low', 2, { priority: 'low' })
    run('late', 2, { dueInMs: 5_000 })
    run('soon', 2, { dueInMs: 1_000 })
    run('any', 2)
    run('more', 2)
    run('high', 2, { priority: 'high' })
    run('critical', 1, { priority: 'critical' })
    await clock.advance(3_000)
    expect(begun.join(' ')).toBe('first0 critical0 high0 high1 soon0 soon1 late0 late1 any0 more0 any1 more1 low0 low1')
    await tutti.close()
  })

  it('between principals: by turns, and by the weights of their quotas', async () => {
    const { clock, tutti, begun, run } = await createNaps({
      components: { t: { maxConcurrency: 1 } },
      quotas: { big: { weight: 3 } },
    })
    run('first', 1)
    await clock.advance(5)
    run('b', 20, { principal: 'big' })
    run('s', 20, { principal: 'small' })
    await clock.advance(2_000)
    const shares = begun.slice(1, 17).map((name) => name[0])
    expect(shares.filter((name) => name === 'b').length).toBe(12)
    await tutti.close()
  })

  it('within a run: by the priority of the step, then what the longest path hangs on, learnt from earlier runs', async () => {
    const { clock, tutti, begun } = await createNaps()
    const of = (name: string, component: string, more: object = {}) => ({ name, component, action: 'nap', ...more })
    const steps = [
      of('a', 't', { inputs: { id: 'a' } }),
      of('b', 't', { inputs: { id: 'b' } }),
      of('long', 'u', { inputs: { id: 'long', ms: 900 } }),
      of('last', 't', { inputs: { id: 'last' }, depends_on: ['long'] }),
      of('urgent', 't', { inputs: { id: 'urgent' }, priority: 'high' }),
    ]
    void tutti.execute({ steps })
    await clock.advance(3_000)
    begun.length = 0
    void tutti.execute({ steps }, {}, { maxConcurrency: 1 })
    await clock.advance(3_000)
    expect(begun.join(' ')).toBe('urgent long a b last')
    await tutti.close()
  })

  it('at the next step, not within one: a critical run takes the next place that is free', async () => {
    const { clock, tutti, begun, run } = await createNaps({ executor: { processConcurrency: 1 } })
    run('low', 3, { priority: 'low' })
    await clock.advance(50)
    run('critical', 2, { priority: 'critical' }, { component: 'u' })
    await clock.advance(2_000)
    expect(begun.join(' ')).toBe('low0 critical0 critical1 low1 low2')
    await tutti.close()
  })

  it('in the end everybody: what needs all of two resources begins while others come and go', async () => {
    const { clock, tutti, begun, run } = await createNaps({ resources: { inventory: { cpu: 2, gpu: 2 } } })
    for (let i = 0; i < 4; i++) {
      run(`c${i}-`, 20, {}, { inputs: { ms: 60 + 17 * i }, resources: { cpu: 1 } })
      run(`g${i}-`, 20, {}, { component: 'u', inputs: { ms: 50 + 23 * i }, resources: { gpu: 1 } })
    }
    await clock.advance(30)
    run('large', 1, {}, { component: 'v', resources: { cpu: 2, gpu: 2 } })
    await clock.advance(20_000)
    expect(begun).toHaveLength(161)
    expect(begun.indexOf('large0')).toBeLessThan(60)
    await tutti.close()
  })
})

describe.each<[string, OrchestratorOptions, Record<string, unknown>, Pick<LimitUsage, 'kind' | 'name' | 'limit'>]>([
  ['component', { components: { t: { maxConcurrency: 1 } } }, {}, { kind: 'component', name: 't', limit: 1 }],
  ['process', { executor: { processConcurrency: 1 } }, {}, { kind: 'process', name: '', limit: 1 }],
  ['key', { executor: { keyConcurrency: 1 } }, {}, { kind: 'key', name: 'local', limit: 1 }],
  [
    'resource of your own, in fractions',
    { resources: { inventory: { 'license-x': 0.3 } } },
    { resources: { 'license-x': 0.2 } },
    { kind: 'resource', name: 'license-x', limit: 0.3 },
  ],
  ['key of concurrency', {}, { concurrency: { key: 'db', limit: 1 } }, { kind: 'concurrency', name: 'db', limit: 1 }],
  [
    'rate',
    { components: { T: { rateLimit: { requests: 1, perMs: 60_000 } } } },
    {},
    { kind: 'rate', name: 't', limit: 1 },
  ],
])('a step that waits for a %s', (_what, options, step, limit) => {
  it('is seen in status() and /metrics, and ends with a cancel, its deadline, the timeout and the budget of its run', async () => {
    const { clock, tutti, begun, ended, run, limits } = await createNaps(options)
    run('first', 1, {}, { ...step, inputs: { ms: 20_000 } })
    await clock.advance(10)
    const controller = new AbortController()
    run('cancelled', 1, { signal: controller.signal }, step)
    run('deadline', 1, {}, { ...step, deadline: '500ms' })
    run('timeout', 1, { timeoutMs: 700 }, step)
    run('budget', 1, { budget: { wallTimeMs: 900 } }, step)
    await clock.advance(10)
    const { kind, name } = limit
    expect(limits(kind)).toMatchObject([{ ...limit, waiting: 4 }])
    expect(renderPrometheus(tutti.metrics())).toContain(`tutti_limit_waiting{kind="${kind}",name="${name}"} 4\n`)
    controller.abort()
    await clock.advance(10)
    expect(ended).toMatchObject({ cancelled: { status: 'cancelled' } })
    await clock.advance(500)
    expect(ended).toMatchObject({ deadline: { errors: [{ code: 'deadline_exceeded' }] } })
    await clock.advance(200)
    expect(ended).toMatchObject({ timeout: { errors: [{ code: 'run_timeout' }] } })
    await clock.advance(200)
    expect(ended).toMatchObject({ budget: { stopReason: 'budget' } })
    expect(limits(kind)).toMatchObject([{ waiting: 0 }])
    expect(begun).toEqual(['first0'])
    await tutti.close()
  })

  it('ends as cancelled when the orchestrator is closed, and no place stays taken', async () => {
    const { clock, tutti, begun, ended, run, limits } = await createNaps(options)
    run('first', 1, {}, { ...step, inputs: { ms: 20_000 } })
    run('second', 2, {}, step)
    await clock.advance(10)
    await tutti.close()
    expect(ended).toMatchObject({ first: { status: 'cancelled' }, second: { status: 'cancelled' } })
    expect(begun).toEqual(['first0'])
    expect(limits(limit.kind).filter(({ kind }) => kind !== 'rate')).toEqual([])
  })
})

describe('resources in fractions', () => {
  it('are used up exactly, and shown without the dust of sums', async () => {
    const { clock, tutti, atWork, run, limits } = await createNaps({ resources: { inventory: { memory: 1 } } })
    run('tenth', 11, { maxConcurrency: 20 }, { resources: { memory: 0.1 } })
    await clock.advance(10)
    expect(atWork.t).toBe(10)
    expect(limits('resource')).toEqual([{ kind: 'resource', name: 'memory', inUse: 1, limit: 1, waiting: 1 }])
    await tutti.close()
  })
})

describe('what only waits', () => {
  it('takes no place of any limit', async () => {
    const { clock, tutti, ended, run } = await createNaps({ executor: { processConcurrency: 1, keyConcurrency: 1 } })
    const wait = (name: string) => ({ name, type: 'wait', wait: { for: '10s' } })
    void tutti.execute({ steps: [wait('w1'), wait('w2')] }, {}, { maxConcurrency: 1 })
    run('work', 2)
    await clock.advance(210)
    expect(ended).toMatchObject({ work: { status: 'succeeded' } })
    await tutti.close()
  })
})

describe('a component that calls back into the orchestrator', () => {
  it('holds its place meanwhile: with room for one, a nested call of itself ends with the timeout of the outer one', async () => {
    const nested: Promise<Response>[] = []
    const clock = createManualClock()
    const self = tool({
      name: 'self',
      description: 'Calls itself once',
      input: z.object({ deep: z.boolean().optional() }),
      effect: 'read',
      execute: async ({ deep }, { signal }): Promise<{ status: string }> => {
        if (deep === true) return { status: 'deep' }
        const inner = tutti.execute(
          { steps: [{ name: 'inner', component: 'self', inputs: { deep: true } }] },
          {},
          { signal },
        )
        nested.push(inner)
        return { status: (await inner).status }
      },
    })
    const run = (maxConcurrency: number): Orchestrator =>
      createOrchestrator({
        tools: [self],
        clock,
        components: { self: { maxConcurrency } },
        recovery: { maxAttempts: 1 },
        executor: { stepTimeoutMs: 1_000 },
      })
    let tutti = run(1)
    const outer = tutti.execute({ steps: [{ name: 'outer', component: 'self', inputs: {} }] })
    await clock.advance(1_500)
    expect(await outer).toMatchObject({ status: 'failed', errors: [{ code: 'component_timeout' }] })
    expect(await nested[0]).toMatchObject({ status: 'cancelled' })
    await tutti.close()
    tutti = run(2)
    expect(await tutti.execute({ steps: [{ name: 'outer', component: 'self', inputs: {} }] })).toMatchObject({
      status: 'succeeded',
    })
    await tutti.close()
  })
})
