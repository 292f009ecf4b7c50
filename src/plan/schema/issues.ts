// The schema library's errors as issues: where, what stands there, what is wanted, which values are legal.
import type { ErrorObject } from 'ajv/dist/2020.js'
import type { JsonValue } from '../../contracts/json.ts'
import { isJsonList, isJsonObject, stringifyJson } from '../../util/json.ts'
import { nearest, truncateText } from '../../util/text.ts'
import { pathOf, pointerOf, valueAt } from '../issue.ts'

/** One place where a value does not fit. */
export interface SchemaIssue {
  /** JSON pointer into the value; for a missing or unknown property, to that property. */
  readonly pointer: string
  readonly message: string
  /** The JSON Schema keyword that failed, such as `type`, `required`, `enum`. */
  readonly keyword: string
  /** The wanted type, for `type`. */
  readonly wanted?: string
  /** What stands there. */
  readonly value?: unknown
  readonly alternatives?: readonly string[]
}

/** At most this many: a wrong list of thousands need not be told item by item. */
const MAX_ISSUES = 50

/** The errors in our words, those inside a choice left out: the choice itself is told. */
export function describeErrors(errors: readonly ErrorObject[], root: JsonValue): readonly SchemaIssue[] {
  const choices = errors.filter(({ keyword }) => keyword === 'anyOf' || keyword === 'oneOf')
  const told = errors.filter(
    (error) =>
      error.keyword !== 'if' && !choices.some((choice) => error.schemaPath.startsWith(`${choice.schemaPath}/`)),
  )
  const seen = new Set<string>()
  const issues: SchemaIssue[] = []
  for (const error of told.slice(0, MAX_ISSUES)) {
    const issue = describeError(error, root)
    const key = `${issue.pointer} ${issue.keyword} ${issue.message}`
    if (!seen.has(key)) issues.push(issue)
    seen.add(key)
  }
  return issues
}

const paramOf = (error: ErrorObject, name: string): unknown => (error.params as Readonly<Record<string, unknown>>)[name]
const quoteValue = (value: unknown): string => truncateText(stringifyJson(value), 80)

function describeError(error: ErrorObject, root: JsonValue): SchemaIssue {
  const { keyword } = error
  const place = error.instancePath === '' ? 'The value' : `"${error.instancePath.slice(1)}"`
  switch (keyword) {
    case 'required': {
      const name = String(paramOf(error, 'missingProperty'))
      return {
        pointer: error.instancePath + pointerOf([name]),
        keyword,
        message: `"${name}" is required and missing.`,
      }
    }
    case 'additionalProperties': {
      const name = String(paramOf(error, 'additionalProperty'))
      const { properties } = (error.parentSchema ?? {}) as { readonly properties?: unknown }
      const legal = isJsonObject(properties) ? Object.keys(properties) : []
      return {
        pointer: error.instancePath + pointerOf([name]),
        keyword,
        message: `"${name}" is not known here; known are ${legal.join(', ') || 'none'}.`,
        alternatives: nearest(name, legal),
      }
    }
    case 'enum': {
      const allowed = isJsonList(error.schema) ? error.schema : []
      const texts = allowed.map((item) => (typeof item === 'string' ? item : stringifyJson(item)))
      const value = valueAt(root, pathOf(error.instancePath))
      return {
        pointer: error.instancePath,
        keyword,
        message: `${place} is ${quoteValue(value)}; allowed are ${truncateText(texts.join(', '), 300)}.`,
        value,
        alternatives: nearest(typeof value === 'string' ? value : quoteValue(value), texts),
      }
    }
    case 'type': {
      const value = valueAt(root, pathOf(error.instancePath))
      const type = paramOf(error, 'type')
      const wanted = Array.isArray(type) ? type.join(' or ') : String(type)
      return {
        pointer: error.instancePath,
        keyword,
        message: `${place} is ${quoteValue(value)}; a value of type ${wanted} is wanted.`,
        wanted,
        value,
      }
    }
    default: {
      const value = valueAt(root, pathOf(error.instancePath))
      const rule =
        keyword === 'x-tutti-pattern'
          ? `must match the pattern ${String(error.schema)}`
          : keyword === 'x-tutti-unique'
            ? 'must not have equal items'
            : (error.message ?? 'does not fit')
      return {
        pointer: error.instancePath,
        keyword: keyword.startsWith('x-tutti-') ? keyword.slice(8) : keyword,
        message: `${place} is ${quoteValue(value)}; it ${rule}.`,
        value,
      }
    }
  }
}
