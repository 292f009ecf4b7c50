// What happens to capabilities that a plan names and the provider did not offer: real ones are shown to the model, invented ones
// become words to look for real ones with.
import type { OfferedCapability } from '../contracts/capability.ts'
import type { JsonValue } from '../contracts/json.ts'
import type { CatalogView } from '../contracts/parts.ts'
import type { Issue, IssueCode, PlanDocument, Step } from '../contracts/plan.ts'
import { nameKey } from '../util/name-key.ts'
import { truncateText } from '../util/text.ts'

const MAX_WORDS_CHARS = 400
const INVENTED: ReadonlySet<IssueCode> = new Set<IssueCode>(['unknown_component', 'unknown_action', 'not_offered'])

const keyOf = (component: string, capability: string): string =>
  JSON.stringify([nameKey(component), nameKey(capability)])

/** The first list, and what the second adds to it. */
export function mergeOffered(
  offered: readonly OfferedCapability[],
  more: readonly OfferedCapability[],
): OfferedCapability[] {
  const merged = new Map<string, OfferedCapability>()
  for (const one of [...offered, ...more]) {
    const key = keyOf(one.component.name, one.capability.name)
    if (!merged.has(key) && one.capability.internal !== true) merged.set(key, one)
  }
  return [...merged.values()]
}

/** Capabilities that the plan calls and that are there, though they were not offered: the model has yet to see their inputs. */
export function findUnseen({ steps }: PlanDocument, view: CatalogView): OfferedCapability[] {
  return steps.flatMap(({ component: name, action, capability: alone }) => {
    const wanted = alone ?? action
    const component =
      name === undefined ? (wanted === undefined ? undefined : view.offering(wanted)[0]) : view.component(name)
    if (component === undefined) return []
    const found = wanted === undefined ? undefined : view.find(component.name, wanted)
    const capabilities = found === undefined ? component.capabilities : [found]
    return capabilities.map((capability) => ({ component, capability }))
  })
}

/** What the steps that name nothing real tried to do, in words; empty when there are none. */
export function wordsOfInvented(document: PlanDocument, issues: readonly Issue[]): string {
  const words: string[] = []
  for (const issue of issues) {
    if (!INVENTED.has(issue.code)) continue
    const index = /^\/steps\/(\d+)/.exec(issue.pointer)?.[1]
    const step =
      document.steps.find((one) => one.name === issue.step) ??
      (index === undefined ? undefined : document.steps[Number(index)])
    if (step !== undefined) words.push(wordsOfStep(step))
  }
  return truncateText([...new Set(words)].join(' '), MAX_WORDS_CHARS)
}

function wordsOfStep(step: Step): string {
  const inputs = typeof step.inputs === 'object' ? Object.entries(step.inputs) : []
  const values = inputs.flatMap(([name, value]) => [name, ...literalWords(value)])
  return [step.component, step.action, step.capability, step.description, ...values]
    .filter((text) => text !== undefined)
    .join(' ')
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1 $2')
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
}

/** References say where a value comes from, not what is wanted. */
const literalWords = (value: JsonValue): string[] => (typeof value === 'string' && !value.includes('${') ? [value] : [])
