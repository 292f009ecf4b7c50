// Operators: arithmetic over one number type, comparison by content, and logic that asks its right side before it fails.
import { TuttiError } from '../../contracts/errors.ts'
import type { JsonValue } from '../../contracts/json.ts'
import { isJsonList } from '../../util/json.ts'
import type { Evaluation } from './budget.ts'
import { MAX_ELEMENTS, MAX_TEXT, spendElements, spendScan, spendSteps, spendText } from './budget.ts'
import type { Compilation, NodeOf, Run, SyntaxTree } from './node.ts'
import { areEqual, compareValues, describeKind, isNumber } from './values.ts'

type Arithmetic = '-' | '*' | '/' | '%'
type Order = '<' | '<=' | '>' | '>='

const ARITHMETIC: Readonly<Record<Arithmetic, (a: number, b: number) => number>> = {
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
}
const ORDER: Readonly<Record<Order, (order: number) => boolean>> = {
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
}

const TOO_LARGE = 'The result is too large for a number.'

export function compileArithmetic(compilation: Compilation, node: NodeOf<Arithmetic>): Run {
  const left = compilation.run(node.args[0])
  const right = compilation.run(node.args[1])
  const compute = ARITHMETIC[node.op]
  const divides = node.op === '/' || node.op === '%'
  return (evaluation) => {
    const a = left(evaluation)
    const b = right(evaluation)
    if (!isNumber(a) || !isNumber(b)) {
      throw compilation.fail(node, `"${node.op}" needs two numbers, not ${describeKind(a)} and ${describeKind(b)}.`)
    }
    const divisor = Number(b)
    if (divides && divisor === 0) throw compilation.fail(node, 'Division by zero.')
    const result = compute(Number(a), divisor)
    if (!Number.isFinite(result)) throw compilation.fail(node, TOO_LARGE)
    // JSON has no -0.
    return result || 0
  }
}

/** `a + b + c` in one go, so that a long text is paid for once and a long sum nests no closures. */
export function compileSum(compilation: Compilation, node: NodeOf<'+'>): Run {
  const nodes: SyntaxTree[] = []
  let at: SyntaxTree = node
  while (at.op === '+') {
    nodes.unshift(at.args[1])
    at = at.args[0]
  }
  const first = compilation.run(at)
  const others = nodes.map((part) => compilation.run(part))
  return (evaluation) => {
    let total = first(evaluation)
    for (const part of others) total = addValues(compilation, node, evaluation, total, part(evaluation))
    if (typeof total === 'string') spendText(evaluation, total.length)
    return total
  }
}

function addValues(
  compilation: Compilation,
  node: SyntaxTree,
  evaluation: Evaluation,
  a: JsonValue,
  b: JsonValue,
): JsonValue {
  if (isNumber(a) && isNumber(b)) {
    const sum = Number(a) + Number(b)
    if (!Number.isFinite(sum)) throw compilation.fail(node, TOO_LARGE)
    return sum || 0
  }
  if (typeof a === 'string' && typeof b === 'string') {
    const text = a + b
    if (text.length > MAX_TEXT) spendText(evaluation, text.length)
    return text
  }
  if (isJsonList(a) && isJsonList(b)) {
    // Before the list is made: concatenation copies.
    spendElements(evaluation, Math.min(a.length + b.length, MAX_ELEMENTS + 1))
    return [...a, ...b]
  }
  const hint = typeof a === 'string' || typeof b === 'string' ? ' string(x) turns a value into text.' : ''
  throw compilation.fail(
    node,
    `"+" adds two numbers, two texts or two lists, not ${describeKind(a)} and ${describeKind(b)}.${hint}`,
  )
}

export function compileNegation(compilation: Compilation, node: NodeOf<'-_'>): Run {
  const operand = compilation.run(node.args)
  return (evaluation) => {
    const value = operand(evaluation)
    if (typeof value === 'bigint') return -value
    if (typeof value === 'number') return -value || 0
    throw compilation.fail(node, `"-" needs a number, not ${describeKind(value)}.`)
  }
}

