import { createHmac } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { TuttiError } from '../../src/contracts/errors.ts'
import type { RunFact } from '../../src/contracts/events.ts'
import type { Notice, NotifyTarget } from '../../src/contracts/policy.ts'
import type { PostNotice } from '../../src/telemetry/notice-delivery.ts'
import { createNotices, type NoticeParts } from '../../src/telemetry/notices.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { responseOf, stamp, start, stepFacts } from './events.ts'

const error = {
  code: 'component_failed',
  message: 'The city "Atlantis" of alice@example.com is unknown',
  details: { status: 503, body: 'secret output' },
} as const
const escalation: RunFact = {
  type: 'escalation',
  step: 'convert',
  component: 'Rates',
  error,
  failures: 3,
  notify: ['on-call'],
}
const facts: Readonly<Record<string, RunFact>> = {
  escalation,
  recovered: { type: 'recovered', step: 'convert', component: 'rates', way: 'retry' },
  'recovery-failed': { type: 'recovery-failed', step: 'convert', component: 'rates', error, tried: ['retry'] },
  budget: { type: 'budget-exceeded', kind: 'modelCalls', limit: 3, used: 3 },
  'run-failed': {
    type: 'run-end',
    response: responseOf('failed', { answer: 'private', errors: [{ ...error, step: 'convert' }] }),
  },
}

/** Notices over a target that answers as the test says; every request is kept. */
function setUp(
  targets: Readonly<Record<string, Partial<NotifyTarget>>> = { hook: {} },
  answer: (n: number) => ReturnType<PostNotice> = () => Promise.resolve({ status: 200 }),
  more: Partial<NoticeParts> = {},
) {
  const clock = createManualClock()
  const requests: (Parameters<PostNotice>[0] & { readonly at: number })[] = []
  const logged: { message: string; facts: unknown }[] = []
  const note = (message: string, about?: unknown): void => void logged.push({ message, facts: about })
  const notices = createNotices({
    targets: Object.fromEntries(
      Object.entries(targets).map(([name, target]) => [
        name,
        { url: `http://${name}.test/in?token=hidden`, ...target },
      ]),
    ),
    settings: { timeoutMs: 5_000, maxAttempts: 3, maxQueued: 10 },
    post(request) {
      requests.push({ ...request, at: clock.now() })
      return answer(requests.length)
    },
    clock,
    log: { debug: note, info: note, warn: note, error: note },
    random: () => 1,
    ...more,
  })
  const observe = (...of: RunFact[]): void => stamp(of).forEach((event) => notices.observe(event))
  const bodies = (): Record<string, unknown>[] => requests.map(({ body }) => JSON.parse(body))
  return { clock, notices, observe, requests, bodies, logged }
}

