import { describe, expect, expectTypeOf, it } from 'vitest'
import { z } from 'zod'
import { z as z3 } from 'zod/v3'
import { createLocalSource } from '../../src/connectors/local/local-source.ts'
import { type LocalTool, tool } from '../../src/connectors/local/tool.ts'
import { TuttiError } from '../../src/contracts/errors.ts'
import type { JsonObject } from '../../src/contracts/json.ts'
import type { InvokerCall, InvokerResult } from '../../src/contracts/parts.ts'

const neverAborts = new AbortController().signal

async function call(local: LocalTool, inputs: JsonObject, more: Partial<InvokerCall> = {}): Promise<InvokerResult> {
  const { discovery, invoker } = createLocalSource([local])
  const [component] = await discovery.load(neverAborts)
  const capability = component?.capabilities[0]
  const instance = component?.instances[0]
  if (component === undefined || capability === undefined || instance === undefined) throw new Error('no component')
  return invoker.invoke({
    component,
    capability,
    instance,
    inputs,
    idempotencyKey: 'run_1:double:1',
    runId: 'run_1',
    headers: {},
    signal: neverAborts,
    ...more,
  })
}

const open = { type: 'object' }
const returning = (result: unknown): LocalTool =>
  tool({ name: 'give', description: 'Gives', input: open, execute: () => result })
const throwing = (thrown: unknown): LocalTool =>
  tool({
    name: 'fail',
    description: 'Fails',
    input: open,
    execute: () => {
      throw thrown
    },
  })

describe('a local tool', () => {
  it('is a component of its own name with one capability, kind tool, trust local', async () => {
    const double = tool({
      name: 'double',
      description: 'Doubles a number',
      input: z.object({ n: z.number() }),
      output: z.object({ doubled: z.number() }),
      effect: 'read',
      tags: ['math'],
      timeoutMs: 500,
      execute: ({ n }) => ({ doubled: 2 * n }),
    })
    expect(await createLocalSource([double]).discovery.load(neverAborts)).toEqual([
      {
        name: 'double',
        kind: 'tool',
        source: 'local',
        trust: 'local',
        capabilities: [
          {
            name: 'double',
            description: 'Doubles a number',
            inputSchema: { type: 'object', properties: { n: { type: 'number' } }, required: ['n'] },
            outputSchema: {
              type: 'object',
              properties: { doubled: { type: 'number' } },
              required: ['doubled'],
              additionalProperties: false,
            },
            effect: 'read',
            tags: ['math'],
            timeoutMs: 500,
          },
        ],
        instances: [{ id: 'double', health: 'healthy' }],
      },
    ])
    expect(await call(double, { n: 21 })).toEqual({ body: { doubled: 42 } })
  })

  it('has the type of its input from the schema, with defaults applied', async () => {
    const greet = tool({
      name: 'greet',
      description: 'Greets',
      input: z3.object({ name: z3.string(), times: z3.number().default(2) }),
      execute(input) {
        expectTypeOf(input).toEqualTypeOf<{ name: string; times: number }>()
        return 'hi '.repeat(input.times) + input.name
      },
    })
    expect(await call(greet, { name: 'Ada' })).toEqual({ body: 'hi hi Ada' })
  })

  it('shares a component with others that name it, without regard to case', async () => {
    const make = (name: string, component: string) =>
      tool({ name, description: name, input: open, component, execute: () => name })
    const { discovery } = createLocalSource([make('now', 'weather'), make('forecast', 'Weather'), make('other', 'fx')])
    const components = await discovery.load(neverAborts)
    expect(components.map(({ name, capabilities }) => [name, capabilities.map((c) => c.name)])).toEqual([
      ['weather', ['now', 'forecast']],
      ['fx', ['other']],
    ])
  })

  it('is refused when another of the same component has its name', () => {
    expect(() => createLocalSource([returning(1), returning(2)])).toThrow(
      expect.objectContaining({ code: 'invalid_config', message: expect.stringContaining('"give"') }),
    )
  })

  it.each([
    ['an empty name', { name: '' }],
    ['inputs that are no object', { input: z.string() }],
  ])('is refused with %s', (_name, wrong) => {
    const definition = { name: 'x', description: 'x', input: open, execute: () => 1, ...wrong }
    expect(() => tool(definition)).toThrow(expect.objectContaining({ code: 'invalid_config' }))
  })

  it('is refused without a description, since it is chosen by that', () => {
    for (const description of ['', ' ']) {
      expect(() => tool({ name: 'x', description, input: z.object({}), execute: () => 1 })).toThrow(
        expect.objectContaining({ code: 'invalid_config', message: expect.stringContaining('"x" has no description') }),
      )
    }
  })

  it('is loaded as the same frozen list every time', async () => {
    const { discovery } = createLocalSource([returning(1)])
    const first = await discovery.load(neverAborts)
    expect(await discovery.load(neverAborts)).toBe(first)
    expect(Object.isFrozen(first)).toBe(true)
    expect(Object.isFrozen(first[0]?.capabilities[0])).toBe(true)
  })
})

