// The rules of a document's inputs: one type, maybe a default, maybe a list of legal values; and values brought to them.
import type { JsonValue } from '../../contracts/json.ts'
import type { InputSpec, Issue } from '../../contracts/plan.ts'
import { isJsonList, isJsonObject, stringifyJson } from '../../util/json.ts'
import { nearest, truncateText } from '../../util/text.ts'
import { createIssue, type Path } from '../issue.ts'
import { chooseValue, convert, fits } from '../schema/convert-value.ts'

const asText = (value: unknown): string => (typeof value === 'string' ? value : stringifyJson(value))

/**
 * The value in the type of the input, or what is wrong with it.
 * The messages for a secret input do not quote the value.
 */
export function fitInput(
  name: string,
  spec: InputSpec,
  given: JsonValue,
  path: Path,
): { readonly value: JsonValue } | { readonly issue: Issue } {
  const { type, enum: values, secret = false } = spec
  const converted = type === 'any' || fits(type, given) ? given : convert([type], given)
  const value = values === undefined ? converted : chooseValue(values, converted)
  const shown = secret ? 'a secret' : truncateText(stringifyJson(given), 60)
  if (type !== 'any' && !fits(type, value)) {
    const message = `Input "${name}" is ${shown}; a value of type ${type} is wanted.`
    return { issue: createIssue({ code: 'wrong_type', path, message }) }
  }
  if (values !== undefined && !values.some((choice) => isEqual(choice, value))) {
    const texts = values.map(asText)
    const message = `Input "${name}" is ${shown}; allowed are ${truncateText(texts.join(', '), 200)}.`
    return {
      issue: createIssue({
        code: 'not_in_enum',
        path,
        message,
        alternatives: secret ? [] : nearest(asText(value), texts),
      }),
    }
  }
  return { value }
}

function isEqual(a: JsonValue, b: JsonValue): boolean {
  return a === b || (typeof a === 'object' && typeof b === 'object' && stringifyJson(a) === stringifyJson(b))
}

/** Defaults must themselves be legal; a default of a reference is not computed. */
export function checkInputSpecs(inputs: Readonly<Record<string, InputSpec>>): Issue[] {
  const issues: Issue[] = []
  for (const [name, spec] of Object.entries(inputs)) {
    if (spec.default === undefined || spec.default === null) continue
    if (spec.secret === true) {
      // A document is stored and shown whole.
      const message = `Input "${name}" is a secret, but its default stands in the document. Leave the default out and give the value with the run.`
      issues.push(createIssue({ code: 'secret_leak', path: ['inputs', name, 'default'], message }))
      continue
    }
    const fitted = fitInput(name, spec, spec.default, ['inputs', name, 'default'])
    if ('issue' in fitted)
      issues.push({ ...fitted.issue, message: `The default does not fit. ${fitted.issue.message}` })
  }
  return issues
}

/** Names of inputs that anything in the value refers to, also inside expressions; `all` when it takes the inputs as a whole. */
export function collectInputNames(value: unknown, names: Set<string>): void {
  if (typeof value === 'string') {
    if (!value.includes('inputs')) return
    for (const [, dotted, double, single] of value.matchAll(INPUT_REFERENCE)) {
      const name = dotted ?? double ?? single
      names.add(name ?? ALL_INPUTS)
    }
  } else if (isJsonList(value)) for (const item of value) collectInputNames(item, names)
  else if (isJsonObject(value)) for (const item of Object.values(value)) collectInputNames(item, names)
}

/** Stands for `${inputs}`, which takes whatever is given. */
export const ALL_INPUTS = '*'
const INPUT_REFERENCE =
  /(?<![\w.$])inputs(?:\s*\.\s*([\p{L}_$][\p{L}\p{N}_$]*)|\s*\[\s*(?:"([^"]*)"|'([^']*)')\s*\]|(?![\w]))/gu
