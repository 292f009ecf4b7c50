import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { badStep } from './fake-orchestrator.ts'
import { runIdOf } from './http.ts'
import { startTestServer, type TestServer } from './support.ts'

let t: TestServer
beforeAll(async () => {
  t = await startTestServer()
})
afterAll(() => t[Symbol.asyncDispose]())
const submit = async (body: unknown = { request: 'x' }): Promise<string> => runIdOf(await t.send('POST', '/runs', body))
const last = () => t.orchestrator.submitted.at(-1)

describe('POST /runs', () => {
  it('accepts a request with 202, the id and where to look', async () => {
    const r = await t.send('POST', '/runs', { request: 'Weather in Seoul' })
    expect(r.status).toBe(202)
    expect(r.json).toEqual({ run_id: expect.stringMatching(/^run_\d+$/) as string, status: 'running' })
    expect(r.headers.location).toBe(`/runs/${runIdOf(r)}`)
    expect(last()?.ask).toEqual({ request: 'Weather in Seoul' })
  })
  it('hands on a plan as a plan, a workflow as a workflow, with inputs, options and trace context', async () => {
    const options = { thread_id: 't1', timeout: '90s', max_concurrency: 3 }
    const headers = { traceparent: '00-a-b-01', 'x-tutti-depth': '2', 'x-other': 'no' }
    await t.send('POST', '/runs', { plan: { steps: [] }, inputs: { a: 1 }, options }, { headers })
    expect(last()?.ask).toEqual({ document: { steps: [] } })
    expect(last()?.options).toEqual({
      principal: 'local',
      documentKind: 'plan',
      inputs: { a: 1 },
      threadId: 't1',
      timeoutMs: 90_000,
      maxConcurrency: 3,
      headers: { traceparent: '00-a-b-01', 'x-tutti-depth': '2' },
    })
    await t.send('POST', '/runs', { workflow: 'name: w\nsteps: []\n' })
    expect(last()?.ask).toEqual({ document: 'name: w\nsteps: []\n' })
    expect(last()?.options.documentKind).toBe('workflow')
  })
  it('keeps integers beyond 2^53 exact', async () => {
    await t.send('POST', '/runs', undefined, { raw: '{"plan":{"steps":[]},"inputs":{"id":9007199254740993}}' })
    expect(last()?.options.inputs).toEqual({ id: 9007199254740993n })
  })
  it.each([
    ['?wait=true', {}],
    ['', { prefer: 'wait' }],
    ['', { prefer: 'respond-async, wait=100' }],
  ])('answers with the final response when asked to wait (%s %o)', async (query, headers) => {
    const before = t.orchestrator.submitted.length
    const pending = t.send('POST', `/runs${query}`, { request: 'x' }, { headers })
    await expect.poll(() => t.orchestrator.submitted.length).toBe(before + 1)
    t.orchestrator.end(`run_${before + 1}`, 'partial', { answer: 'half' })
    const r = await pending
    expect(r.status).toBe(200)
    expect(r.json).toMatchObject({ status: 'partial', answer: 'half', timings: { total_ms: 1000 } })
  })
  it('answers 202 when the run takes longer than the caller will wait', async () => {
    const before = t.orchestrator.submitted.length
    const pending = t.send('POST', '/runs', { request: 'x' }, { headers: { prefer: 'wait=5' } })
    await expect.poll(() => t.orchestrator.submitted.length).toBe(before + 1)
    await expect.poll(() => t.orchestrator.readers(`run_${before + 1}`)).toBe(1)
    await t.clock.advance(5_000)
    expect(await pending).toMatchObject({ status: 202, json: { status: 'running' } })
  })
  it('streams the events from the first one with Accept: text/event-stream', async () => {
    const before = t.orchestrator.submitted.length
    const stream = await t.open('POST', '/runs', { request: 'x' })
    t.orchestrator.end(`run_${before + 1}`)
    const text = await stream.ended
    expect(stream.headers['content-type']).toBe('text/event-stream; charset=utf-8')
    expect([...text.matchAll(/^event: (.+)$/gm)].map((m) => m[1])).toEqual(['run-start', 'run-end'])
  })

  it.each([
    ['nothing', {}, /exactly one of request, plan, workflow/],
    ['two things', { request: 'x', plan: {} }, /exactly one of/],
    ['a number for a request', { request: 5 }, /"request": must be text/],
    ['a blank request', { request: '  ' }, /must not be blank/],
    ['a list', [], /The body/],
    ['an unknown key', { request: 'x', reqest: 'y' }, /unknown key "reqest"\. Did you mean "request"\?/],
    [
      'an unknown option',
      { request: 'x', options: { tread_id: 'y' } },
      /"options.tread_id". Did you mean "thread_id"\?/,
    ],
    ['a bad duration', { request: 'x', options: { timeout: '-1' } }, /"options.timeout": must be a duration/],
    ['a document that is no document', { plan: 5 }, /"plan": must be a document/],
    ['inputs that are a list', { plan: {}, inputs: [] }, /"inputs"/],
  ])('refuses %s with 400', async (_what, body, message) => {
    const r = await t.send('POST', '/runs', body)
    expect(r.status).toBe(400)
    expect(r.headers['content-type']).toBe('application/problem+json')
    expect(r.json).toMatchObject({ status: 400, code: 'invalid_request', type: 'urn:tutti:error:invalid_request' })
    expect(r.json.detail).toMatch(message)
  })
  it('answers 422 with the issues for an invalid document', async () => {
    const r = await t.send('POST', '/runs', { plan: { steps: [{ component: 'weathr' }] } })
    expect(r.status).toBe(422)
    expect(r.json).toMatchObject({ code: 'invalid_document', issues: [{ ...badStep }] })
  })
  it('answers 400 for inputs that do not fit', async () => {
    const r = await t.send('POST', '/runs', { plan: {}, inputs: { bad: true } })
    expect([r.status, r.json.code]).toEqual([400, 'invalid_inputs'])
  })
  it('answers 429 with Retry-After when the queue is full', async () => {
    const r = await t.send('POST', '/runs', { request: 'full' })
    expect([r.status, r.headers['retry-after'], r.json.code]).toEqual([429, '4', 'too_many_requests'])
  })
  it('says that workflows have no names yet', async () => {
    const r = await t.send('POST', '/runs', { workflow: '../../etc/passwd' })
    expect([r.status, r.json.code]).toEqual([422, 'not_supported'])
  })
  it('tells nobody what went wrong inside, but the log does under the id of the request', async () => {
    const r = await t.send('POST', '/runs', { request: 'boom' }, { headers: { 'x-request-id': 'abc-1' } })
    expect(r.status).toBe(500)
    expect(r.text).not.toMatch(/secret inner state|\.ts/)
    expect(r.json.detail).toContain('"abc-1"')
    expect(t.logged.at(-1)).toMatchObject({ message: 'a request failed', facts: { requestId: 'abc-1' } })
  })
})

