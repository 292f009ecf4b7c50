// A request over HTTP, planned by a vendor that writes slowly: what only reads is at work before the plan is whole.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { resolveConfig } from '../../src/config/resolve-config.ts'
import { createOrchestrator, type OrchestratorOptions } from '../../src/index.ts'
import { createServer } from '../../src/server/create-server.ts'
import { fakeSource } from '../../src/testing/index.ts'
import { createClock } from '../../src/util/clock.ts'
import { openStream } from '../server/http.ts'
import { type FakeVendor, startFakeVendor } from '../support/fake-vendor.ts'

const plan = {
  steps: [
    { name: 'find', component: 'geo', action: 'find', inputs: { city: 'Kobe' } },
    {
      name: 'book',
      component: 'desk',
      action: 'book',
      inputs: { at: '${steps.find.output.id}' },
      depends_on: ['find'],
    },
  ],
}
const text = { type: 'object', properties: { city: { type: 'string' }, at: {} }, additionalProperties: false }

describe('a request whose plan is written slowly', () => {
  let vendor: FakeVendor
  beforeAll(async () => {
    vendor = await startFakeVendor()
  })
  afterAll(() => vendor.close())

  /** The vendor holds back the second half of the plan until somebody has called `find`, if `waits`. */
  async function ask(waits: boolean, more: OrchestratorOptions = {}, request: object = {}) {
    const found = Promise.withResolvers<void>()
    let isWritten = false
    const begunWhen: Record<string, boolean> = {}
    const tool = (name: string, effect: 'read' | 'write', output: object) => ({
      description: name,
      effect,
      input: text,
      run: () => {
        begunWhen[name] = isWritten
        if (name === 'find') found.resolve()
        return output as never
      },
    })
    const sources = [
      fakeSource({ name: 'geo', capabilities: { find: tool('find', 'read', { id: 7 }) } }),
      fakeSource({ name: 'desk', capabilities: { book: tool('book', 'write', { done: true }) } }),
    ]
    // 16 characters a frame: the first step is whole, the second is not.
    const half = Math.ceil(JSON.stringify(plan).indexOf('"name":"book"') / 16) + 2
    vendor.script({
      plan: {
        json: plan,
        before(frame) {
          if (frame < half) return undefined
          if (frame > half) isWritten = true
          return waits ? found.promise : undefined
        },
      },
      synthesize: 'Booked.',
    })
    const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
    await using tutti = createOrchestrator({
      model: 'openai:gpt-test',
      openai: { apiKey: 'k', baseUrl: vendor.openaiUrl },
      sources,
      ...more,
    })
    const config = resolveConfig({ server: { port: 0 } })
    const server = await createServer({ orchestrator: tutti, config, log, clock: createClock() })
    const stream = await openStream(
      server.port,
      'POST',
      '/runs',
      { request: 'Find Kobe, then book a desk there', ...request },
      { accept: 'text/event-stream' },
    )
    const sent = await stream.until((all) => all.includes('event: run-end'))
    const metrics = tutti.metrics()
    await server.close()
    const events = [...sent.matchAll(/^data: (.*)$/gm)].map(
      ([, data]) => JSON.parse(data ?? '') as Record<string, never>,
    )
    return { events, begunWhen, metrics, types: events.map((event) => String(event['type'])) }
  }

  it('begins what reads before the plan is whole, and what writes after it', async () => {
    const { events, types, begunWhen, metrics } = await ask(true)
    expect(begunWhen).toEqual({ find: false, book: true })
    const begun = events.find(({ type, step }) => type === 'step-start' && step === 'find')
    expect(begun).toMatchObject({ early: true })
    expect(types.indexOf('step-start')).toBeLessThan(types.indexOf('plan-end'))
    const end = events.at(-1)?.['response'] as unknown as {
      status: string
      steps: { early?: true; status: string }[]
      timings: { first_step_ms: number; planning_ms: number }
    }
    expect(end).toMatchObject({ status: 'succeeded', steps: [{ name: 'find', early: true }, { name: 'book' }] })
    expect(end.timings.first_step_ms).toBeLessThanOrEqual(end.timings.planning_ms)
    expect(metrics.earlySteps).toEqual({ begun: 1, kept: 1, dropped: 0 })
    expect(metrics.firstStepSeconds.count).toBe(1)
    expect(metrics.planningSeconds.count).toBe(1)
  })

  it('waits for the whole plan when planner.early_start is off, or the run has a budget', async () => {
    for (const { types, begunWhen } of [
      await ask(false, { planner: { earlyStart: false } }),
      await ask(false, {}, { options: { budget: { model_calls: 9 } } }),
    ]) {
      expect(begunWhen).toEqual({ find: true, book: true })
      expect(types.indexOf('plan-end')).toBeLessThan(types.indexOf('step-start'))
    }
  })
})
