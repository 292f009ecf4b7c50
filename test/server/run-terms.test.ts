// How a run stands among others and what it may use up, as callers over HTTP say it and read it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createOrchestrator } from '../../src/index.ts'
import { fakeSource } from '../../src/testing/index.ts'
import { startTestServer, type TestServer } from './support.ts'

let t: TestServer
beforeAll(async () => {
  t = await startTestServer()
})
afterAll(() => t[Symbol.asyncDispose]())
const last = () => t.orchestrator.submitted.at(-1)

describe('the terms of a run over HTTP', () => {
  it('are its priority, key, due time and budget; the key always stands below the caller', async () => {
    const budget = { model_calls: 5, tokens: 10_000, cost: 0.5, wall_time: '2m', component_calls: 20 }
    const options = { priority: 'high', key: 'team/alice', due_in: '5m', budget, max_concurrency: 2, max_replans: 3 }
    await t.send('POST', '/runs', { request: 'x', options })
    expect(last()?.options).toMatchObject({
      priority: 'high',
      key: 'local/team/alice',
      dueInMs: 300_000,
      budget: { modelCalls: 5, tokens: 10_000, cost: 0.5, wallTimeMs: 120_000, componentCalls: 20 },
      maxConcurrency: 2,
      maxReplans: 3,
    })
  })
  it.each([
    { priority: 'urgent' },
    { key: 'a//b' },
    { key: '/a' },
    { key: '' },
    { due_in: 'soon' },
    { due_in: 5 },
    { budget: { model_calls: 0 } },
    { budget: { model_calls: 1.5 } },
    { budget: { cost: -1 } },
    { budget: { wall_time: '0s' } },
    { budget: { wall_time: 1000 } },
    { budget: { dollars: 3 } },
    { budget: 5 },
    { max_replans: 6 },
    { max_replans: -1 },
  ])('are refused when they make no sense: %j', async (options) => {
    const before = t.orchestrator.submitted.length
    const { status, json } = await t.send('POST', '/runs', { request: 'x', options })
    expect([status, json.code]).toEqual([400, 'invalid_request'])
    expect(t.orchestrator.submitted.length).toBe(before)
  })
  it.each([
    [{ timeout: 30 }, '"options.timeout": must be a duration such as 30s or 5m.'],
    [{ budget: { tokens: 0 } }, '"options.budget.tokens": must be at least 1.'],
    [{ priority: 'urgent' }, '"options.priority": must be one of critical, high, normal, low.'],
    [{ max_concurrency: 1.5 }, '"options.max_concurrency": must be a whole number.'],
    [{ dedline: '5m' }, 'unknown key "options.dedline".'],
    [{ prioritty: 'high' }, 'unknown key "options.prioritty". Did you mean "priority"?'],
  ])('are refused with what they must be: %j', async (options, words) => {
    const { json } = await t.send('POST', '/runs', { request: 'x', options })
    expect(json.detail).toBe(`The body: ${words}`)
  })
  it('are described by openapi.json', async () => {
    const { text } = await t.send('GET', '/openapi.json')
    for (const name of [
      '"due_in"',
      '"budget"',
      '"model_calls"',
      '"wall_time"',
      '"priority"',
      '"stop_reason"',
      '"exceeded"',
    ])
      expect(text).toContain(name)
  })
  it('come back with the run: why it ended early, what it was allowed, what it used', async () => {
    const look = { effect: 'read' as const, run: () => ({ seen: true }) }
    await using tutti = createOrchestrator({ sources: [fakeSource({ name: 'world', capabilities: { look } })] })
    const step = (name: string, more: object = {}) => ({ name, component: 'world', action: 'look', ...more })
    const server = await startTestServer({}, { runs: tutti.runs })
    await using _ = server
    const { json } = await server.send('POST', '/runs?wait=true', {
      plan: { steps: [step('a'), step('b', { depends_on: ['a'] })] },
      options: { budget: { component_calls: 1, wall_time: '1m' } },
    })
    expect(json).toMatchObject({
      status: 'partial',
      stop_reason: 'budget',
      budget: {
        limits: { component_calls: 1, wall_time_ms: 60_000 },
        used: { component_calls: 1 },
        exceeded: 'component_calls',
      },
      errors: [{ code: 'budget_exceeded' }],
    })
  })
})