describe('notices', () => {
  it('are made of events that people should know of, and of no others', async () => {
    const heard: Notice[] = []
    const { notices, observe } = setUp({}, undefined, { listener: (notice) => heard.push(notice) })
    observe(start, ...stepFacts('a'), ...Object.values(facts), { type: 'run-end', response: responseOf('partial') })
    expect(heard.map(({ kind }) => kind)).toEqual(Object.keys(facts))
    expect(heard[0]).toMatchObject({ runId: 'run_1', step: 'convert', component: 'Rates' })
    expect(new Set(heard.map(({ id }) => id)).size).toBe(5)
    await notices.close()
  })

  it('say what happened in words of ours: no inputs, no outputs, nothing that a component said', async () => {
    const { clock, observe, requests, logged } = setUp({
      hook: { on: ['escalation', 'recovery-failed', 'run-failed'] },
    })
    observe(...Object.values(facts))
    await clock.advance(0)
    expect(requests).toHaveLength(3)
    const said = JSON.stringify([requests.map(({ body, headers }) => [body, headers]), logged])
    for (const secret of ['Atlantis', 'alice', 'secret output', 'private', 'hidden']) expect(said).not.toContain(secret)
    expect(JSON.parse(requests[0]?.body ?? '')).toMatchObject({
      kind: 'escalation',
      run_id: 'run_1',
      at: '2026-01-01T00:00:00.000Z',
      message: '"Rates" has failed 3 steps in a row: the component failed.',
      details: { code: 'component_failed', status: 503, failures: 3 },
    })
  })

  it('go to the targets that listen to their kind and their component, and to those that are named', async () => {
    const { clock, observe, bodies, requests } = setUp({
      usual: {},
      rates: { on: ['recovered', 'escalation'], components: ['RATES'] },
      weather: { components: ['weather'] },
      'on-call': { on: ['budget'], components: ['other'] },
    })
    observe(...Object.values(facts))
    await clock.advance(0)
    const told = requests.map(({ url }, i) => `${new URL(url).hostname.split('.')[0]} ${String(bodies()[i]?.['kind'])}`)
    expect(told.sort()).toEqual([
      'on-call escalation',
      'rates escalation',
      'rates recovered',
      'usual escalation',
      'usual recovery-failed',
    ])
  })

  it('tell that a breaker opened, and that it is closed again, not what lies between', async () => {
    const { clock, notices, bodies } = setUp()
    const report = { component: 'rates', instance: 'rates-1' }
    notices.observeBreaker({ ...report, state: 'closed', share: 1 })
    notices.observeBreaker({ ...report, state: 'open', share: 0, openedAt: '2026-01-01T00:00:00.000Z' })
    notices.observeBreaker({ ...report, state: 'half-open', share: 0 })
    notices.observeBreaker({ ...report, state: 'open', share: 0 })
    notices.observeBreaker({ ...report, state: 'closed', share: 0.5 })
    notices.observeBreaker({ ...report, state: 'closed', share: 1 })
    await clock.advance(0)
    expect(bodies().map(({ details }) => details)).toEqual([
      { instance: 'rates-1', state: 'open', share: 0, opened_at: '2026-01-01T00:00:00.000Z' },
      { instance: 'rates-1', state: 'closed', share: 1 },
    ])
  })

  it('leave it to the process that saw a breaker fail to tell of it', async () => {
    const { clock, notices, bodies } = setUp()
    const report = { component: 'rates', instance: 'rates-1' } as const
    notices.observeBreaker({ ...report, state: 'open', share: 0, heard: true })
    notices.observeBreaker({ ...report, state: 'closed', share: 1, heard: true })
    await clock.advance(0)
    expect(bodies()).toEqual([])
    // Opened here, then once more elsewhere while it was about to be tried: its end is still ours to tell.
    notices.observeBreaker({ ...report, state: 'open', share: 0 })
    notices.observeBreaker({ ...report, state: 'open', share: 0, heard: true })
    notices.observeBreaker({ ...report, state: 'closed', share: 1, heard: true })
    await clock.advance(0)
    expect(bodies()).toMatchObject([{ details: { state: 'open' } }, { details: { state: 'closed' } }])
  })

  it('are not stopped by a listener that throws, at once or later', async () => {
    const { clock, observe, requests, logged } = setUp(undefined, undefined, {
      // As a function without a result may be written, too.
      listener: (): unknown => Promise.reject(new Error('later')),
    })
    observe(escalation)
    const sync = setUp(undefined, undefined, {
      listener: () => {
        throw new Error('at once')
      },
    })
    sync.observe(escalation)
    await clock.advance(0)
    await sync.clock.advance(0)
    expect([requests.length, sync.requests.length]).toEqual([1, 1])
    expect([...logged, ...sync.logged].map(({ facts: about }) => about)).toEqual([
      { error: 'later' },
      { error: 'at once' },
    ])
  })

  it('refuse a target whose URL cannot be used, without showing it', () => {
    for (const url of ['nonsense-SECRET', 'ftp://host/SECRET', 'http://user:SECRET@host/'])
      expect(() => setUp({ hook: { url } })).toThrow(
        expect.objectContaining({ code: 'invalid_config', message: expect.not.stringContaining('SECRET') }),
      )
  })
})

