// From the parser's syntax tree to closures, one node at a time; the kinds of nodes have their own files.

import type { Reference } from '../../contracts/compiled.ts'
import { ABSENT } from '../../contracts/compiled.ts'
import type { JsonValue } from '../../contracts/json.ts'
import { nearest } from '../../util/text.ts'
import {
  compileAccess,
  compileHas,
  compileOptionalMethod,
  isOptional,
  isOptionalMethod,
  requirePresent,
} from './access.ts'
import { createExpressionError } from './error.ts'
import { FUNCTION_NAMES, findFunction } from './functions.ts'
import { compileMacro, isMacro } from './macros.ts'
import type { Compilation, NodeOf, Probe, Run, SyntaxTree } from './node.ts'
import {
  compileArithmetic,
  compileEquality,
  compileLogic,
  compileMembership,
  compileNegation,
  compileNot,
  compileOrder,
  compileSum,
  compileTernary,
} from './operators.ts'

/** Nested deeper than this, evaluation could exhaust the stack. */
const MAX_DEPTH = 300

/**
 * @param variables names that hold a value from the start, in the order of `Evaluation.locals`
 * @throws TuttiError `expression_failed`: unknown roots, fields and functions, wrong numbers of arguments
 */
export function compileTree(
  text: string,
  parsed: { readonly tree: SyntaxTree; readonly sourceOffset: (offset: number) => number },
  variables: readonly string[] = [],
): { readonly references: readonly Reference[]; readonly run: Probe } {
  let depth = 0
  let nodes = 0
  const compilation: Compilation = {
    references: [],
    locals: [...variables],
    get nodes() {
      return nodes
    },
    run(node) {
      if (++depth > MAX_DEPTH) throw compilation.fail(node, `An expression nests at most ${MAX_DEPTH} operations deep.`)
      nodes++
      const run = compileNode(compilation, node)
      depth--
      return run
    },
    probe(node) {
      nodes++
      if (node.op === 'rcall' && isOptionalMethod(node.args[0])) return compileOptionalMethod(compilation, node)
      return compileAccess(compilation, node) ?? compilation.run(node)
    },
    fail: (node, reason, details) => createExpressionError(text, parsed.sourceOffset(node.pos), reason, details),
  }
  const { tree } = parsed
  const run = isOptional(tree) ? compilation.probe(tree) : compilation.run(tree)
  return { references: compilation.references, run }
}

function compileNode(compilation: Compilation, node: SyntaxTree): Run {
  switch (node.op) {
    case 'value':
      return compileLiteral(compilation, node)
    case 'id':
    case '.':
    case '.?':
    case '[]':
    case '[?]':
      return requirePresent(compilation, node, compileAccess(compilation, node) ?? (() => ABSENT))
    case 'call':
    case 'rcall':
      return compileCall(compilation, node)
    case 'list':
      return compileList(compilation, node)
    case 'map':
      return compileObject(compilation, node)
    case '+':
      return compileSum(compilation, node)
    case '-':
    case '*':
    case '/':
    case '%':
      return compileArithmetic(compilation, node)
    case '-_':
      return compileNegation(compilation, node)
    case '<':
    case '<=':
    case '>':
    case '>=':
      return compileOrder(compilation, node)
    case '==':
    case '!=':
      return compileEquality(compilation, node)
    case 'in':
      return compileMembership(compilation, node)
    case '&&':
    case '||':
      return compileLogic(compilation, node)
    case '!_':
      return compileNot(compilation, node)
    case '?:':
      return compileTernary(compilation, node)
  }
}

function compileLiteral(compilation: Compilation, node: NodeOf<'value'>): Run {
  const literal = node.args
  if (literal !== null && typeof literal === 'object') {
    throw compilation.fail(node, 'Bytes and unsigned integers are not supported; write a text or a number.')
  }
  const rounded = Number(literal)
  const value = typeof literal === 'bigint' && Number.isSafeInteger(rounded) ? rounded : literal
  return () => value
}

function compileList(compilation: Compilation, node: NodeOf<'list'>): Run {
  const items = node.args.map((item) => compilation.run(item))
  return (evaluation) => items.map((item) => item(evaluation))
}

function compileObject(compilation: Compilation, node: NodeOf<'map'>): Run {
  const members = node.args.map(([key, value]) => [key, compilation.run(key), compilation.run(value)] as const)
  return (evaluation) => {
    const result: Record<string, JsonValue> = {}
    for (const [node, readKey, readValue] of members) {
      const key = readKey(evaluation)
      if (typeof key !== 'string' || key === '__proto__')
        throw compilation.fail(node, 'The key of an object is a text.')
      result[key] = readValue(evaluation)
    }
    return result
  }
}

/** `f(x, y)`, `x.f(y)`, and the forms that look like calls. */
function compileCall(compilation: Compilation, node: NodeOf<'call'> | NodeOf<'rcall'>): Run {
  const [name] = node.args
  if (node.op === 'rcall') {
    if (isMacro(name)) return compileMacro(compilation, node)
    if (isOptionalMethod(name)) return requirePresent(compilation, node, compileOptionalMethod(compilation, node))
  } else if (name === 'has') {
    return compileHas(compilation, node, node.args[1])
  }
  const called = findFunction(name)
  if (called === undefined) {
    const alternatives = nearest(name, FUNCTION_NAMES)
    throw compilation.fail(node, `There is no function "${name}". Nearest: ${alternatives.slice(0, 3).join(', ')}.`, {
      alternatives,
    })
  }
  const nodes = node.op === 'rcall' ? [node.args[1], ...node.args[2]] : node.args[1]
  if (nodes.length < called.min || nodes.length > called.max) {
    const wanted = called.min === called.max ? String(called.min) : `${called.min} to ${called.max}`
    throw compilation.fail(
      node,
      `${name}() takes ${wanted} arguments with the value it is called on, not ${nodes.length}.`,
    )
  }
  const args = nodes.map((argument) => compilation.run(argument))
  const fail = (reason: string) => compilation.fail(node, reason)
  return (evaluation) => called.call({ args: args.map((argument) => argument(evaluation)), evaluation, fail })
}
