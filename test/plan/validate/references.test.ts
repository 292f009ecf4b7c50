import { describe, expect, it } from 'vitest'
import type { JsonSchema } from '../../../src/contracts/json.ts'
import { checkDocument } from '../../../src/plan/check.ts'
import { capability, component, createView } from '../fake-view.ts'

const author = { origin: 'author', maxSteps: 100 } as const

describe('a path into an output', () => {
  const faultOf = async (outputSchema: JsonSchema, path: string): Promise<string | undefined> => {
    const view = createView([component('x', [capability('go', {}, { outputSchema })])])
    const steps = [
      { name: 'a', component: 'x' },
      { name: 'b', set: { v: `\${steps.a.${path}}` } },
    ]
    const { issues } = await checkDocument({ steps }, view, author)
    expect(issues.every(({ code, pointer }) => code === 'unknown_path' && pointer === '/steps/1/set/v')).toBe(true)
    return issues[0]?.message.replace(/^.* has no /, '')
  }
  const schema = {
    type: 'object',
    properties: {
      list: { type: 'array', items: { type: 'object', properties: { id: { type: 'string' } } } },
      loose: { type: 'array' },
      open: { type: 'object', properties: { a: {} }, additionalProperties: true },
      typed: { type: 'object', properties: { a: {} }, additionalProperties: { type: 'string' } },
      vague: { anyOf: [{ type: 'object' }] },
      either: { type: ['object', 'null'], properties: { a: {} } },
      any: {},
      bool: true,
      linked: { $ref: '#/$defs/d' },
      lost: { $ref: '#/$defs/nope' },
      n: { type: 'integer' },
    },
    $defs: { d: { type: 'object', properties: { e: { type: 'string' } } } },
  }

  it.each([
    'output.list[0].id',
    'output.loose[0].x.y',
    'output.open.x.y',
    'output.typed.x',
    'output.vague.x',
    'output.either.x',
    'output.any.x.y',
    'output.bool.x',
    'output.linked.e',
    'output.lost.x',
    'output.data.n',
    'output.response.data.n',
    'output.data.list[0].id',
    'status',
    'response.zip',
    'error.zip',
  ])('may be there: %s', async (path) => {
    expect(await faultOf(schema, path)).toBeUndefined()
  })

  it.each([
    ['output.zip', '"zip" there. There are list, loose, open, typed, vague, either, any, bool, linked, lost, n.'],
    ['output.list.id', '"id" there. There are [0].'],
    ['output.list[0].name', '"name" there. There are id.'],
    ['output.linked.f', '"f" there. There are e.'],
    ['output.n.x', '"x" there.'],
    ['output.list[0].id[0]', '"0" there.'],
    ['output.data.zip', '"zip" there. There are list, '],
    ['output.n.data', '"data" there.'],
  ])('is surely not there: %s', async (path, fault) => {
    expect(await faultOf(schema, path)).toContain(fault)
  })

  it('may hold a key "data" of its own', async () => {
    const own = { properties: { data: { type: 'object', properties: { x: {} } } } }
    expect(await faultOf(own, 'output.data.x')).toBeUndefined()
    expect(await faultOf(own, 'output.data.y')).toContain('"y" there. There are x.')
    expect(await faultOf({ type: 'string' }, 'output.x')).toBe('"x" there.')
  })
})

describe('other references', () => {
  const check = (document: object) =>
    checkDocument(document, createView([component('fx', [capability('go', {})])]), author)

  it('are told at their place, with the nearest name', async () => {
    const { issues } = await check({
      inputs: { topic: 'string' },
      steps: [
        { name: 'a', set: { x: '${inputs.topik}', y: '${components.fz.healthy}', z: ['${index}', '${state.s}'] } },
      ],
    })
    expect(
      issues.map(({ code, severity, pointer, alternatives }) => [code, severity, pointer, alternatives[0]]),
    ).toEqual([
      ['undeclared_input', 'warning', '/steps/0/set/x', 'topic'],
      ['unknown_reference', 'error', '/steps/0/set/y', 'fx'],
      ['unknown_reference', 'error', '/steps/0/set/z', undefined],
      ['not_supported', 'error', '/steps/0/set/z', undefined],
    ])
  })

  it('to what is there are not told', async () => {
    const set = {
      a: '${inputs.topic}',
      b: '${components.FX.healthy}',
      c: '${run.id}',
      d: '${inputs}',
      e: '${secrets.K}',
    }
    expect((await check({ inputs: { topic: 'string' }, steps: [{ name: 'a', set }] })).issues).toEqual([])
  })

  it('in another syntax are told wherever text stands', async () => {
    const { issues } = await check({
      steps: [
        { name: 'One', component: 'fx' },
        { name: 'b', component: 'fx', inputs: { l: [{ t: '{{one.x}}' }], n: 5, fine: '{{two.x}} {x}' } },
      ],
    })
    expect(issues).toMatchObject([
      { code: 'bad_expression', pointer: '/steps/1/inputs/l/0/t', alternatives: ['${steps.One.output.x}'] },
    ])
  })
})