describe('the delivery of a notice', () => {
  it('is signed: HMAC-SHA256 of the time and the body with the secret of the target', async () => {
    const { clock, observe, requests } = setUp({ hook: { secret: 'correct horse' } })
    observe(escalation)
    await clock.advance(0)
    const [{ headers, body } = { headers: {}, body: '' }] = requests
    const t = Date.UTC(2026, 0, 1) / 1000
    const v1 = createHmac('sha256', 'correct horse').update(`${t}.${body}`).digest('hex')
    expect(headers).toEqual({
      'content-type': 'application/json',
      'x-tutti-notice-id': JSON.parse(body).id,
      'x-tutti-signature': `t=${t},v1=${v1}`,
    })
  })

  it('is repeated after 429, 5xx and lost answers, under the same id, no sooner than the target asks', async () => {
    const answers: (() => ReturnType<PostNotice>)[] = [
      () => Promise.resolve({ status: 429, retryAfter: '7' }),
      () => Promise.reject(new TuttiError('component_unavailable', 'gone')),
      () => Promise.resolve({ status: 204 }),
    ]
    const { clock, notices, observe, requests } = setUp(undefined, (n) =>
      (answers[n - 1] ?? (() => Promise.reject()))(),
    )
    observe(escalation)
    await clock.advance(60_000)
    const begun = requests[0]?.at ?? 0
    expect(requests.map(({ at }) => at - begun)).toEqual([0, 7_000, 8_000])
    expect(new Set(requests.map(({ headers }) => headers['x-tutti-notice-id'])).size).toBe(1)
    expect(notices.snapshot()).toEqual({ sent: 1, failed: 0, dropped: 0 })
  })

  it('is given up at once when the target refuses it, and after so many attempts otherwise', async () => {
    const refused = setUp(undefined, () => Promise.resolve({ status: 410 }))
    const broken = setUp(undefined, () => Promise.resolve({ status: 500 }))
    const thrown = setUp(undefined, () => {
      throw new Error('a bug')
    })
    for (const { observe, clock } of [refused, broken, thrown]) {
      observe(escalation)
      await clock.advance(60_000)
    }
    expect([refused, broken, thrown].map(({ requests }) => requests.length)).toEqual([1, 3, 1])
    expect([refused, broken, thrown].map(({ notices }) => notices.snapshot().failed)).toEqual([1, 1, 1])
    expect(broken.logged).toEqual([
      {
        message: 'a notice was not taken',
        facts: expect.objectContaining({ target: 'hook', kind: 'escalation', attempts: 3, why: 'status 500' }),
      },
    ])
  })

  it('ends after its timeout at a target that hangs, also when the request cannot be stopped', async () => {
    const { clock, notices, observe, requests } = setUp(undefined, () => new Promise(() => undefined))
    observe(escalation)
    await clock.advance(5_000)
    expect(requests[0]?.signal.aborted).toBe(true)
    await clock.advance(30_000)
    expect(requests.map(({ at }) => at - (requests[0]?.at ?? 0))).toEqual([0, 5_500, 11_500])
    expect(notices.snapshot().failed).toBe(1)
  })

  it('keeps two under way and so many waiting; the oldest are dropped and counted', async () => {
    const { notices, observe, requests, logged } = setUp(undefined, () => new Promise(() => undefined))
    for (let i = 0; i < 100; i++) observe(escalation)
    expect(requests).toHaveLength(2)
    expect(notices.snapshot()).toEqual({ sent: 0, failed: 0, dropped: 88 })
    expect(logged.map(({ facts: about }) => about)).toEqual([
      { target: 'hook', dropped: 1 },
      { target: 'hook', dropped: 10 },
    ])
  })

  it('gets two seconds when everything is closed; what is left then is dropped, and logged', async () => {
    const { clock, notices, observe, requests, logged } = setUp(undefined, () => new Promise(() => undefined))
    for (let i = 0; i < 4; i++) observe(escalation)
    let isClosed = false
    const closing = notices.close().then(() => (isClosed = true))
    observe(escalation)
    await clock.advance(1_999)
    expect(isClosed).toBe(false)
    await clock.advance(1)
    await closing
    expect(requests).toHaveLength(2)
    expect(notices.snapshot()).toEqual({ sent: 0, failed: 0, dropped: 4 })
    expect(logged.at(-1)).toEqual({
      message: 'notices were dropped when everything was closed',
      facts: { target: 'hook', dropped: 4 },
    })
  })

  it('is not cut short by closing while targets answer', async () => {
    const { notices, observe } = setUp(
      undefined,
      () => new Promise((resolve) => setImmediate(() => resolve({ status: 200 }))),
    )
    for (let i = 0; i < 8; i++) observe(escalation)
    await notices.close()
    expect(notices.snapshot()).toEqual({ sent: 8, failed: 0, dropped: 0 })
  })
})