export function compileOrder(compilation: Compilation, node: NodeOf<Order>): Run {
  const left = compilation.run(node.args[0])
  const right = compilation.run(node.args[1])
  const decide = ORDER[node.op]
  return (evaluation) => {
    const a = left(evaluation)
    const b = right(evaluation)
    const order = compareValues(a, b)
    if (order === undefined) {
      throw compilation.fail(
        node,
        `"${node.op}" compares two numbers or two texts, not ${describeKind(a)} and ${describeKind(b)}.`,
      )
    }
    if (typeof a === 'string') spendScan(evaluation, a.length)
    return decide(order)
  }
}

export function compileEquality(compilation: Compilation, node: NodeOf<'==' | '!='>): Run {
  const left = compilation.run(node.args[0])
  const right = compilation.run(node.args[1])
  const wanted = node.op === '=='
  return (evaluation) => areEqual(left(evaluation), right(evaluation), evaluation) === wanted
}

/** `x in LIST`, `"key" in OBJECT`. */
export function compileMembership(compilation: Compilation, node: NodeOf<'in'>): Run {
  const left = compilation.run(node.args[0])
  const right = compilation.run(node.args[1])
  return (evaluation) => {
    const item = left(evaluation)
    const whole = right(evaluation)
    if (isJsonList(whole)) {
      spendSteps(evaluation, whole.length)
      return whole.some((other) => areEqual(item, other, evaluation))
    }
    if (typeof whole === 'object' && whole !== null) return typeof item === 'string' && Object.hasOwn(whole, item)
    const hint = typeof whole === 'string' ? ' A text is searched with text.contains(part).' : ''
    throw compilation.fail(node, `"in" needs a list or an object on its right, not ${describeKind(whole)}.${hint}`)
  }
}

/** Where a boolean is due; 0, "" and null are not false. */
export function compileBoolean(compilation: Compilation, node: SyntaxTree): (evaluation: Evaluation) => boolean {
  const run = compilation.run(node)
  return (evaluation) => {
    const value = run(evaluation)
    if (typeof value === 'boolean') return value
    throw compilation.fail(node, `True or false is needed here, not ${describeKind(value)}. Compare it with something.`)
  }
}

/** Budgets are never forgiven; every other failure may be made irrelevant by the other side. */
export const isForgivable = (error: unknown): boolean =>
  error instanceof TuttiError && error.code === 'expression_failed'

/** A chain of `&&` or `||`: the first side that decides does so, even after another has failed. */
export function compileLogic(compilation: Compilation, node: NodeOf<'&&' | '||'>): Run {
  const nodes: SyntaxTree[] = []
  let at: SyntaxTree = node
  while (at.op === node.op) {
    nodes.unshift(at.args[1])
    at = at.args[0]
  }
  const sides = [at, ...nodes].map((side) => compileBoolean(compilation, side))
  const deciding = node.op === '||'
  return (evaluation) => {
    let failure: unknown
    for (const side of sides) {
      try {
        if (side(evaluation) === deciding) return deciding
      } catch (error) {
        if (!isForgivable(error)) throw error
        failure ??= error
      }
    }
    if (failure !== undefined) throw failure
    return !deciding
  }
}

export function compileNot(compilation: Compilation, node: NodeOf<'!_'>): Run {
  const operand = compileBoolean(compilation, node.args)
  return (evaluation) => !operand(evaluation)
}

export function compileTernary(compilation: Compilation, node: NodeOf<'?:'>): Run {
  const condition = compileBoolean(compilation, node.args[0])
  const yes = compilation.run(node.args[1])
  const no = compilation.run(node.args[2])
  return (evaluation) => (condition(evaluation) ? yes(evaluation) : no(evaluation))
}
