import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { runIdOf } from './http.ts'
import { startTestServer, type TestServer } from './support.ts'

let t: TestServer
beforeAll(async () => {
  t = await startTestServer()
})
afterAll(() => t[Symbol.asyncDispose]())

describe('explanations and locks over HTTP', () => {
  it('validates against a lock, and refuses one that is none', async () => {
    const lock = { lock_version: 1, plan: '0'.repeat(64), capabilities: {} }
    expect((await t.send('POST', '/plans/validate', { plan: { steps: [] }, lock })).json).toMatchObject({ valid: true })
    expect(t.orchestrator.validatedWith.at(-1)).toEqual({ lock })
    const bad = await t.send('POST', '/plans/validate', { plan: { steps: [] }, lock: { ...lock, plan: 'x' } })
    expect([bad.status, bad.json]).toMatchObject([400, { detail: expect.stringContaining('"plan" must be a SHA-256') }])
  })
  it('explains a run to those who may see it', async () => {
    const runId = runIdOf(await t.send('POST', '/runs', { request: 'x' }))
    const { status, json } = await t.send('GET', `/runs/${runId}/explanation`)
    expect([status, json]).toMatchObject([
      200,
      {
        critical_path: ['a'],
        unknown_times: ['a'],
        model_calls: { low: 0, high: 0 },
        side_effects: [],
        steps: [{ depends_on: [], is_critical: true, actual: { duration_ms: 12, waited_ms: 0 } }],
        mermaid: 'flowchart TD',
      },
    ])
    expect((await t.send('GET', '/runs/run_0/explanation')).status).toBe(404)
  })
})
