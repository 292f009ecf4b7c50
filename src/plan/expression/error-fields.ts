// The conditions of policies read fields of the error. One that no error has would make a condition false for ever: it is found
// wherever it stands, also behind an `&&` that a trial would not pass.
import { nearest } from '../../util/text.ts'
import { createExpressionError } from './error.ts'
import type { SyntaxTree } from './node.ts'

const FIELDS: readonly string[] = ['code', 'class', 'status', 'message']

/** @throws TuttiError `expression_failed` naming the field that no error has */
export function checkErrorFields(
  text: string,
  { tree, sourceOffset }: { readonly tree: SyntaxTree; readonly sourceOffset: (offset: number) => number },
): void {
  const field = fieldOfError(tree)
  if (field !== undefined && !FIELDS.includes(field)) {
    const known = FIELDS.map((name) => `"error.${name}"`).join(', ')
    const alternatives = nearest(field, FIELDS, 1)
    const reason = `There is no "error.${field}"; there are ${known}.`
    throw createExpressionError(text, sourceOffset(tree.pos), reason, { alternatives })
  }
  for (const inner of nodesIn(tree.args)) checkErrorFields(text, { tree: inner, sourceOffset })
}

function fieldOfError(node: SyntaxTree): string | undefined {
  if (node.op !== '.' && node.op !== '.?' && node.op !== '[]' && node.op !== '[?]') return undefined
  const [base, key] = node.args
  if (base.op !== 'id' || base.args !== 'error') return undefined
  return typeof key === 'string' ? key : key.op === 'value' ? String(key.args) : undefined
}

function* nodesIn(args: unknown): Generator<SyntaxTree> {
  if (Array.isArray(args)) for (const item of args) yield* nodesIn(item)
  else if (isNode(args)) yield args
}

const isNode = (value: unknown): value is SyntaxTree =>
  typeof value === 'object' && value !== null && 'op' in value && 'args' in value && 'pos' in value