describe('a call', () => {
  it('hands over the run, the idempotency key and the signal', async () => {
    const controller = new AbortController()
    const local = tool({
      name: 'see',
      description: 'Sees',
      input: open,
      execute: (_input, { signal, runId, idempotencyKey }) => ({ aborted: signal.aborted, runId, idempotencyKey }),
    })
    controller.abort()
    expect(await call(local, {}, { signal: controller.signal })).toEqual({
      body: { aborted: true, runId: 'run_1', idempotencyKey: 'run_1:double:1' },
    })
  })

  it('does not read the signal when the tool does not', async () => {
    let reads = 0
    const local = returning('done')
    const { discovery, invoker } = createLocalSource([local])
    const [component] = await discovery.load(neverAborts)
    const instance = component?.instances[0]
    if (component === undefined || instance === undefined) throw new Error('no component')
    await invoker.invoke({
      component,
      capability: local.capability,
      instance,
      inputs: {},
      idempotencyKey: 'k',
      runId: 'r',
      headers: {},
      get signal() {
        reads++
        return neverAborts
      },
    })
    expect(reads).toBe(0)
  })

  it('finds the tool by name when the capability is a copy', async () => {
    const local = returning('found')
    expect(await call(local, {}, { capability: { ...local.capability, description: 'changed' } })).toEqual({
      body: 'found',
    })
  })

  it('fails for a capability that no tool has', async () => {
    await expect(
      call(returning(1), {}, { capability: { ...returning(1).capability, name: 'ghost' } }),
    ).rejects.toMatchObject({ code: 'component_unavailable', message: expect.stringContaining('ghost') })
  })

  it('rejects inputs that do not fit, naming the field, so that they can be corrected', async () => {
    const local = tool({
      name: 'convert',
      description: 'Converts',
      input: z.object({ amount: z.number().positive() }),
      execute: () => 1,
    })
    await expect(call(local, { amount: -1 })).rejects.toMatchObject({
      code: 'component_rejected',
      message: expect.stringContaining('"amount"'),
      details: { status: 422, field: 'amount' },
    })
  })

  it('awaits an asynchronous check of the inputs', async () => {
    const local = tool({
      name: 'check',
      description: 'Checks',
      input: z.object({ id: z.string().refine(async (id) => Promise.resolve(id === 'a'), 'unknown id') }),
      execute: ({ id }) => id,
    })
    expect(await call(local, { id: 'a' })).toEqual({ body: 'a' })
    await expect(call(local, { id: 'b' })).rejects.toMatchObject({ code: 'component_rejected' })
  })
})

