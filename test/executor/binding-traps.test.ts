// The traps of binding that today's orchestrators fall into, each through the executor.
import { describe, expect, it } from 'vitest'
import type { JsonObject, JsonSchema, JsonValue } from '../../src/contracts/json.ts'
import { compilePlan } from '../../src/plan/compile.ts'
import { answer, call, createWorld, object, type WorldOptions } from './support.ts'

const scalar = object({ n: { type: 'number' }, i: { type: 'integer' }, b: { type: 'boolean' }, s: { type: 'string' } })

/** One step gives `source`, the next takes `inputs`. */
async function bind(source: JsonValue, inputs: JsonObject, schema: JsonSchema = scalar, more: WorldOptions = {}) {
  const world = createWorld({
    ...more,
    tools: { 'src/emit': () => answer(source), 'dst/take': { inputs: schema, on: () => answer('taken') } },
  })
  const ran = await world.run({
    steps: [call('src', 'src/emit'), call('take', 'dst/take', inputs, { dependsOn: ['src'] })],
  })
  return { world, ran, taken: world.callsOf('dst/take')[0]?.inputs, end: ran.end('take') }
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value)) return value
  Object.freeze(value)
  for (const inner of value instanceof Map ? value.values() : Object.values(value)) deepFreeze(inner)
  return value
}

describe('references', () => {
  it('read the output itself, with or without the envelope that it came in (B19, B22)', async () => {
    for (const path of ['output.data.country', 'output.country', 'response.data.country']) {
      const { taken } = await bind({ success: true, data: { country: 'France' } }, { s: `\${steps.src.${path}}` })
      expect(taken).toEqual({ s: 'France' })
    }
    const { taken } = await bind({ data: { country: 'France' } }, { s: '${steps.src.output.data.country}' })
    expect(taken).toEqual({ s: 'France' })
  })

  it('never reach a tool as they are written (B19)', async () => {
    const { taken, end } = await bind(
      { x: 1 },
      { s: '${steps.src.output.y}' },
      object({ s: { type: 'string' } }, ['s']),
    )
    expect(taken).toBeUndefined()
    expect(end.error).toMatchObject({ code: 'missing_input' })
  })

  it('name steps with hyphens, read places in lists and whole answers (B21, B22)', async () => {
    const world = createWorld({
      tools: {
        'weather-tool-v2/now': () => answer({ success: true, data: { items: [{ 'a-b': 'x' }] } }),
        'dst/take': () => answer(1),
      },
    })
    await world.run({
      steps: [
        call('country-info-2', 'weather-tool-v2/now'),
        call('take', 'dst/take', {
          a: '${ steps.country-info-2.output.items[0]["a-b"] }',
          b: '${steps.country-info-2.output.items.0["a-b"]}',
          whole: '${steps.country-info-2.response}',
        }),
      ],
    })
    expect(world.callsOf('dst/take')[0]?.inputs).toEqual({
      a: 'x',
      b: 'x',
      whole: { success: true, data: { items: [{ 'a-b': 'x' }] } },
    })
  })

  it('pass the very value on, large or small: nothing is copied (B23)', async () => {
    const rows = { rows: Array.from({ length: 10_000 }, (_, i) => ({ i })) }
    const open = object({ rows: { type: 'object' }, free: {} })
    const { taken } = await bind(rows, { rows: '${steps.src.output}', free: '${steps.src.output.rows}' }, open)
    expect(taken?.['rows']).toBe(rows)
    expect(taken?.['free']).toBe(rows.rows)
  })

  it('are resolved anew in every run of a plan that nobody can write to (B34, B36)', async () => {
    let n = 0
    const world = createWorld({
      tools: {
        'src/emit': () => answer({ n: `${++n}`, list: [n] }),
        'dst/take': { inputs: scalar, on: () => answer(1) },
      },
    })
    const { plan } = await compilePlan({
      steps: [
        call('src', 'src/emit'),
        call('take', 'dst/take', {
          n: '${steps.src.output.n}',
          s: 'is ${steps.src.output.list[0]}',
          deep: { a: ['7'] },
        }),
        call('lit', 'dst/take', { i: '7', s: 'name', deep: { src: 'literal' } }),
      ],
    })
    if (plan === undefined) throw new Error('no plan')
    const before = structuredClone(plan.document)
    deepFreeze(plan)
    for (let run = 1; run <= 2; run++) {
      const ran = await world.runPlan(plan)
      expect(ran.end('take').error).toBeUndefined()
      expect(ran.end('lit').error).toBeUndefined()
    }
    const seen = world.callsOf('dst/take').map(({ inputs }) => inputs)
    expect(seen).toContainEqual({ n: 1, s: 'is 1', deep: { a: ['7'] } })
    expect(seen).toContainEqual({ n: 2, s: 'is 2', deep: { a: ['7'] } })
    expect(seen.filter(({ i }) => i === 7)).toEqual(Array(2).fill({ i: 7, s: 'name', deep: { src: 'literal' } }))
    expect(plan.document).toEqual(before)
  })
})