describe('Idempotency-Key', () => {
  const post = (key: string, body: unknown) => t.send('POST', '/runs', body, { headers: { 'idempotency-key': key } })

  it('gives the same run for the same key and body, also to two callers at once', async () => {
    const [a, b] = await Promise.all([post('k1', { request: 'x' }), post('k1', { request: 'x' })])
    const c = await post('k1', { request: 'x' })
    expect(a.status).toBe(202)
    expect(new Set([a.json.run_id, b.json.run_id, c.json.run_id]).size).toBe(1)
    expect((await post('k2', { request: 'x' })).json.run_id).not.toBe(a.json.run_id)
  })
  it('answers 409 for the same key with another body', async () => {
    await post('k3', { request: 'x' })
    const r = await post('k3', { request: 'y' })
    expect([r.status, r.json.code]).toEqual([409, 'conflict'])
  })
  it('leaves the key free after a refusal', async () => {
    expect((await post('k4', { plan: { steps: [{ component: 'weathr' }] } })).status).toBe(422)
    expect((await post('k4', { request: 'x' })).status).toBe(202)
  })
  it('answers 400 for a key that is too long', async () => {
    expect((await post('k'.repeat(256), { request: 'x' })).status).toBe(400)
  })
})

describe('a run', () => {
  it('is answered as it stands, in snake_case', async () => {
    const id = await submit()
    expect((await t.send('GET', `/runs/${id}`)).json).toMatchObject({
      run_id: id,
      status: 'running',
      usage: { model_calls: 0 },
    })
  })
  it('is 404 when there is none', async () => {
    for (const path of [
      '/runs/none',
      '/runs/none/events',
      '/runs/none/steps/a/output',
      '/runs/%00',
      '/runs/..%2f..%2fetc',
    ]) {
      const r = await t.send('GET', path)
      expect([r.status, r.json.code]).toEqual([404, 'unknown_run'])
    }
    expect((await t.send('POST', '/runs/none/cancel')).status).toBe(404)
  })
  it('gives the output of a step, whatever JSON it is', async () => {
    const id = await submit()
    const base = { attempts: [], dependsOn: [] }
    t.orchestrator.end(id, 'partial', {
      steps: [
        { ...base, name: 'a', status: 'succeeded', output: 9007199254740993n },
        { ...base, name: 'b', status: 'failed' },
      ],
    })
    expect((await t.send('GET', `/runs/${id}/steps/a/output`)).text).toBe('9007199254740993')
    expect(await t.send('GET', `/runs/${id}/steps/b/output`)).toMatchObject({ status: 409 })
    expect((await t.send('GET', `/runs/${id}/steps/c/output`)).json).toMatchObject({ status: 404, code: 'not_found' })
  })
  it('is cancelled once; an ended one is 409', async () => {
    const id = await submit()
    expect(await t.send('POST', `/runs/${id}/cancel`)).toMatchObject({ status: 202, json: { run_id: id } })
    expect(t.orchestrator.cancelled).toEqual([id])
    t.orchestrator.end(id, 'cancelled')
    const r = await t.send('POST', `/runs/${id}/cancel`)
    expect([r.status, r.json.code]).toEqual([409, 'conflict'])
  })
})

