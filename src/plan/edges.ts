// A reference is an edge: the document that is kept and shown names every dependency.
import type { CompiledPlan } from '../contracts/compiled.ts'
import type { Step } from '../contracts/plan.ts'

/** The plan with each step's `dependsOn` completed by the edges that its references make. */
export function completeEdges(plan: CompiledPlan): CompiledPlan {
  let isChanged = false
  const steps = plan.steps.map(({ step, dependencies }): Step => {
    if (dependencies.length === step.dependsOn.length) return step
    isChanged = true
    const named = new Set(step.dependsOn.map((name) => plan.indexOf.get(name)))
    const added = dependencies.filter((index) => !named.has(index)).map((index) => plan.steps[index]?.name ?? '')
    return { ...step, dependsOn: [...step.dependsOn, ...added] }
  })
  return isChanged ? { ...plan, document: { ...plan.document, steps } } : plan
}
