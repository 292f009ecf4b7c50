// A plan that was written anew beside the one before: which of its steps had been steps of that one, so that what has finished is
// not done again. A step that does the same under another name is the same step.
import type { PlanDocument, Step } from '../contracts/plan.ts'
import { dependenciesOf, diffPlans, type PlanDiff, stepHash } from './diff.ts'

export interface KeptSteps {
  /** By the step's name in the new plan: its name in the one before. */
  readonly nameBefore: ReadonlyMap<string, string>
  /** Names in the plan before. */
  readonly wasKept: ReadonlySet<string>
}

/** A renamed step is found when all that it builds on has kept its name: the others refer to something else. */
export function keptSteps(
  before: PlanDocument,
  after: PlanDocument,
  diff: PlanDiff = diffPlans(before, after),
): KeptSteps {
  const nameBefore = new Map(diff.kept.map((name) => [name, name]))
  if (diff.added.length > 0 && diff.removed.length > 0) {
    const same = new Set(diff.kept)
    const contentOf = (step: Step): string | undefined => {
      const dependencies = [...dependenciesOf(step)].sort()
      if (step.type !== 'call' || dependencies.some((name) => !same.has(name))) return undefined
      return [stepHash(step), ...dependencies].join(' ')
    }
    const removed = new Map<string, string[]>()
    for (const step of stepsOf(before, diff.removed)) {
      const content = contentOf(step)
      if (content !== undefined) removed.set(content, [...(removed.get(content) ?? []), step.name])
    }
    for (const step of stepsOf(after, diff.added)) {
      const content = contentOf(step)
      const name = content === undefined ? undefined : removed.get(content)?.shift()
      if (name !== undefined) nameBefore.set(step.name, name)
    }
  }
  return { nameBefore, wasKept: new Set(nameBefore.values()) }
}

function stepsOf({ steps }: PlanDocument, names: readonly string[]): Step[] {
  const wanted = new Set(names)
  return steps.filter(({ name }) => wanted.has(name))
}
