import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/contracts/json.ts'
import { compilePlan } from '../../src/plan/compile.ts'
import { readDocument } from '../../src/plan/document.ts'
import { evaluateOutputs } from '../../src/plan/outputs.ts'
import { createScope } from './expression-scope.ts'

const outputsOf = async (outputs: JsonObject) => {
  const { document } = await readDocument({ steps: [{ name: 'a', set: { x: 1 } }], outputs })
  if (document === undefined) throw new Error('The document cannot be read.')
  const { plan } = await compilePlan(document)
  if (plan === undefined) throw new Error('The document cannot be compiled.')
  return evaluateOutputs(
    plan,
    createScope({ steps: { a: { output: { x: 1, none: null, list: [1], object: { y: 2 } } } } }),
  )
}

describe('the outputs of a document', () => {
  it('are given as far as they are there, and what is not is listed', async () => {
    expect(await outputsOf({ x: '${steps.a.output.x}', gone: '${steps.a.output.gone}', fixed: 5 })).toEqual({
      outputs: { x: 1, fixed: 5 },
      missing: ['outputs.gone'],
    })
  })

  it('list a path that is not there inside an object and a list, too', async () => {
    const { outputs, missing } = await outputsOf({
      o: { there: '${steps.a.output.x}', q: '${steps.a.output.gone}', deep: [{ r: '${steps.a.output.gone}' }] },
    })
    expect(outputs).toEqual({ o: { there: 1, deep: [{}] } })
    expect(missing).toEqual(['outputs.o.q', 'outputs.o.deep[0].r'])
  })

  it('give null as a value (B27)', async () => {
    expect(await outputsOf({ n: '${steps.a.output.none}', o: { n: '${steps.a.output.none}' } })).toEqual({
      outputs: { n: null, o: { n: null } },
    })
  })

  it('take lists and objects whole, and are nothing where the document names none', async () => {
    expect(await outputsOf({ l: '${steps.a.output.list}', o: { p: '${steps.a.output.object}' } })).toEqual({
      outputs: { l: [1], o: { p: { y: 2 } } },
    })
    const { plan } = await compilePlan({ steps: [] })
    expect(plan && evaluateOutputs(plan, createScope())).toEqual({})
  })

  it('say in one line why an expression gave nothing', async () => {
    const { missing } = await outputsOf({ d: '${steps.a.output.x / 0}' })
    expect(missing).toEqual(['outputs.d: Division by zero.'])
  })
})
