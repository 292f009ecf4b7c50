import { describe, expect, it } from 'vitest'
import type { JsonObject, JsonValue } from '../../../src/contracts/json.ts'
import type { Step } from '../../../src/contracts/plan.ts'
import { fix, inTurn } from '../recovery-support.ts'
import {
  answer,
  call,
  createWorld,
  failure,
  type Handler,
  object,
  type RunOptions,
  type WorldOptions,
} from '../support.ts'

const rows = Array.from({ length: 5_000 }, (_, i) => ({ id: i, name: `row ${i}` }))
const schema = object({ rows: { type: 'array' }, currency: { type: 'string' }, more: {} }, ['rows'])
const refuseFirst = (): Handler =>
  inTurn(
    () => failure(400, 'BAD', 'currency is unknown'),
    () => answer('done'),
  )

/** A step `src` gives many rows; `go` takes inputs, and a model helps. */
async function run(
  inputs: JsonObject,
  model: WorldOptions['model'],
  more: Partial<Step> = {},
  asking: RunOptions = {},
) {
  const world = createWorld({
    tools: {
      'src/emit': () => answer({ success: true, data: { table: rows, note: 'n' } }),
      'other/emit': () => answer({ secret: 1 }),
      't/go': { inputs: schema, on: refuseFirst() },
    },
    ...(model !== undefined && { model }),
  })
  const ran = await world.run(
    {
      steps: [
        call('src', 'src/emit'),
        call('other', 'other/emit'),
        call('go', 't/go', inputs, { dependsOn: ['src'], ...more }),
      ],
    },
    { request: 'Use the rows', ...asking },
  )
  const prompts = world.asked.map(({ messages }) => messages.map(({ content }) => content).join('\n'))
  return { world, ran, end: ran.end('go'), inputs: world.callsOf('t/go').map((made) => made.inputs), prompts }
}

describe('large values before a model', () => {
  it('stand as a digest with a reference; an answer that repeats the reference gets the whole (B78)', async () => {
    const { inputs, prompts, world } = await run({}, { fill: () => ({ rows: { $ref: 'steps.src.output.table' } }) })
    expect(inputs[0]?.['rows']).toBe(rows)
    expect(prompts[0]?.length).toBeLessThan(40_000)
    expect(prompts[0]).toContain('"$ref":"steps.src.output"')
    expect(prompts[0]).toContain('of 5000 items')
    expect(world.asked[0]?.system).toContain('{"$ref": "PATH"}')
  })

  it('survive a correction of something else whole (B53)', async () => {
    const { inputs, prompts, end } = await run(
      { rows: '${steps.src.output.table}', currency: 'x' },
      { 're-resolve': fix({ currency: 'EUR' }) },
    )
    expect(end.status).toBe('succeeded')
    expect(inputs[1]).toEqual({ rows, currency: 'EUR' })
    expect(inputs[1]?.['rows']).toBe(rows)
    expect(prompts[0]).toContain('"$ref":"call.inputs.rows"')
  })

  it('survive a correction that repeats what was shown of them', async () => {
    const shown = { $ref: 'call.inputs.rows', bytes: 1, digest: [{ id: 0 }] }
    const { inputs } = await run(
      { rows: '${steps.src.output.table}', currency: 'x' },
      { 're-resolve': fix({ rows: shown, currency: 'EUR', more: [{ $ref: 'steps.src.output.table[1]' }] }) },
    )
    expect(inputs[1]?.['rows']).toBe(rows)
    expect(inputs[1]?.['more']).toEqual([rows[1]])
  })

  it.each<[string, JsonValue]>([
    ['a step that this one does not depend on', { $ref: 'steps.other.output' }],
    ['a step that is not there', { $ref: 'steps.nope.output' }],
    ['a place that is not there', { $ref: 'steps.src.output.nope' }],
    ['the error of a step', { $ref: 'steps.src.status' }],
    ['a secret', { $ref: 'secrets.key' }],
    ['an input that is declared secret', { $ref: 'inputs.key' }],
    ['nothing that can be read', { $ref: 'blob:x' }],
  ])('are not got by a reference to %s: nothing is called', async (_, more) => {
    const { inputs, world, end } = await run(
      { rows: [], currency: 'x' },
      { 're-resolve': () => ({ should_retry: true, analysis: 'a', corrected_parameters: { more } }) },
      {},
      { inputs: { key: 'hush' }, secrets: new Map([['key', 'hush']]) },
    )
    expect(inputs).toHaveLength(1)
    expect(end.status).toBe('failed')
    // The second question shows that the reference was refused, and what may be referred to.
    expect(world.asked[1]?.messages[0]?.content).toContain('It may refer to')
  })

  it('leave a JSON Schema that a tool takes as it is', async () => {
    const more = { properties: { a: { $ref: '#/$defs/a' }, b: { $ref: 'https://example.org/b.json' } } }
    const { inputs } = await run({ rows: [], currency: 'x' }, { 're-resolve': fix({ more, currency: 'EUR' }) })
    expect(inputs[1]?.['more']).toEqual(more)
  })

  it('take a run input by reference as well', async () => {
    const { inputs } = await run(
      {},
      { fill: () => ({ rows: { $ref: 'inputs.table' } }) },
      {},
      { inputs: { table: rows } },
    )
    expect(inputs[0]?.['rows']).toBe(rows)
  })

  it('show every try, the last one longer than the earlier ones', async () => {
    let n = 0
    const world = createWorld({
      tools: {
        't/go': {
          inputs: object({ q: { type: 'string' } }, ['q']),
          on: () => failure(400, 'BAD', `no ${++n} ${'m'.repeat(3_000)} end ${n}`),
        },
      },
      model: {
        're-resolve': () => ({
          should_retry: true,
          analysis: 'a',
          corrected_parameters: { q: `q${n} ${'x'.repeat(3_000)} last ${n}` },
        }),
      },
    })
    await world.run({ steps: [call('go', 't/go', { q: 'first' })] }, { request: 'x' })
    const prompt = world.asked[1]?.messages[0]?.content ?? ''
    expect(prompt).toContain('Try 1:')
    expect(prompt).toContain('no 1')
    expect(prompt).not.toContain('end 1')
    expect(prompt).toContain('last 1')
    expect(prompt).toContain('end 2')
  })
})
