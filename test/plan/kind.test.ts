import { describe, expect, it } from 'vitest'
import type { PreparedPlan } from '../../src/contracts/compiled.ts'
import type { PlanDocument } from '../../src/contracts/plan.ts'
import { compilePlan } from '../../src/plan/compile.ts'
import { asKind, preparedAsKind } from '../../src/plan/kind.ts'

const plain: PlanDocument = { steps: [{ name: 'a', type: 'gate', dependsOn: [] }] }
const named: PlanDocument = { ...plain, name: 'w' }

describe('a document that is run as what it is not', () => {
  it('gets the default for failures of that kind: a plan goes on, a workflow stops', () => {
    expect(asKind(named, 'plan')).toEqual({ ...named, onError: { strategy: 'continue' } })
    expect(asKind(plain, 'workflow')).toEqual({ ...plain, onError: { strategy: 'fail' } })
  })

  it('stays itself where it says so, or is of that kind already', () => {
    expect(asKind(plain, 'plan')).toBe(plain)
    expect(asKind(named, 'workflow')).toBe(named)
    for (const document of [plain, named]) {
      const own: PlanDocument = { ...document, onError: { strategy: 'fail' } }
      expect([asKind(own, 'plan'), asKind(own, 'workflow')]).toEqual([own, own])
    }
  })

  it('is compiled only once: what is prepared takes the default over', async () => {
    const prepare = async (document: PlanDocument): Promise<PreparedPlan> => {
      const { plan } = await compilePlan(document)
      if (plan === undefined) throw new Error('It does not compile.')
      return { document, compiled: plan, issues: [], fingerprint: 'f' }
    }
    const workflow = await prepare(named)
    const asPlan = preparedAsKind(workflow, 'plan')
    expect(asPlan.compiled).toEqual({ ...workflow.compiled, document: asPlan.document, onError: 'continue' })
    expect(asPlan).toEqual({ ...workflow, document: asKind(named, 'plan'), compiled: asPlan.compiled })
    expect(preparedAsKind(await prepare(plain), 'workflow').compiled.onError).toBe('fail')
    expect(preparedAsKind(workflow, 'workflow')).toBe(workflow)
  })
})
