import { TaskState } from '@a2a-js/sdk'
import { describe, expect, it } from 'vitest'
import type { Component } from '../../src/contracts/capability.ts'
import { dataPart, textPart } from '../support/a2a-agent.ts'
import { call, codeOf, outcomeOf, plan, signal, start } from './a2a-setup.ts'

describe('an A2A agent as a source', () => {
  it('makes each skill of the card a capability of one component', async () => {
    const { source } = await start({ execute: plan })
    const [component] = (await source.discovery.load(signal)) as [Component]
    expect(component).toMatchObject({ name: 'travel', kind: 'agent', version: '2.1', description: 'Plans journeys' })
    expect(component.capabilities).toMatchObject([
      {
        name: 'plan-trip',
        description: 'Plan a trip: Finds trains and a hotel Asked like: "A weekend in Busan".',
        effect: 'unknown',
        tags: ['travel'],
        inputSchema: { required: ['message'] },
      },
    ])
  })

  it.each([
    ['as it streams', true],
    ['by looking after the task, without streaming', false],
  ])('gives text, data and files of a completed task, %s', async (_how, streaming) => {
    const { agent, source } = await start({ execute: plan, streaming })
    const result = await outcomeOf(call(source, { message: 'Busan, please', data: { nights: 2 } }))
    expect(result.output).toEqual({ text: 'KTX at nine.\nHotel by the sea.', data: { train: 'KTX 21', seats: 2 } })
    const [sent] = agent.calls
    expect(sent?.method).toBe(streaming ? 'SendStreamingMessage' : 'SendMessage')
    expect(sent?.params).toMatchObject({
      message: {
        messageId: 'run-1:plan:1',
        metadata: { skillId: 'plan-trip' },
        parts: [{ text: 'Busan, please' }, { data: { nights: 2 } }],
      },
    })
    expect(sent?.headers).toMatchObject({ 'idempotency-key': 'run-1:plan:1', 'a2a-version': '1.0' })
  })

  it('takes a message without a task as the answer', async () => {
    const { source } = await start({
      execute: (turn) => turn.reply([textPart(`heard: ${turn.text}`)]),
      streaming: true,
    })
    expect((await outcomeOf(call(source, { message: 'hello' }))).output).toEqual({ text: 'heard: hello' })
  })

  it('keeps the digits of large integers on both ways (B26)', async () => {
    const big = 9_007_199_254_740_993n
    const { agent, source } = await start({
      execute: (turn) => turn.reply([dataPart({ id: 'see below' })]),
      intercept: (_request, response, sent) => {
        if (sent === undefined) return false
        const message = `{"messageId":"m","role":"ROLE_AGENT","parts":[{"data":{"id":${big}}}]}`
        response
          .writeHead(200, { 'content-type': 'application/json' })
          .end(`{"jsonrpc":"2.0","id":1,"result":{"message":${message}}}`)
        return true
      },
    })
    expect((await outcomeOf(call(source, { message: 'id?', data: { id: big } }))).output).toEqual({
      text: '',
      data: { id: big },
    })
    expect(agent.calls).toHaveLength(1)
  })

  it('keeps the conversation of a run, and begins another with another run', async () => {
    const contexts: string[] = []
    const { source } = await start({
      execute: (turn) => {
        contexts.push(turn.context.contextId)
        turn.reply([textPart('ok')])
      },
    })
    await call(source, { message: 'one' })
    await call(source, { message: 'two' }, { idempotencyKey: 'run-1:other:1' })
    await call(source, { message: 'three' }, { runId: 'run-2' })
    expect(contexts[1]).toBe(contexts[0])
    expect(contexts[2]).not.toBe(contexts[0])
  })

  it('tells every update as progress of the call', async () => {
    let heard = 0
    const { source } = await start({ execute: plan, streaming: true })
    await call(source, { message: 'Busan' }, { progress: () => heard++ })
    expect(heard).toBeGreaterThanOrEqual(5)
  })

  it.each([
    ['failed', TaskState.TASK_STATE_FAILED, 'no trains today', 'component_failed', 'no trains today'],
    ['rejected', TaskState.TASK_STATE_REJECTED, 'only Korea', 'component_rejected', 'only Korea'],
    ['canceled', TaskState.TASK_STATE_CANCELED, undefined, 'component_failed', 'The agent cancelled the task.'],
    ['input-required', TaskState.TASK_STATE_INPUT_REQUIRED, 'Which day?', 'component_rejected', 'Which day?'],
    ['auth-required', TaskState.TASK_STATE_AUTH_REQUIRED, 'Log in first', 'component_unauthorized', 'Log in first'],
  ] as const)('makes a task that is %s a failure with its words', async (_name, state, text, code, shown) => {
    for (const streaming of [true, false]) {
      const { source } = await start({
        streaming,
        execute: (turn) => {
          turn.begin()
          turn.end(state, text)
        },
      })
      const error = await codeOf(() => outcomeOf(call(source, { message: 'go' })))
      expect([error.code, error.message]).toEqual([code, expect.stringContaining(shown)])
    }
  })

  it('cancels the task of the agent when the call is aborted', async () => {
    let cancelled = (_id: string): void => undefined
    const wasCancelled = new Promise<string>((resolve) => {
      cancelled = resolve
    })
    const controller = new AbortController()
    const { source } = await start({
      streaming: true,
      onCancel: (id) => cancelled(id),
      execute: async (turn) => {
        turn.begin()
        turn.working('thinking for ever')
        await wasCancelled
      },
    })
    const error = await codeOf(() =>
      call(source, { message: 'go' }, { signal: controller.signal, progress: () => controller.abort() }),
    )
    expect(error.code).toBe('cancelled')
    expect(await wasCancelled).not.toBe('')
  })

  it('asks after a task whose stream broke off', async () => {
    let finish = (): void => undefined
    const isBroken = new Promise<void>((resolve) => {
      finish = resolve
    })
    const { agent, source } = await start({
      streaming: true,
      execute: async (turn) => {
        turn.begin()
        await isBroken
        turn.artifact('a', [textPart('done all the same')])
        turn.end(TaskState.TASK_STATE_COMPLETED)
      },
      intercept: (_request, response, sent) => {
        if (sent?.method === 'SendStreamingMessage') {
          const write = response.write.bind(response)
          response.write = (chunk: string) => {
            const isWritten = write(chunk)
            setImmediate(() => {
              response.destroy()
              finish()
            })
            return isWritten
          }
        }
        return false
      },
    })
    expect((await outcomeOf(call(source, { message: 'go' }))).output).toEqual({ text: 'done all the same' })
    expect(agent.calls.map(({ method }) => method)).toContain('GetTask')
  })
})