describe('GET /runs', () => {
  it('lists with limit, status and cursor', async () => {
    const id = await submit()
    t.orchestrator.end(id, 'failed')
    const r = await t.send('GET', '/runs?status=failed&limit=1&cursor=abc')
    expect(r.json).toMatchObject({ items: [{ status: 'failed', principal: 'local' }], next_cursor: 'more' })
  })
  it.each(['limit=0', 'limit=-1', 'limit=abc', 'limit=101', 'status=done', 'cursor=%00', 'offset=1', 'stauts=failed'])(
    'refuses ?%s',
    async (query) => {
      expect((await t.send('GET', `/runs?${query}`)).json).toMatchObject({ status: 400, code: 'invalid_request' })
    },
  )
})

describe('GET /runs/{id}/events', () => {
  it('writes id, event and data in snake_case, the past first, and ends after run-end', async () => {
    const id = await submit()
    const stream = await t.open('GET', `/runs/${id}/events`)
    await stream.until((text) => text.includes('run-start'))
    t.orchestrator.play(id, {
      type: 'step-end',
      step: 'a',
      status: 'succeeded',
      output: { someKey: 'ü' },
      durationMs: 5,
    })
    t.orchestrator.end(id)
    const blocks = (await stream.ended).split('\n\n').filter((block) => block !== '')
    expect(blocks[1]).toBe(
      `id: 2\nevent: step-end\ndata: {"type":"step-end","step":"a","status":"succeeded","output":{"someKey":"ü"},"duration_ms":5,"run_id":"${id}","seq":2,"at":"2026-01-01T00:00:00.000Z"}`,
    )
    expect(blocks.length).toBe(3)
    expect(blocks[2]).toContain('"response":{"run_id"')
  })
  it('goes on after Last-Event-ID', async () => {
    const id = await submit()
    t.orchestrator.play(id, { type: 'answer-delta', delta: 'x' })
    t.orchestrator.end(id)
    const text = await (await t.open('GET', `/runs/${id}/events`, undefined, { 'last-event-id': '1' })).ended
    expect([...text.matchAll(/^id: (\d+)$/gm)].map((m) => m[1])).toEqual(['2', '3'])
  })
  it('refuses a Last-Event-ID that is none', async () => {
    const id = await submit()
    expect((await t.send('GET', `/runs/${id}/events`, undefined, { headers: { 'last-event-id': '-5' } })).status).toBe(
      400,
    )
  })
  it('sends a comment every 15 s so that proxies keep the line', async () => {
    const id = await submit()
    const stream = await t.open('GET', `/runs/${id}/events`)
    await stream.until((text) => text.includes('run-start'))
    await t.clock.advance(30_000)
    const text = await stream.until((all) => all.split(': still here\n\n').length === 3)
    expect(text).toContain(': still here')
    t.orchestrator.end(id)
    await stream.ended
  })
  it('stops reading when the client goes, and the run goes on', async () => {
    const id = await submit()
    const stream = await t.open('GET', `/runs/${id}/events`)
    await stream.until((text) => text.includes('run-start'))
    expect(t.orchestrator.readers(id)).toBe(1)
    stream.leave()
    await expect.poll(() => t.orchestrator.readers(id)).toBe(0)
    expect(t.orchestrator.cancelled).not.toContain(id)
    expect((await t.send('GET', `/runs/${id}`)).json.status).toBe('running')
  })
})
