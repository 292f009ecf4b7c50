// The inputs of a run: what was given, with defaults, in the types that the document declares.
import type { JsonObject, JsonValue } from '../contracts/json.ts'
import type { Issue, PlanDocument } from '../contracts/plan.ts'
import { didYouMean, nearest } from '../util/text.ts'
import { ALL_INPUTS, collectInputNames, fitInput } from './document/input-spec.ts'
import { createIssue } from './issue.ts'
import { textOf } from './schema/convert-value.ts'

export interface ResolvedInputs {
  readonly inputs: JsonObject
  /** Texts of the inputs declared secret, by name, and by path for what is inside an object or a list. */
  readonly secrets: Map<string, string>
  /** Pointers lead into the given inputs: `/inputs/amount`. */
  readonly issues: Issue[]
}

/** Applies defaults, checks and converts types. An input that is neither declared nor referred to is an error. */
export function resolveInputs(document: PlanDocument, given: JsonObject): ResolvedInputs {
  if (document.inputs === undefined && isEmpty(given)) return { inputs: {}, secrets: new Map(), issues: [] }
  const declared = new Map(Object.entries(document.inputs ?? {}))
  const inputs = new Map<string, JsonValue>()
  const secrets = new Map<string, string>()
  const issues: Issue[] = []
  for (const [name, spec] of declared) {
    const path = ['inputs', name]
    // null is a value where anything is; elsewhere it says that none was given.
    const none = acceptsNull(spec.type) ? undefined : null
    const own = Object.hasOwn(given, name) ? given[name] : undefined
    const value = own === none || own === undefined ? spec.default : own
    if (value === undefined || value === none) {
      if (spec.required === true) {
        const message = `Input "${name}" is required${spec.description === undefined ? '' : ` (${spec.description})`} and was not given.`
        issues.push(createIssue({ code: 'missing_input', path, message }))
      }
      continue
    }
    const fitted = fitInput(name, spec, value, path)
    if ('issue' in fitted) issues.push(fitted.issue)
    else {
      inputs.set(name, fitted.value)
      if (spec.secret === true) collectSecrets(name, fitted.value, secrets)
    }
  }
  const others = Object.keys(given).filter((name) => !declared.has(name))
  if (others.length > 0) {
    const used = new Set<string>()
    for (const part of [document.steps, document.outputs]) collectInputNames(part, used)
    for (const name of others) {
      const value = given[name]
      if (value === undefined) continue
      if (used.has(name) || used.has(ALL_INPUTS)) inputs.set(name, value)
      else issues.push(unknownInput(name, [...declared.keys(), ...used]))
    }
  }
  return { inputs: Object.fromEntries(inputs), secrets, issues }
}

/** Every text and number in a secret is one: `credentials`, or `credentials.password` inside an object. */
function collectSecrets(name: string, value: JsonValue, secrets: Map<string, string>): void {
  if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) collectSecrets(`${name}.${key}`, item, secrets)
    return
  }
  const text = typeof value === 'boolean' ? undefined : textOf(value)
  if (text !== undefined && text !== '') secrets.set(name, text)
}

function isEmpty(given: JsonObject): boolean {
  for (const name in given) if (Object.hasOwn(given, name)) return false
  return true
}

const acceptsNull = (type: string): boolean => type === 'any'

function unknownInput(name: string, known: readonly string[]): Issue {
  const alternatives = nearest(name, known)
  const message =
    known.length === 0
      ? `Input "${name}" was given, but the document takes no inputs.`
      : `Input "${name}" was given, but the document neither declares it nor refers to it.${didYouMean(name, alternatives)}`
  return createIssue({ code: 'unknown_input', path: ['inputs', name], message, alternatives })
}
