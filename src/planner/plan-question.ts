// A plan that lacks nothing but values which only the user can know is no failure: it becomes a question to the user.
import type { Capability } from '../contracts/capability.ts'
import type { CatalogView } from '../contracts/parts.ts'
import type { Issue, PlanDocument, Step } from '../contracts/plan.ts'
import { isJsonObject } from '../util/json.ts'
import { truncateText } from '../util/text.ts'
import { QUESTION } from './prompts/question.ts'

const MAX_DESCRIPTION_CHARS = 200

/** The plan as a question; undefined when anything else is wrong with it than required inputs that are not given. */
export function questionFor(
  document: PlanDocument,
  issues: readonly Issue[],
  view: CatalogView,
): PlanDocument | undefined {
  const errors = issues.filter(({ severity }) => severity === 'error')
  const missing = new Map<string, string>()
  for (const { code, pointer } of errors) {
    const asked = code === 'missing_input' ? inputAt(document, pointer, view) : undefined
    if (asked === undefined) return undefined
    const { capability, name } = asked
    const description = describe(capability, name)
    missing.set(`${capability.name}.${name}`, description)
  }
  if (missing.size === 0) return undefined
  const wanted = [...missing].map(([place, description]) => (description === '' ? place : `${place}: ${description}`))
  return { steps: [], reason: `${QUESTION} ${wanted.join('; ')}.`, missing: wanted }
}

/** The input that `/steps/2/inputs/city` speaks of, or `/steps/2/inputs/address/city`. */
function inputAt(
  { steps }: PlanDocument,
  pointer: string,
  view: CatalogView,
): { readonly capability: Capability; readonly name: string } | undefined {
  const [, index, name] = /^\/steps\/(\d+)\/inputs\/(.+)$/.exec(pointer) ?? []
  const step = index === undefined ? undefined : steps[Number(index)]
  const capability = step && capabilityOf(step, view)
  if (capability === undefined || name === undefined) return undefined
  return { capability, name: name.replaceAll('/', '.').replaceAll('~1', '/').replaceAll('~0', '~') }
}

function capabilityOf({ component, action, capability }: Step, view: CatalogView): Capability | undefined {
  const wanted = action ?? capability
  const by = component ?? (wanted === undefined ? undefined : view.offering(wanted)[0]?.name)
  if (by === undefined) return undefined
  if (wanted !== undefined) return view.find(by, wanted)
  const [only, ...others] = view.component(by)?.capabilities ?? []
  return others.length === 0 ? only : undefined
}

/** As its author describes it, in one line; else what it may be. */
function describe({ inputSchema }: Capability, name: string): string {
  const { properties } = inputSchema
  const schema = isJsonObject(properties) && Object.hasOwn(properties, name) ? properties[name] : undefined
  if (!isJsonObject(schema)) return ''
  const text = typeof schema.description === 'string' ? schema.description.replace(/\s+/g, ' ').trim() : ''
  if (text !== '') return truncateText(text.replace(/\.$/, ''), MAX_DESCRIPTION_CHARS)
  if (Array.isArray(schema.enum))
    return `one of ${truncateText(schema.enum.map(String).join(', '), MAX_DESCRIPTION_CHARS)}`
  return typeof schema.type === 'string' ? schema.type : ''
}