describe('other ways to speak A2A', () => {
  it('speaks protocol 0.3 with an agent whose card says so', async () => {
    const { agent, source } = await start({
      execute: plan,
      card: (url) => ({
        url: `${url}/old`,
        protocolVersion: '0.3.0',
        preferredTransport: 'JSONRPC',
        supportedInterfaces: undefined,
        securityRequirements: undefined,
        skills: [{ id: 'plan-trip', name: 'Plan', description: 'Plans', tags: [] }],
      }),
      intercept: (_request, response, sent) => {
        if (sent === undefined) return false
        const message = { kind: 'message', messageId: 'm', role: 'agent', parts: [{ kind: 'text', text: 'as of old' }] }
        response.writeHead(200, { 'content-type': 'application/json' })
        response.end(JSON.stringify({ jsonrpc: '2.0', id: 1, result: message }))
        return true
      },
    })
    expect((await outcomeOf(call(source, { message: 'hello' }))).output).toEqual({ text: 'as of old' })
    expect(agent.calls[0]).toMatchObject({ method: 'message/send', params: { message: { messageId: 'run-1:plan:1' } } })
  })

  it('speaks HTTP+JSON where the card names it, and reads its errors', async () => {
    let isBroken = false
    const { source } = await start({
      execute: plan,
      card: (url) => ({
        supportedInterfaces: [{ url: `${url}/rest`, protocolBinding: 'HTTP+JSON', tenant: '', protocolVersion: '1.0' }],
      }),
      intercept: (request, response, sent) => {
        if (sent === undefined) return false
        const message = { messageId: 'm', role: 'ROLE_AGENT', parts: [{ text: `at ${request.url}` }] }
        const error = { code: 400, status: 'INVALID_ARGUMENT', message: 'no such day', details: [] }
        response.writeHead(isBroken ? 400 : 200, { 'content-type': 'application/json' })
        response.end(JSON.stringify(isBroken ? { error } : { message }))
        return true
      },
    })
    expect((await outcomeOf(call(source, { message: 'hello' }))).output).toEqual({ text: 'at /rest/message:send' })
    isBroken = true
    const error = await codeOf(() => call(source, { message: 'hello' }))
    expect([error.code, error.message]).toEqual(['component_rejected', expect.stringContaining('no such day')])
  })
})