describe('numbers', () => {
  it.each<[JsonValue, string]>([
    [67390000, '67390000'],
    [1e21, '1000000000000000000000'],
    [1e-7, '0.0000001'],
    [6.739e7, '67390000'],
    [-1.5e-9, '-0.0000000015'],
    [2n ** 70n, '1180591620717411303424'],
    [-0, '0'],
    [0.1, '0.1'],
  ])('in text stand without an exponent: %s (B25)', async (value, text) => {
    const inputs = { s: '${steps.src.output.v}', free: 'v=${steps.src.output.v}' }
    expect((await bind({ v: value }, inputs)).taken).toEqual({ s: text, free: `v=${text}` })
  })
})

describe('what a text becomes', () => {
  it.each<[string, JsonValue, JsonValue | undefined]>([
    ['b', 'true', true],
    ['b', 'yes', undefined],
    ['b', 'on', undefined],
    ['i', '12.0', 12],
    ['i', '12.5', undefined],
    ['i', '', undefined],
    ['n', 'NaN', undefined],
    ['n', 'Infinity', undefined],
    ['n', 'one hundred', undefined],
    ['n', '1,000', undefined],
    ['n', ' 42 ', 42],
    ['n', '0x10', undefined],
  ])('for %s %j is %j, or an error that names it (B32, B33, B38)', async (input, value, wanted) => {
    const { taken, end } = await bind({ v: value }, { [input]: '${steps.src.output.v}' })
    if (wanted !== undefined) expect(taken).toEqual({ [input]: wanted })
    else {
      expect(taken).toBeUndefined()
      expect(end.error).toMatchObject({ code: 'invalid_input', details: { field: input } })
      expect(end.error?.message).toContain(JSON.stringify(value))
      expect(end.error?.message).toMatch(/of type (boolean|integer|number) is wanted/)
    }
  })
})