describe('what a tool throws', () => {
  it('passes through when it is a TuttiError', async () => {
    const error = new TuttiError('component_rejected', 'No such city.', { details: { status: 404 } })
    await expect(call(throwing(error), {})).rejects.toBe(error)
  })

  it.each([
    ['an Error', new Error('disk full'), 'disk full'],
    ['an Error without a message', new RangeError(''), 'RangeError'],
    ['a text', 'plain text', 'plain text'],
    ['an object', { message: 'from elsewhere' }, 'from elsewhere'],
    ['nothing', undefined, 'no reason'],
    ['null', null, 'no reason'],
  ])('is component_failed with a message: %s', async (_name, thrown, text) => {
    await expect(call(throwing(thrown), {})).rejects.toMatchObject({
      code: 'component_failed',
      message: expect.stringContaining(text),
    })
  })

  it.each([
    [404, 'component_rejected'],
    [403, 'component_unauthorized'],
    [429, 'component_rate_limited'],
    [503, 'component_failed'],
  ])('keeps a status: %i is %s', async (status, code) => {
    const error = Object.assign(new Error('no'), { status })
    await expect(call(throwing(error), {})).rejects.toMatchObject({ code, details: { status } })
  })

  it('is the reason of the abort when the tool ended because of its signal', async () => {
    const controller = new AbortController()
    const local = tool({
      name: 'wait',
      description: 'Waits',
      input: open,
      execute: (_input, { signal }) =>
        new Promise((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(new Error('aborted inside')))
        }),
    })
    const pending = call(local, {}, { signal: controller.signal })
    setImmediate(() => controller.abort(new TuttiError('component_timeout', 'Too late.')))
    await expect(pending).rejects.toMatchObject({ code: 'component_timeout', message: 'Too late.' })
  })
})

describe('what a tool returns', () => {
  it('is handed on as the very object when it is JSON', async () => {
    const result = { list: [1, 'two', { three: null }], big: 2n ** 60n, deep: { yes: true } }
    expect((await call(returning(result), {})).body).toBe(result)
  })

  it.each([
    ['undefined as null', undefined, null],
    ['undefined members as absent', { a: 1, b: undefined, c: 2 }, { a: 1, c: 2 }],
    ['undefined in lists as null', [1, undefined], [1, null]],
    ['dates as text', { at: new Date(0) }, { at: '1970-01-01T00:00:00.000Z' }],
    ['a promise as its value', Promise.resolve({ a: 1 }), { a: 1 }],
    ['an object without prototype', Object.assign(Object.create(null), { a: 1 }), { a: 1 }],
    ['no __proto__ key', JSON.parse('{"a":1,"__proto__":{"admin":true}}'), { a: 1 }],
  ])('%s', async (_name, result, body) => {
    expect((await call(returning(result), {})).body).toEqual(body)
  })

  const cyclic: Record<string, unknown> = { name: 'a' }
  cyclic['self'] = cyclic
  class Money {
    amount = 1
  }
  it.each([
    ['a function', { rows: [{ run: () => 1 }] }, 'result.rows[0].run is a function'],
    ['a class instance', { price: new Money() }, 'result.price is a Money'],
    ['a map', new Map(), 'result is a Map'],
    ['a cycle', cyclic, 'contains itself'],
    ['not a number', { x: Number.NaN }, 'result.x is NaN'],
    ['a symbol', Symbol('s'), 'result is a symbol'],
  ])('is bad_response, naming the place, for %s', async (_name, result, text) => {
    await expect(call(returning(result), {})).rejects.toMatchObject({
      code: 'bad_response',
      message: expect.stringContaining(text),
    })
  })

  it('is bad_response when parts that are shared would never end written out', async () => {
    let shared: unknown = 'x'
    for (let i = 0; i < 40; i++) shared = [shared, shared]
    await expect(call(returning(shared), {})).rejects.toMatchObject({
      code: 'bad_response',
      message: expect.stringContaining('written out'),
    })
  })

  it('fails the call when reading it throws', async () => {
    const result = {
      toJSON() {
        throw new Error('not now')
      },
    }
    await expect(call(returning(result), {})).rejects.toMatchObject({ code: 'component_failed' })
  })
})
