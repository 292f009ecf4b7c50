import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tool } from '../../src/connectors/local/tool.ts'
import { createOrchestrator } from '../../src/create-orchestrator.ts'
import {
  CUT,
  chat,
  type Frame,
  HANG,
  type RawReply,
  type RawServer,
  splitBytes,
  startRawServer,
} from '../support/raw-sse-server.ts'
import { honest, watchProcess } from './support.ts'

watchProcess()

const paid: unknown[] = []
const pay = tool({
  name: 'pay',
  description: 'Pays.',
  input: { type: 'object', properties: { to: { type: 'string' } } },
  effect: 'write',
  execute: (input) => paid.push(input),
})
const PLAN = { steps: [{ name: 'a', component: 'honest', inputs: {} }] }
const good = JSON.stringify(PLAN)
const say = (value: unknown): RawReply => ({
  frames: chat.whole(typeof value === 'string' ? value : JSON.stringify(value)),
})
const forever = (frame: Frame): RawReply => ({
  frames: {
    *[Symbol.iterator]() {
      for (;;) yield frame
    },
  },
})
const deep = '['.repeat(3_000) + ']'.repeat(3_000)

let vendor: RawServer
beforeAll(async () => {
  vendor = await startRawServer()
})
afterAll(() => vendor.close())

async function ask(replies: readonly RawReply[], model: { idleTimeoutMs?: number; timeoutMs?: number } = {}) {
  vendor.reply(...replies)
  const orchestrator = createOrchestrator({
    model: { default: 'openai:m', maxAttempts: 1, idleTimeoutMs: 5_000, timeoutMs: 10_000, ...model },
    openai: { apiKey: 'sk-secret-of-tests', baseUrl: vendor.url },
    tools: [honest, pay],
    planner: { cacheEnabled: false },
  })
  const response = await orchestrator.processRequest('Tell the truth')
  await orchestrator.close()
  return response
}

describe('a model that', () => {
  it.each<readonly [string, readonly RawReply[], string]>([
    ['sends frames that are no JSON', [{ frames: ['data: {not json\n\n', 'data: [DONE]\n\n'] }], 'broke off'],
    [
      'answers HTML with status 200',
      [{ status: 200, body: '<html>', headers: { 'content-type': 'text/html' } }],
      'broke off',
    ],
    ['speaks without end', [forever(chat.text('word '.repeat(20_000)))], 'more than 4000000 characters'],
    ['sends white space without end', [forever(chat.text(' '.repeat(100_000)))], 'more than 4000000 characters'],
    [
      'says 50 MB at once',
      [say({ steps: [{ name: 'a', component: 'honest', inputs: { x: 'x'.repeat(50_000_000) } }] })],
      'more than 4000000 characters',
    ],
    ['is cut within the plan', [{ frames: [chat.text(good.slice(0, 20)), CUT] }], 'broke off'],
  ])('%s counts as away: the answer says so, and nothing is called on half a plan', async (_, replies, told) => {
    const { status, degraded, answer } = await ask(replies)
    expect(['partial', 'succeeded']).toContain(status)
    expect(degraded?.reason).toContain(told)
    expect(answer).not.toBe('')
  })
  it.each<readonly [string, readonly RawReply[]]>([
    ['hangs within the plan', [{ frames: [chat.text(good.slice(0, 20)), HANG] }]],
    ['sends nothing but comments', [forever(': ping\n\n')]],
  ])('%s is left at its deadline', async (_, replies) => {
    expect((await ask(replies, { idleTimeoutMs: 100 })).degraded?.reason).toContain('within 100 ms')
  })
  it('nests its plan 3,000 deep is asked again and then told what was wrong', async () => {
    const response = await ask([say(good.replace('{}', `{"x":${deep}}`))])
    expect([response.status, response.errors?.[0]?.code]).toEqual(['failed', 'invalid_plan'])
    expect(response.errors?.[0]?.message.length).toBeLessThan(1_000)
  })
  it('plans 30,000 steps is refused by the limit', async () => {
    const steps = Array.from({ length: 30_000 }, (_, i) => ({ name: `s${i}`, component: 'honest' }))
    const response = await ask([say({ steps })])
    expect([response.status, response.errors?.[0]?.code]).toEqual(['failed', 'invalid_plan'])
    expect(response.errors?.[0]?.message).toContain('at most 20000')
  })
  it('splits its characters over the pieces is understood', async () => {
    const text = JSON.stringify({ steps: [{ name: 'a', component: 'honest', inputs: { city: '서울 🌧️' } }] })
    const { plan } = await ask([{ frames: splitBytes(chat.whole(text).join(''), 3) }, say('Yes.')])
    expect(plan?.steps[0]?.inputs).toEqual({ city: '서울 🌧️' })
  })
  it('names steps and inputs like prototypes changes no object', async () => {
    const hostile =
      '{"steps":[{"name":"constructor","component":"honest","inputs":{"constructor":{"prototype":{"polluted":1}}}},{"name":"toString","component":"honest","inputs":{"x":"${steps.constructor.output.truth}","y":"${steps.constructor.output.constructor.name}"}}],"__proto__":{"polluted":1}}'
    const { steps } = await ask([say(hostile), say(good), say('Yes.')])
    expect(steps.every(({ status }) => status === 'succeeded')).toBe(true)
    expect(Object.hasOwn(Object.prototype, 'polluted')).toBe(false)
    expect(JSON.stringify(steps.map(({ inputs }) => inputs))).not.toContain('"Object"')
  })
  it('was talked into more than it may (repeatable payments, secrets) is refused before anything is called', async () => {
    const widened = {
      steps: [{ name: 'p', component: 'pay', idempotent: true, inputs: { to: '${secrets.OPENAI_API_KEY}' } }],
    }
    const { steps } = await ask([say(widened), say(good), say('Yes.')])
    expect(steps.map(({ name }) => name)).toEqual(['a'])
    expect(paid).toEqual([])
  })
  it.each<readonly [string, Frame]>([
    ['is cut within the answer', CUT],
    ['hangs within the answer', HANG],
  ])('%s leaves what it said, and the results stand', async (_, end) => {
    const { status, answer, degraded, steps } = await ask([say(PLAN), { frames: [chat.text('The truth is'), end] }], {
      idleTimeoutMs: 200,
    })
    expect([status, steps[0]?.output]).toEqual(['succeeded', { truth: 42 }])
    expect(answer).toContain('The truth is')
    expect(degraded?.way).toBe('partial-answer')
  })
})
