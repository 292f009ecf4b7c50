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

/** Those that do something: gates and waits are alike under any name. */
const WITH_RESULT: ReadonlySet<Step['type']> = new Set(['call', 'transform', 'ai-generate'])

/** A renamed step is found once all that it builds on is, under whatever name. */
export function keptSteps(
  before: PlanDocument,
  after: PlanDocument,
  diff: PlanDiff = diffPlans(before, after),
): KeptSteps {
  const nameBefore = new Map(diff.kept.map((name) => [name, name]))
  const gone = new Map<string, string[]>()
  for (const step of stepsOf(before, [...diff.removed, ...diff.changed])) {
    const content = contentOf(step, (name) => name)
    if (content !== undefined) gone.set(content, [...(gone.get(content) ?? []), step.name])
  }
  let open = gone.size === 0 ? [] : stepsOf(after, [...diff.added, ...diff.changed])
  for (let count = Infinity; open.length < count; ) {
    count = open.length
    open = open.filter((step) => {
      const content = contentOf(step, (name) => nameBefore.get(name))
      const name = content === undefined ? undefined : gone.get(content)?.shift()
      if (name !== undefined) nameBefore.set(step.name, name)
      return name === undefined
    })
  }
  return { nameBefore, wasKept: new Set(nameBefore.values()) }
}

/** What the step does, told in other names; undefined when it builds on something that has none. */
function contentOf(step: Step, nameOf: (name: string) => string | undefined): string | undefined {
  const names = [...dependenciesOf(step)].map(nameOf)
  if (!WITH_RESULT.has(step.type) || names.includes(undefined)) return undefined
  return [stepHash(step, (name) => nameOf(name) ?? name), ...names.sort()].join(' ')
}

function stepsOf({ steps }: PlanDocument, names: readonly string[]): Step[] {
  const wanted = new Set(names)
  return steps.filter(({ name }) => wanted.has(name))
}
