import { beforeAll, describe, expect, it, vi } from 'vitest'
import type { Issue } from '../../src/contracts/plan.ts'
import type { compilePlan } from '../../src/plan/compile.ts'
import { readDocument } from '../../src/plan/document.ts'
import type { compileExpression } from '../../src/plan/expression.ts'

describe('the parser', () => {
  const call = { name: 'a', component: 'k' }
  const needing: [string, object][] = [
    ['outputs', { steps: [call], outputs: { x: '${1 + 1}' } }],
    ['an if', { steps: [{ ...call, if: '1 + 1 == 2' }] }],
    ['a wait', { steps: [{ name: 'a', wait: { until: '1 + 1 == 2' } }] }],
    ['a wait with text', { steps: [{ name: 'a', wait: { until: '${string(inputs.day)}T10:00' } }] }],
    ['inputs', { steps: [{ ...call, inputs: { x: '${1 + 1}' } }] }],
    ['a transform', { steps: [{ name: 'a', set: { x: '${1 + 1}' } }] }],
    ['a prompt', { steps: [{ name: 'a', type: 'ai-generate', prompt: '${1 + 1}' }] }],
    ['a key', { steps: [{ ...call, concurrency: { key: '${1 + 1}', limit: 1 } }] }],
    ['the second fallback', { steps: [{ ...call, fallback: [{ value: 1 }, { value: '${1 + 1}' }] }] }],
    ['inputs of a fallback', { steps: [{ ...call, fallback: [{ component: 'k', inputs: { x: '${1 + 1}' } }] }] }],
  ]
  const plain = {
    steps: [
      { ...call, if: 'inputs.a', inputs: { x: 'a ${inputs.a} ${steps.b.output.c}' }, fallback: [{ component: 'k' }] },
      { name: 'b', wait: { until: '2030-01-01T00:00:00Z' }, fallback: [{ value: '${inputs.a}' }] },
      { name: 'c', wait: { until: 'inputs.a' } },
      { name: 'd', wait: { until: '${inputs.a}' } },
    ],
    outputs: { x: '${inputs.a}' },
  }
  interface Compiler {
    compilePlan: typeof compilePlan
    compileExpression: typeof compileExpression
  }
  const compilers: Compiler[] = []
  beforeAll(async () => {
    for (const _ of [...needing, plain]) {
      vi.resetModules()
      const { compilePlan } = await import('../../src/plan/compile.ts')
      const { compileExpression } = await import('../../src/plan/expression.ts')
      compilers.push({ compilePlan, compileExpression })
    }
  })
  /** The document compiled by a compiler of its own, and whether that has a parser then. */
  const compileFresh = async (document: object): Promise<{ issues: Issue[]; isLoaded: boolean }> => {
    const fresh = compilers.pop()
    const { document: read } = await readDocument(document)
    if (fresh === undefined || read === undefined) throw new Error('There is nothing to compile.')
    const { issues } = await fresh.compilePlan(read)
    let isLoaded = true
    try {
      fresh.compileExpression('1 + 1')
    } catch {
      isLoaded = false
    }
    return { issues, isLoaded }
  }

  it.each(needing)('is loaded for %s', async (_, document) => {
    expect(await compileFresh(document)).toEqual({ issues: [], isLoaded: true })
  })

  it('is not loaded for plain paths and times', async () => {
    expect(await compileFresh(plain)).toEqual({ issues: [], isLoaded: false })
  })
})