describe('repairs without a model', () => {
  const schema = object({
    currency: { type: 'string', enum: ['USD', 'EUR'] },
    sort: { enum: ['newest_first', 'oldest_first'] },
    timeout_ms: { type: 'integer' },
    distance: { type: 'number', description: 'How far, in kilometres.' },
    price: { type: 'number', description: 'Price in EUR' },
    nested: { type: 'object', properties: { list: { type: 'array', items: { enum: ['A', 'B'] } } } },
  })
  const reasons = ({ ran }: Awaited<ReturnType<typeof bind>>): string[] =>
    ran.of('step-repair', 'take').map(({ way, reason }) => `${way}: ${reason}`)

  it('bring another spelling of an enum to the legal one, and say so', async () => {
    const bound = await bind(
      { c: ' usd', s: 'Newest-First', n: { list: ['B', 'a'] } },
      { currency: '${steps.src.output.c}', sort: '${steps.src.output.s}', nested: '${steps.src.output.n}' },
      schema,
    )
    expect(bound.taken).toEqual({ currency: 'USD', sort: 'newest_first', nested: { list: ['B', 'A'] } })
    expect(reasons(bound)).toEqual([
      'coerce: Input "currency" of "dst/take" is " usd"; the schema has "USD" for it.',
      'coerce: Input "sort" of "dst/take" is "Newest-First"; the schema has "newest_first" for it.',
      'coerce: Input "nested/list/1" of "dst/take" is "a"; the schema has "A" for it.',
    ])
  })

  it('convert a measure to the unit that the schema tells, and say so', async () => {
    const bound = await bind(
      { t: '1.5 s', d: '42 mi' },
      { timeout_ms: '${steps.src.output.t}', distance: '${steps.src.output.d}' },
      schema,
    )
    expect(bound.taken).toEqual({ timeout_ms: 1500, distance: 67.592448 })
    expect(reasons(bound)[0]).toBe('coerce: Input "timeout_ms" of "dst/take" is "1.5 s"; the schema has 1500 for it.')
  })

  it.each([
    [{ timeout_ms: '5 km' }, 'timeout_ms'],
    [{ price: '5 EUR' }, 'price'],
    [{ price: '$5' }, 'price'],
    [{ currency: 'dollar' }, 'currency'],
    [{ timeout_ms: '0.1234 ms' }, 'timeout_ms'],
  ])('leave %j to its error', async (inputs, field) => {
    const { taken, end } = await bind({}, inputs, schema)
    expect(taken).toBeUndefined()
    expect(end.error).toMatchObject({ code: 'invalid_input', details: { field } })
  })

  it('of a literal are told in every run of its plan (B36)', async () => {
    const world = createWorld({ tools: { 'dst/take': { inputs: schema, on: () => answer(1) } } })
    const { plan } = await compilePlan({ steps: [call('take', 'dst/take', { currency: 'usd' })] })
    if (plan === undefined) throw new Error('no plan')
    for (let run = 0; run < 2; run++) expect((await world.runPlan(plan)).of('step-repair')).toHaveLength(1)
    expect(world.calls.map(({ inputs }) => inputs)).toEqual([{ currency: 'USD' }, { currency: 'USD' }])
  })

  it('take the place that a path nearly names, for required inputs, and say so', async () => {
    const required = object({ lat: { type: 'number' }, name: { type: 'string' } }, ['lat'])
    const bound = await bind({ latitude_deg: 48.5 }, { lat: '${steps.src.output.LatitudeDeg}' }, required, {
      model: { fill: () => ({ lat: 1 }) },
    })
    expect(bound.taken).toEqual({ lat: 48.5 })
    expect(bound.world.asked).toEqual([])
    expect(reasons(bound)).toEqual([
      'coerce: Input "lat" refers to "steps.src.output.LatitudeDeg", which is not there; "steps.src.output.latitude_deg" is, and was taken.',
    ])
  })

  it('leave an optional input out rather than guess its path (B31)', async () => {
    const { taken } = await bind({ name: 'x' }, { s: '${steps.src.output.Name}' })
    expect(taken).toEqual({})
  })

  it('do not take a place whose value does not fit', async () => {
    const required = object({ lat: { type: 'number' } }, ['lat'])
    const { taken, end } = await bind({ lat: 'north' }, { lat: '${steps.src.output.Lat}' }, required)
    expect(taken).toBeUndefined()
    expect(end.error?.code).toBe('missing_input')
  })

  it('cost nothing where everything fits: no event is told (B30)', async () => {
    const { ran, taken } = await bind({ c: 'USD' }, { currency: '${steps.src.output.c}', timeout_ms: '42' }, schema)
    expect(taken).toEqual({ currency: 'USD', timeout_ms: 42 })
    expect(ran.of('step-repair')).toEqual([])
  })
})
