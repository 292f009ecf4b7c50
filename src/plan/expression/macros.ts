// Loops over lists (or the keys of objects): map, filter, all, exists, exists_one. Each round pays for the nodes it runs.
import type { JsonValue } from '../../contracts/json.ts'
import { isJsonList } from '../../util/json.ts'
import type { Evaluation } from './budget.ts'
import { spendSteps } from './budget.ts'
import type { Compilation, NodeOf, Run } from './node.ts'
import { compileBoolean, isForgivable } from './operators.ts'
import { describeKind } from './values.ts'

type Test = (evaluation: Evaluation) => boolean

const ARGUMENTS = new Map([
  ['map', [2, 3]],
  ['filter', [2]],
  ['all', [2]],
  ['exists', [2]],
  ['exists_one', [2]],
])

export const isMacro = (name: string): boolean => ARGUMENTS.has(name)

/** Goes through the items with the variable set. `visit` returns true to stop. */
type Loop = (evaluation: Evaluation, visit: (item: JsonValue) => boolean) => void

export function compileMacro(compilation: Compilation, node: NodeOf<'rcall'>): Run {
  const [name, receiver, args] = node.args
  const [variable, body, transform] = args
  if (variable?.op !== 'id' || body === undefined || ARGUMENTS.get(name)?.includes(args.length) !== true) {
    throw compilation.fail(node, `${name}() takes a variable and an expression, such as list.${name}(x, x.price).`)
  }
  const range = compilation.run(receiver)
  const slot = compilation.locals.push(variable.args) - 1
  const before = compilation.nodes
  const isMap = name === 'map'
  const test = isMap && transform === undefined ? () => true : compileBoolean(compilation, body)
  const value = isMap ? compilation.run(transform ?? body) : undefined
  const cost = compilation.nodes - before + 1
  compilation.locals.pop()

  const loop: Loop = (evaluation, visit) => {
    const whole = range(evaluation)
    const items = isJsonList(whole)
      ? whole
      : typeof whole === 'object' && whole !== null
        ? Object.keys(whole)
        : undefined
    if (items === undefined)
      throw compilation.fail(node, `${name}() needs a list or an object, not ${describeKind(whole)}.`)
    for (const item of items) {
      spendSteps(evaluation, cost)
      evaluation.locals[slot] = item
      if (visit(item)) return
    }
  }
  if (name === 'all' || name === 'exists') return compileQuantifier(loop, test, name === 'exists')
  if (name === 'exists_one') return compileExistsOne(loop, test)
  return compileCollector(loop, test, value)
}

function compileCollector(loop: Loop, test: Test, value: Run | undefined): Run {
  return (evaluation) => {
    const results: JsonValue[] = []
    loop(evaluation, (item) => {
      if (test(evaluation)) results.push(value === undefined ? item : value(evaluation))
      return false
    })
    return results
  }
}

/** As with `&&` and `||`, an item that decides makes earlier failures irrelevant. */
function compileQuantifier(loop: Loop, test: Test, deciding: boolean): Run {
  return (evaluation) => {
    let failure: unknown
    let isDecided = false
    loop(evaluation, () => {
      try {
        isDecided = test(evaluation) === deciding
      } catch (error) {
        if (!isForgivable(error)) throw error
        failure ??= error
      }
      return isDecided
    })
    if (isDecided) return deciding
    if (failure !== undefined) throw failure
    return !deciding
  }
}

function compileExistsOne(loop: Loop, test: Test): Run {
  return (evaluation) => {
    let found = 0
    loop(evaluation, () => {
      if (test(evaluation)) found++
      return false
    })
    return found === 1
  }
}
