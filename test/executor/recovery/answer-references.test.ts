import { describe, expect, it } from 'vitest'
import type { JsonObject, JsonValue } from '../../../src/contracts/json.ts'
import { resolveReferences } from '../../../src/executor/recovery/answer-references.ts'
import type { StepExecution } from '../../../src/executor/step-execution.ts'

/** A step that depends on `geo`, in a run whose `token` and `user.key` are secret. */
const execution = {
  name: 'go',
  sources: () => ({ geo: { rows: [1, 2] } }),
  run: {
    secrets: new Map([
      ['token', 's3cret'],
      ['user.key', 's4cret'],
    ]),
  },
  scope: {
    inputs: { city: 'Bonn', token: 's3cret', user: { key: 's4cret' } },
    step: (name: string) => ({ success: true, output: { rows: [1, 2], of: name } }),
  },
} as unknown as StepExecution
const inputs: JsonObject = { q: { deep: [5] } }
const resolve = (answer: JsonValue): JsonValue => resolveReferences(answer, execution, inputs)
const ref = (path: string): JsonValue => ({ $ref: path })

describe('references in an answer', () => {
  it('become what they lead to, wherever they stand', () => {
    expect(resolve({ a: [ref('steps.geo.output.rows'), 1], b: { c: ref(' inputs.city ') } })).toEqual({
      a: [[1, 2], 1],
      b: { c: 'Bonn' },
    })
    expect(resolve(ref('steps.geo.output'))).toEqual({ rows: [1, 2], of: 'geo' })
    expect(resolve(ref('call.inputs'))).toBe(inputs)
    expect(resolve(ref('call.inputs.q.deep[0]'))).toBe(5)
  })

  it.each([
    ['another step', 'steps.other.output'],
    ['the error of a step', 'steps.geo.error'],
    ['a step as a whole', 'steps.geo'],
    ['what is not there', 'inputs.gone'],
    ['all inputs of the run', 'inputs'],
    ['a secret', 'inputs.token'],
    ['what holds a secret', 'inputs.user'],
    ['what is not in the call', 'call.inputs.gone'],
    ['no path', 'steps..output'],
  ])('lead to nothing for %s', (_, path) => {
    expect(() => resolve(ref(path))).toThrow(expect.objectContaining({ code: 'invalid_input' }))
  })

  it('that lead to nothing say where they may lead', () => {
    expect(() => resolve(ref('steps.other.output'))).toThrow(
      'An answer for step "go" refers to "steps.other.output", which is not there or not for this step. It may refer to "steps.geo.output", "inputs", "call.inputs".',
    )
    expect(() => resolve(ref(`inputs.${'x'.repeat(200)}`))).toThrow(new RegExp(`refers to "inputs\\.x{93}", which`))
  })

  it('are left alone where a JSON Schema has its own', () => {
    const schema = { a: ref('#/definitions/a'), b: ref('https://example.org/b') }
    expect(resolve(schema)).toEqual(schema)
  })
})
