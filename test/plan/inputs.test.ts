import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/contracts/json.ts'
import { readDocument } from '../../src/plan/document.ts'
import { type ResolvedInputs, resolveInputs } from '../../src/plan/inputs.ts'

const resolve = async (inputs: object, given: JsonObject, step: object = { type: 'gate' }): Promise<ResolvedInputs> => {
  const { document, issues } = await readDocument({ inputs, steps: [step] })
  if (document === undefined) throw new Error(JSON.stringify(issues))
  return resolveInputs(document, given)
}

describe('the inputs of a run', () => {
  it('are told with their description when they are missing; null is not given', async () => {
    const declared = { a: { type: 'string', required: true, description: 'the city' }, b: { required: true } }
    const { issues } = await resolve(declared, { a: null })
    expect(issues.map(({ pointer, message }) => [pointer, message])).toEqual([
      ['/inputs/a', 'Input "a" is required (the city) and was not given.'],
      ['/inputs/b', 'Input "b" is required and was not given.'],
    ])
    expect(await resolve({ a: 'string', b: 'any' }, { a: null, b: null })).toEqual({
      inputs: { b: null },
      secrets: new Map(),
      issues: [],
    })
  })

  it('that nobody knows are told by name, with what there is instead', async () => {
    const { issues } = await resolve({ topic: 'string' }, { topic: 'x', topc: 'y' })
    expect(issues).toMatchObject([{ code: 'unknown_input', pointer: '/inputs/topc', alternatives: ['topic'] }])
    expect(issues[0]?.message).toContain('neither declares it nor refers to it. Did you mean "topic"?')
    const { issues: none } = await resolve({}, { topc: 'y' })
    expect(none[0]?.message).toBe('Input "topc" was given, but the document takes no inputs.')
  })

  it('hide every text and number of a secret, and nothing of the others', async () => {
    const declared = { key: { type: 'object', secret: true }, pin: { secret: true }, open: 'string' }
    const key = { user: 'ann', deep: [{ pass: 'hunter2' }], on: true, none: null, empty: '' }
    const { secrets } = await resolve(declared, { key, pin: 1234, open: 'seen' })
    expect(secrets).toEqual(
      new Map([
        ['key.user', 'ann'],
        ['key.deep.0.pass', 'hunter2'],
        ['pin', '1234'],
      ]),
    )
  })

  it('get their defaults, and the declared types (B100)', async () => {
    const declared = {
      city: { type: 'string', required: true },
      count: { type: 'integer', default: 3 },
      mood: { type: 'string', enum: ['glad', 'sad'], default: 'glad' },
      list: 'array',
      note: 'string',
    }
    const { inputs, issues } = await resolve(declared, { city: 7, count: '5', list: '["a"]' })
    expect({ inputs, issues }).toEqual({ inputs: { city: '7', count: 5, mood: 'glad', list: ['a'] }, issues: [] })
  })

  it.each<[string, object, JsonObject, string]>([
    ['a missing required input', { a: { required: true } }, {}, 'missing_input'],
    ['null for a required input', { a: { type: 'string', required: true } }, { a: null }, 'missing_input'],
    ['a wrong type', { a: 'integer' }, { a: 'many' }, 'wrong_type'],
    ['"yes" for a boolean (B33)', { a: 'boolean' }, { a: 'yes' }, 'wrong_type'],
    ['a value that is not in the list', { a: { type: 'string', enum: ['x', 'y'] } }, { a: 'z' }, 'not_in_enum'],
    ['an input nobody asked for', { a: 'string' }, { aa: '1' }, 'unknown_input'],
  ])('are refused: %s', async (_, declared, given, code) => {
    const { issues } = await resolve(declared, given)
    expect(issues).toMatchObject([{ code, severity: 'error' }])
  })

  it.each(['${inputs.rules}', 'text ${inputs["rules"]} more', '${size(inputs.rules) + 1}'])(
    'may be given without being declared when something refers to them: %s',
    async (reference) => {
      const step = { component: 'x', inputs: { deep: [{ r: reference }] } }
      expect(await resolve({}, { rules: { a: 1 } }, step)).toMatchObject({ inputs: { rules: { a: 1 } }, issues: [] })
      expect((await resolve({}, { other: 1 }, step)).issues).toMatchObject([
        { code: 'unknown_input', alternatives: ['rules'] },
      ])
    },
  )

  it('collect every text inside a secret object, by its path', async () => {
    const given = { login: { user: 'bob', keys: ['k1', 4711], on: true } }
    const { secrets } = await resolve({ login: { type: 'object', secret: true } }, given)
    expect([...secrets]).toEqual([
      ['login.user', 'bob'],
      ['login.keys.0', 'k1'],
      ['login.keys.1', '4711'],
    ])
  })

  it('collect the values of secret inputs, which no message shows', async () => {
    const { secrets, inputs } = await resolve({ key: { type: 'string', secret: true } }, { key: 'hunter2' })
    expect({ inputs, secrets: [...secrets] }).toEqual({ inputs: { key: 'hunter2' }, secrets: [['key', 'hunter2']] })
    const { issues } = await resolve({ key: { type: 'integer', secret: true } }, { key: 'hunter2' })
    expect(issues[0]?.message).not.toContain('hunter2')
  })

  it('named like members of every object are inputs like any other', async () => {
    const { inputs, issues } = await resolve({ constructor: 'string' }, {})
    expect({ inputs, issues }).toEqual({ inputs: {}, issues: [] })
  })
})
