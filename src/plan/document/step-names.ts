// Every step has a name by which others refer to it: the one it was given, else its component's.
import type { Issue } from '../../contracts/plan.ts'
import { createIssue } from '../issue.ts'
import type { WireStep } from './schema.ts'

const NAME = /^[A-Za-z_][A-Za-z0-9_-]*$/
const MAX_NAME_LENGTH = 200

/** A word as a legal name. */
const toName = (word: string): string => word.replace(/[^A-Za-z0-9_-]+/g, '-').replace(/^(?![A-Za-z_])/, 'step-')

/** One name for each step, in order; what is wrong with those that were given goes to `issues`. */
export function nameSteps(steps: readonly WireStep[], issues: Issue[]): string[] {
  const taken = new Map<string, number>()
  for (const [i, { name }] of steps.entries()) {
    if (name === undefined) continue
    const path = ['steps', i, 'name']
    const first = taken.get(name)
    if (name.trim() === '') {
      const message = `The name of step ${i + 1} is empty. Give it one, or leave "name" out.`
      issues.push(createIssue({ code: 'empty_name', path, message }))
    } else if (!NAME.test(name) || name === '__proto__' || name.length > MAX_NAME_LENGTH) {
      const message = `"${name.slice(0, 80)}" cannot be a step's name: letters, digits, "_" and "-", not beginning with a digit or "-".`
      issues.push(createIssue({ code: 'bad_name', path, message, step: name, alternatives: [toName(name)] }))
    } else if (first !== undefined) {
      const message = `There are two steps of the name "${name}" (steps ${first + 1} and ${i + 1}). Give one of them another name.`
      issues.push(createIssue({ code: 'duplicate_name', path, message, step: name }))
    }
    if (first === undefined) taken.set(name, i)
  }
  const counts = new Map<string, number>()
  const makeUnique = (word: string, index: number): string => {
    let n = counts.get(word) ?? 1
    let name = n === 1 ? word : `${word}-${n}`
    while (taken.has(name)) name = `${word}-${++n}`
    counts.set(word, n + 1)
    taken.set(name, index)
    return name
  }
  return steps.map(({ name, component, tool, agent, capability, action, type }, i) =>
    name !== undefined && name.trim() !== ''
      ? name
      : makeUnique(toName(component ?? tool ?? agent ?? capability ?? action ?? type ?? 'gate'), i),
  )
}
