import { describe, expect, it } from 'vitest'
import type { JsonObject, JsonSchema } from '../../../src/contracts/json.ts'
import { repairInputs } from '../../../src/plan/repair/inputs.ts'
import { createReferenceRepair, createStepFinder } from '../../../src/plan/repair/references.ts'

const mend = (inputs: JsonObject, names: Record<string, JsonSchema>, required: string[] = [], isOpen = false) => {
  const repairs: string[] = []
  const capability = { properties: new Map(Object.entries(names)), required, isOpen }
  return { inputs: repairInputs(inputs, capability, { step: 's', capability: 'c', repairs }), count: repairs.length }
}
const text = { type: 'string' }

describe('inputs of a plan', () => {
  it('that are known stay the very object', () => {
    const inputs = { query: 'x' }
    expect(mend(inputs, { query: text }).inputs).toBe(inputs)
    expect(mend({ other: 1 }, { query: text }, [], true)).toEqual({ inputs: { other: 1 }, count: 0 })
  })

  it.each<[string, JsonObject, Record<string, JsonSchema>, string[], boolean, JsonObject]>([
    ['in another spelling', { 'Max Results': 1 }, { max_results: {} }, [], false, { max_results: 1 }],
    [
      'in another spelling where anything may be given',
      { maxResults: 1 },
      { max_results: {} },
      [],
      true,
      { max_results: 1 },
    ],
    ['two letters off', { qurye: 1 }, { query: {} }, ['query'], false, { query: 1 }],
    ['one letter off, and short', { boy: 1 }, { body: {} }, ['body'], false, { body: 1 }],
    ['two letters off, and short', { by: 1 }, { body: {} }, ['body'], false, { by: 1 }],
    ['of another length', { querying: 1 }, { query: {} }, ['query'], false, { querying: 1 }],
    ['near an optional one', { querry: 1 }, { query: {} }, [], false, {}],
    ['near a required one that is given', { querry: 1, query: 2 }, { query: {} }, ['query'], false, { query: 2 }],
    ['both near one that is required', { querry: 1, quety: 2 }, { query: {} }, ['query'], false, { query: 1 }],
    ['which two are spelled like', { 'a b': 1 }, { a_b: {}, 'a-b': {} }, [], false, {}],
  ])('%s', (_, inputs, names, required, isOpen, wanted) => {
    expect(mend(inputs, names, required, isOpen).inputs).toEqual(wanted)
  })

  it('keep null where it is a value', () => {
    for (const schema of [{}, { type: 'null' }, { type: ['string', 'null'] }, { type: 'string', nullable: true }])
      expect(mend({ a: null }, { a: schema })).toEqual({ inputs: { a: null }, count: 0 })
    expect(mend({ a: null }, { a: text }, ['a'])).toEqual({ inputs: { a: null }, count: 0 })
    expect(mend({ a: null, b: 1, c: null }, { a: text, b: {}, c: text })).toEqual({ inputs: { b: 1 }, count: 2 })
    expect(mend({ x: null, A: 1 }, { a: text })).toEqual({ inputs: { a: 1 }, count: 2 })
  })
})

describe('references of a plan', () => {
  const gate = (name: string) => ({ name, type: 'gate' as const, dependsOn: [] })
  const find = createStepFinder({ steps: [gate('first_step'), gate('A-B'), gate('a_b'), gate('7')] })

  it('find a step by its spelling or its place', () => {
    expect(['first_step', 'First Step', '1', 'step-1', 'step_2', 'A-B', '7', '4'].map(find)).toEqual([
      'first_step',
      'first_step',
      'first_step',
      'first_step',
      'A-B',
      'A-B',
      '7',
      '7',
    ])
    expect(['ab', '0', '9', 'step', 'x1', 'step1x', '123456', ''].map(find)).toEqual(Array(8).fill(undefined))
  })

  it.each([
    ['${steps.1.output}', '${steps.first_step.output}'],
    ['${steps.1}', '${steps.first_step.output}'],
    ['${steps.first_step}', '${steps.first_step.output}'],
    ['${steps.1[0].a}', '${steps.first_step.output[0].a}'],
    ['${steps.1.result.x + steps[1].results}', '${steps.first_step.output.x + steps.A-B.output}'],
    ['${steps.1.status == steps.1.error}', '${steps.first_step.status == steps.first_step.error}'],
    ['${steps.1.response.x}', '${steps.first_step.response.x}'],
    ['${\'steps.1\' + "steps.1 \\" x" + steps.1.n}', '${\'steps.1\' + "steps.1 \\" x" + steps.first_step.output.n}'],
    ['a ${steps.1.n} b ${steps[0].n} c', 'a ${steps.first_step.output.n} b ${steps.first_step.output.n} c'],
    ['{{first_step.x}}', '${steps.first_step.output.x}'],
  ])('%s is written %s', (given, wanted) => {
    const repairs: string[] = []
    expect(createReferenceRepair(find, repairs)(given)).toBe(wanted)
    expect(repairs).toEqual([`"${given}" is written "${wanted}".`])
  })

  it.each([
    'steps.1.output',
    '${steps.ghost.x} ${steps[9].x}',
    '${inputs.steps.1}',
    '${mysteps.1}',
    '${steps.first_step.output.x}',
    'x ${steps.1.open',
  ])('%s stays as it is', (given) => {
    const repairs: string[] = []
    expect(createReferenceRepair(find, repairs)(given)).toBe(given)
    expect(repairs).toEqual([])
  })
})
