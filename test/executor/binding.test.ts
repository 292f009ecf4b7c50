import { describe, expect, it, vi } from 'vitest'
import type { JsonObject, JsonSchema, JsonValue } from '../../src/contracts/json.ts'
import { compilePlan } from '../../src/plan/compile.ts'
import { answer, call, createWorld, object, type WorldOptions } from './support.ts'

const typed = object({
  n: { type: 'number' },
  i: { type: 'integer' },
  b: { type: 'boolean' },
  s: { type: 'string' },
  a: { type: 'array' },
  o: { type: 'object' },
})

/** One step gives `source`, the next takes `inputs`. */
async function bind(source: JsonValue, inputs: JsonObject, schema: JsonSchema = typed, more: WorldOptions = {}) {
  const world = createWorld({
    ...more,
    tools: { 'src/emit': () => answer(source), 'dst/take': { inputs: schema, on: () => answer('taken') } },
  })
  const ran = await world.run(
    { steps: [call('src', 'src/emit'), call('take', 'dst/take', inputs, { dependsOn: ['src'] })] },
    { request: 'Do it' },
  )
  return { world, ran, taken: world.callsOf('dst/take')[0]?.inputs, end: ran.end('take') }
}

describe('binding', () => {
  it('keeps the type of a value that is one reference (B23)', async () => {
    const source = { n: 1.5, b: false, s: 'x', o: { k: [1, { z: null }] }, a: [1, 'two'] }
    const inputs = {
      n: '${steps.src.output.n}',
      b: '${steps.src.output.b}',
      s: '${steps.src.output.s}',
      o: '${steps.src.output.o}',
      a: '${steps.src.output.a}',
    }
    expect((await bind(source, inputs)).taken).toEqual(source)
  })

  it('gives null, 0, false and empty text as the values they are (B27)', async () => {
    const source = { z: 0, f: false, e: '', x: null }
    const inputs = {
      n: '${steps.src.output.z}',
      b: '${steps.src.output.f}',
      s: '${steps.src.output.e}',
      free: '${steps.src.output.x}',
    }
    expect((await bind(source, inputs)).taken).toEqual({ n: 0, b: false, s: '', free: null })
  })

  it('passes integers beyond 2^53 with their digits (B26)', async () => {
    const { taken } = await bind({ id: 12345678901234567891n }, { i: '${steps.src.output.id}' })
    expect(taken).toEqual({ i: 12345678901234567891n })
  })

  it('writes numbers in text without an exponent (B25)', async () => {
    const { taken } = await bind({ p: 67390000 }, { s: 'Population ${steps.src.output.p}' })
    expect(taken).toEqual({ s: 'Population 67390000' })
  })

  it('brings text to numbers and booleans where that is exact (B38)', async () => {
    const { taken } = await bind(
      { n: '42', i: '12.0', b: 'true' },
      { n: '${steps.src.output.n}', i: '${steps.src.output.i}', b: '${steps.src.output.b}' },
    )
    expect(taken).toEqual({ n: 42, i: 12, b: true })
  })

  it('takes the code out of an object that stands where text is due (B24)', async () => {
    const { taken } = await bind({ c: { code: 'EUR', name: 'Euro' } }, { s: '${steps.src.output.c}' })
    expect(taken).toEqual({ s: 'EUR' })
  })

  it('fails on what cannot be converted, naming value and type, and never makes it 0 or false (B32, B33)', async () => {
    for (const [input, value] of [
      ['n', 'one hundred'],
      ['b', 'yes'],
      ['i', '12.5'],
      ['n', 'NaN'],
      ['n', 'Infinity'],
    ] as const) {
      const { end, taken } = await bind({ v: value }, { [input]: '${steps.src.output.v}' })
      expect(taken).toBeUndefined()
      expect(end).toMatchObject({ status: 'failed', error: { code: 'invalid_input' } })
      expect(end.error?.message).toContain(value)
      expect(end.error?.message).toContain('dst/take')
    }
  })

  it('uses two enveloped dependencies side by side (B28)', async () => {
    const world = createWorld({
      tools: {
        'geo/find': () => answer({ success: true, data: { lat: 1.25, name: 'geo' } }),
        'country/info': () => answer({ success: true, data: { currency: { code: 'EUR' }, name: 'country' } }),
        'dst/take': { inputs: typed, on: () => answer(1) },
      },
    })
    await world.run({
      steps: [
        call('geo', 'geo/find'),
        call('country', 'country/info'),
        call('take', 'dst/take', { n: '${steps.geo.output.lat}', s: '${steps.country.output.currency.code}' }),
      ],
    })
    expect(world.callsOf('dst/take')[0]?.inputs).toEqual({ n: 1.25, s: 'EUR' })
  })

  it('asks no model where a reference resolves (B30)', async () => {
    const { world, taken } = await bind(
      { capital: 'Paris', name: 'France' },
      { s: '${steps.src.output.capital}' },
      object({ s: { type: 'string' } }, ['s']),
      { model: { fill: () => ({ s: 'guessed' }) } },
    )
    expect(taken).toEqual({ s: 'Paris' })
    expect(world.asked).toHaveLength(0)
  })

  it('never guesses an optional input from an output of that name (B31)', async () => {
    const schema = object({ q: { type: 'string' }, limit: { type: 'integer' }, country: { type: 'string' } }, ['q'])
    const { taken } = await bind({ limit: 99, country: 'France' }, { q: 'x' }, schema)
    expect(taken).toEqual({ q: 'x' })
  })

  it('leaves out an optional input whose reference is not there', async () => {
    expect((await bind({ x: 1 }, { s: '${steps.src.output.not.there}', n: 1 })).taken).toEqual({ n: 1 })
  })

  it('fails where text refers to something that is not there, and calls nothing', async () => {
    const { end, taken } = await bind({ x: 1 }, { s: 'a ${steps.src.output.not.there}' })
    expect(taken).toBeUndefined()
    expect(end).toMatchObject({ status: 'failed', error: { code: 'binding_failed' } })
  })

  it('does not resolve text from a component a second time', async () => {
    const { taken } = await bind({ s: '${run.id} {{x}}' }, { s: 'got ${steps.src.output.s}' })
    expect(taken).toEqual({ s: 'got ${run.id} {{x}}' })
  })

  it('leaves the plan as it is: the same plan gives other inputs when its outputs differ (B34, B36)', async () => {
    let n = 0
    const world = createWorld({
      tools: {
        'src/emit': () => answer({ n: ++n }),
        'dst/take': {
          inputs: typed,
          on: (inputs) => {
            Reflect.set(inputs, 's', 'changed by the tool')
            return answer(1)
          },
        },
      },
    })
    const steps = [
      call('src', 'src/emit'),
      call('take', 'dst/take', { n: '${steps.src.output.n}' }),
      call('lit', 'dst/take', { s: 'literal', n: '7' }),
    ]
    const { plan } = await compilePlan({ steps })
    if (plan === undefined) throw new Error('no plan')
    const before = structuredClone(steps)
    const seen: JsonValue[] = []
    for (let i = 0; i < 3; i++) {
      const ran = await world.runPlan(plan, {
        onEvent: (fact) => fact.type === 'attempt-start' && seen.push(structuredClone(fact.inputs)),
      })
      expect(ran.end('lit').status).toBe('succeeded')
    }
    expect(steps).toEqual(before)
    expect(seen.filter((inputs) => JSON.stringify(inputs).includes('literal'))).toEqual(
      Array(3).fill({ s: 'literal', n: 7 }),
    )
    expect(seen).toContainEqual({ n: 1 })
    expect(seen).toContainEqual({ n: 3 })
  })

  it('takes a whole object as the inputs', async () => {
    const world = createWorld({
      tools: { 'src/emit': () => answer({ n: '5', s: 'x' }), 'dst/take': { inputs: typed, on: () => answer(1) } },
    })
    await world.run({
      steps: [call('src', 'src/emit'), { ...call('take', 'dst/take'), inputs: '${steps.src.output}' }],
    })
    expect(world.callsOf('dst/take')[0]?.inputs).toEqual({ n: 5, s: 'x' })
  })

  it('gives lists, texts and nothing at all to dependants as outputs (B35)', async () => {
    for (const source of [[1, 2], 'text', 5, null]) {
      const { ran, taken } = await bind(source, { free: '${steps.src.output}' })
      expect(ran.end('src')).toMatchObject({ status: 'succeeded', output: source })
      expect(taken).toEqual({ free: source })
    }
  })

  it('leaves out an optional input that refers to a skipped step', async () => {
    const world = createWorld({
      tools: { 'a/b': () => answer({ v: 'x' }), 'dst/take': { inputs: typed, on: () => answer(1) } },
    })
    const ran = await world.run({
      steps: [
        call('off', 'a/b', {}, { if: '1 == 2' }),
        call('on', 'a/b'),
        call('take', 'dst/take', { s: '${steps.off.output.v}', n: 1 }, { dependsOn: ['on'] }),
      ],
    })
    expect(ran.end('take').status).toBe('succeeded')
    expect(world.callsOf('dst/take')[0]?.inputs).toEqual({ n: 1 })
  })

  it('leaves out nothing else that is null: what was given, what is required, what comes from a step that succeeded', async () => {
    const take = async (inputs: JsonObject, required: readonly string[] = []) => {
      const schema = object({ s: { type: 'string' }, i: { type: 'integer' }, o: { type: 'object' } }, required)
      const world = createWorld({
        tools: { 'a/b': () => answer({ v: null }), 'dst/take': { inputs: schema, on: () => answer(1) } },
      })
      const ran = await world.run(
        {
          steps: [
            call('off', 'a/b', {}, { if: '1 == 2' }),
            call('on', 'a/b'),
            call('take', 'dst/take', inputs, { dependsOn: ['on'] }),
          ],
          inputs: { off: { type: 'any' } },
        },
        { inputs: { off: null } },
      )
      return ran.end('take').error?.code ?? world.callsOf('dst/take')[0]?.inputs
    }
    expect(await take({ s: '${steps.off.output.v}', i: '${steps.off.output.v}', o: {} })).toEqual({ o: {} })
    expect(await take({ o: '${steps.on.output.v}' })).toBe('invalid_input')
    expect(await take({ o: null })).toBe('invalid_input')
    expect(await take({ o: '${inputs.off}' })).toBe('invalid_input')
    expect(await take({ o: '${steps.off.output.v}' }, ['o'])).toBe('invalid_input')
    // One that may go does not excuse another that does not fit.
    expect(await take({ o: '${steps.off.output.v}', i: 'many' })).toBe('invalid_input')
    expect(await take({ o: { x: '${steps.off.output.v}' }, i: '${steps.off.output.v}' })).toEqual({ o: { x: null } })
  })

  it('names of several required inputs only those that are missing, in order', async () => {
    const schema = object({ a: {}, b: {}, c: {} }, ['a', 'b', 'c'])
    expect((await bind(1, { b: 2 }, schema)).end.error).toMatchObject({
      code: 'missing_input',
      details: { missing: ['a', 'c'] },
      message: expect.stringContaining('no value for "a", "c", which "dst/take" requires. Give them'),
    })
    expect((await bind(1, { a: 1, b: 2 }, schema)).end.error?.message).toContain(
      'no value for "c", which "dst/take" requires. Give it',
    )
  })

  it('evaluates inputs that are all literal once, however often the plan runs, and others each time', async () => {
    const evaluations = async (inputs: JsonObject): Promise<number> => {
      const world = createWorld({ tools: { 'dst/take': { inputs: typed, on: () => answer('taken') } } })
      const { plan } = await compilePlan({
        steps: [call('take', 'dst/take', inputs)],
        inputs: { n: { type: 'number' } },
      })
      const value = plan?.steps[0]?.inputs?.[0]?.value
      if (plan === undefined || value === undefined) throw new Error('no plan')
      const evaluate = vi.spyOn(value, 'evaluate')
      for (let i = 0; i < 3; i++)
        expect((await world.runPlan(plan, { inputs: { n: 7 } })).end('take').status).toBe('succeeded')
      expect(world.calls.map((made) => made.inputs)).toEqual(Array(3).fill({ n: 7 }))
      return evaluate.mock.calls.length
    }
    expect(await evaluations({ n: 7 })).toBe(1)
    expect(await evaluations({ n: '${inputs.n}' })).toBe(3)
  })

  it('binds inputs that are one expression for each run anew, and literal ones by the schema of now', async () => {
    const world = createWorld({ tools: { 'dst/take': { inputs: typed, on: () => answer('taken') } } })
    const whole = await compilePlan({
      steps: [call('take', 'dst/take', '${inputs.all}' as never)],
      inputs: { all: { type: 'object' } },
    })
    const literal = await compilePlan({ steps: [call('take', 'dst/take', { s: 7, i: '7' })] })
    if (whole.plan === undefined || literal.plan === undefined) throw new Error('no plan')
    for (const n of [1, 2]) await world.runPlan(whole.plan, { inputs: { all: { n } } })
    for (let i = 0; i < 2; i++) await world.runPlan(literal.plan)
    world.remove('dst')
    world.register('dst/take', {
      inputs: object({ s: { type: 'integer' }, i: { type: 'string' } }),
      on: () => answer('taken'),
    })
    await world.runPlan(literal.plan)
    expect(world.calls.map(({ inputs }) => inputs)).toEqual([
      { n: 1 },
      { n: 2 },
      { s: '7', i: 7 },
      { s: '7', i: 7 },
      { s: 7, i: '7' },
    ])
  })

  it('says which inputs do not fit: three of them in words, ten in details, and how many more', async () => {
    const names = Array.from({ length: 12 }, (_, i) => `n${String(i).padStart(2, '0')}`)
    const schema = object(Object.fromEntries(names.map((name) => [name, { type: 'number' }])))
    const { end } = await bind(1, Object.fromEntries(names.map((name) => [name, 'many'])), schema)
    expect(end.error?.code).toBe('invalid_input')
    expect(end.error?.message).toMatch(/\(and 9 more\)$/)
    expect(end.error?.details?.['field']).toBe('n00')
    expect(end.error?.details?.['issues']).toHaveLength(10)
    expect(end.error?.details?.['issues']).toContainEqual(
      expect.objectContaining({ pointer: '/n09', keyword: 'type', message: expect.stringContaining('n09') }),
    )
    const two = await bind(1, { n: 'x', i: 'y' })
    expect(two.end.error?.message).not.toContain('more)')
  })
})
