// `${...}` beyond plain paths: CEL by its syntax, JSON by its values. The library only parses; what it gives is compiled once to
// closures over the live scope, so that evaluation costs well below a microsecond and keeps to its budget.
import type { CompiledValue, Reference, Scope } from '../contracts/compiled.ts'
import { ABSENT } from '../contracts/compiled.ts'
import { TuttiError } from '../contracts/errors.ts'
import { checkResult, startEvaluation } from './expression/budget.ts'
import { compileTree } from './expression/compile.ts'
import { createExpressionError } from './expression/error.ts'
import { checkErrorFields } from './expression/error-fields.ts'
import type { SyntaxTree } from './expression/node.ts'
import { toParserText } from './expression/text.ts'
import { checkReference, compilePath, parsePath } from './scope-path.ts'

type Parse = (text: string) => SyntaxTree

let parse: Parse | undefined
let loading: Promise<void> | undefined

/** Loads the parser once. Needed before {@link compileExpression} for anything but a plain path. */
export function loadExpressions(): Promise<void> {
  loading ??= import('@marcbachmann/cel-js').then(({ Environment }) => {
    const environment = new Environment({ enableOptionalTypes: true, limits: { maxAstNodes: 4096, maxDepth: 150 } })
    parse = (text) => environment.parse(text).ast
  })
  return loading
}

/**
 * An expression without its `${}`. A plain path gives ABSENT for what is not there, and so does a path that ends in `.?key`;
 * inside anything larger a missing path is an error, except under `has()`, before `.orValue()` and where `&&` and `||` decide without it.
 * @throws TuttiError `expression_failed` with `details.offset`: bad syntax, unknown roots, fields and functions
 */
export function compileExpression(text: string): CompiledValue {
  const reference = parsePath(text)
  if (reference !== undefined) return compileReference(text, reference)
  const { references, run } = compileTree(text, parseTree(text))
  return {
    source: text,
    references,
    isLiteral: false,
    evaluate(scope) {
      const evaluation = startEvaluation(scope, text)
      const value = run(evaluation)
      if (value !== ABSENT) checkResult(evaluation, value)
      return value
    },
  }
}

/** What the condition of a fallback may read of the error that it is for. `status` is 0 when no HTTP answer came. */
export type ErrorFacts = Readonly<Record<'code' | 'class' | 'message', string>> & { readonly status: number }

const SOME_ERROR: ErrorFacts = { code: 'component_failed', class: 'backend', status: 500, message: '' }

/**
 * The `when` of a fallback in a recovery policy: an expression that knows `error.code`, `error.class`, `error.status` and
 * `error.message`, nothing else, and gives true or false. Tried once at once, so that a wrong field is found when it is loaded.
 * @throws TuttiError `expression_failed`, `expression_too_expensive`; what it gives throws the same
 */
export function compileErrorCondition(text: string): (error: ErrorFacts) => boolean {
  const source = parsePath(text) === undefined ? parseTree(text) : undefined
  if (source !== undefined) checkErrorFields(text, source)
  const compiled = source === undefined ? undefined : compileTree(text, source, ['error'])
  if (compiled === undefined || compiled.references.length > 0) {
    throw createExpressionError(text, 0, 'Here only the "error" can be read: its code, class, status and message.')
  }
  const decide = (error: ErrorFacts): boolean => {
    const evaluation = startEvaluation(NO_SCOPE, text)
    evaluation.locals.push({ ...error })
    const value = compiled.run(evaluation)
    if (typeof value === 'boolean') return value
    throw createExpressionError(text, 0, 'A condition gives true or false. Compare it, for example with ==.')
  }
  decide(SOME_ERROR)
  return decide
}

const NO_SCOPE: Scope = {
  inputs: {},
  run: { id: '', request: null, started_at: '' },
  step: () => undefined,
  component: () => undefined,
  secret: () => undefined,
}

function compileReference(text: string, reference: Reference): CompiledValue {
  const problem = checkReference(reference)
  if (problem !== undefined) throw createExpressionError(text, text.indexOf(reference.text), problem)
  return { source: text, references: [reference], isLiteral: false, evaluate: compilePath(reference) }
}

function parseTree(text: string): { readonly tree: SyntaxTree; readonly sourceOffset: (offset: number) => number } {
  if (text.trim() === '') throw createExpressionError(text, 0, 'The expression is empty.')
  if (parse === undefined) {
    throw new TuttiError('internal', 'An expression was compiled before loadExpressions() had resolved.')
  }
  const { text: parserText, sourceOffset } = toParserText(text)
  try {
    return { tree: parse(parserText), sourceOffset }
  } catch (error) {
    const { summary, offset } = describeSyntaxError(error)
    throw createExpressionError(text, sourceOffset(offset), `The expression cannot be read: ${summary}.`)
  }
}

/** The parser's errors carry a summary and a place; anything else, such as an exhausted stack, is told in our words. */
function describeSyntaxError(error: unknown): { readonly summary: string; readonly offset: number } {
  const fallback = { summary: 'it is too complex', offset: 0 }
  if (!(error instanceof Error) || !('summary' in error) || typeof error.summary !== 'string') return fallback
  const range = 'range' in error ? error.range : undefined
  const hasStart = typeof range === 'object' && range !== null && 'start' in range && typeof range.start === 'number'
  const summary = error.summary
    .replace(/(?:Unexpected token: |got )EOF/, (found) => found.replace('EOF', 'the end'))
    .replace(/\.$/, '')
  return { summary: summary.charAt(0).toLowerCase() + summary.slice(1), offset: hasStart ? Number(range.start) : 0 }
}
