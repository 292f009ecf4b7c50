// What our schemas want, in words for whoever wrote the value: "must be at least 1". Given to every parse of outside data, so that
// no message names a library's types. A message that stands in the schema itself is stronger.
import type { z } from 'zod'

type RawIssue = Parameters<z.core.$ZodErrorMap>[0]

const KINDS: Readonly<Record<string, string>> = {
  string: 'text',
  int: 'a whole number',
  number: 'a number',
  boolean: 'true or false',
  array: 'a list',
  object: 'an object',
  record: 'an object',
}

/** "a whole number" for what a schema calls `int`. */
export const kindInWords = (expected: string): string =>
  Object.hasOwn(KINDS, expected) ? (KINDS[expected] ?? expected) : expected

/** Ends without a full stop; begins with "must" or "is". undefined: nothing better is known than the schema's own words. */
export function inWords(issue: RawIssue): string | undefined {
  switch (issue.code) {
    case 'invalid_type':
      return issue.input === undefined ? 'is missing' : `must be ${kindInWords(issue.expected)}`
    case 'invalid_value':
      return `must be ${issue.values.length === 1 ? '' : 'one of '}${issue.values.map(String).join(', ')}`
    case 'too_small':
      return boundInWords(issue.origin, issue.minimum, issue.inclusive === false ? 'more than' : 'at least')
    case 'too_big':
      return boundInWords(issue.origin, issue.maximum, issue.inclusive === false ? 'less than' : 'at most')
    default:
      return undefined
  }
}

function boundInWords(origin: string, bound: number | bigint, relation: string): string {
  if (origin === 'string')
    return bound === 1 && relation === 'at least' ? 'must not be empty' : `must have ${relation} ${bound} characters`
  if (origin !== 'array' && origin !== 'set') return `must be ${relation} ${bound}`
  return bound === 1 ? `must have ${relation} one entry` : `must have ${relation} ${bound} entries`
}
