// How many arguments of planned calls are among those that the gold accepts. Calls of one capability are paired by what they agree on.
import { isDeepStrictEqual } from 'node:util'
import type { JsonObject, JsonValue } from '../../src/contracts/json.ts'

/** A call that is wanted: for each argument the values that are accepted; `""` says that it may be left out. */
export interface GoldCall {
  readonly tool: string
  readonly args: Readonly<Record<string, readonly JsonValue[]>>
}

export interface PlannedCall {
  readonly tool: string
  readonly args: JsonObject
}

/** Of the calls that were found: how many arguments the gold names or the plan gives, and how many of them are accepted. */
export function scoreArguments(
  planned: readonly PlannedCall[],
  gold: readonly GoldCall[],
): { accepted: number; compared: number; wholeCalls: number } {
  const open = [...planned]
  const sum = { accepted: 0, compared: 0, wholeCalls: 0 }
  for (const wanted of gold) {
    const rivals = open.filter(({ tool }) => tool === wanted.tool).map((call) => ({ call, ...compare(call, wanted) }))
    const [best] = rivals.sort((a, b) => b.accepted / Math.max(1, b.compared) - a.accepted / Math.max(1, a.compared))
    if (best === undefined) continue
    open.splice(open.indexOf(best.call), 1)
    sum.accepted += best.accepted
    sum.compared += best.compared
    if (best.accepted === best.compared) sum.wholeCalls++
  }
  return sum
}

function compare({ args }: PlannedCall, gold: GoldCall): { accepted: number; compared: number } {
  const names = new Set([...Object.keys(args), ...Object.keys(gold.args)])
  let accepted = 0
  for (const name of names) {
    const values = Object.hasOwn(gold.args, name) ? (gold.args[name] ?? []) : []
    const value = Object.hasOwn(args, name) ? (args[name] ?? '') : ''
    if (values.some((one) => isSame(one, value))) accepted++
  }
  return { accepted, compared: names.size }
}

/** Letters in any case, numbers also as text, arrays in their order. */
function isSame(a: JsonValue, b: JsonValue): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((one, k) => isSame(one, b[k] ?? ''))
  const plain = (value: JsonValue): JsonValue =>
    typeof value === 'string'
      ? value
          .toLowerCase()
          .replace(/[\s,.'"_-]+/g, ' ')
          .trim()
      : value
  return (
    isDeepStrictEqual(plain(a), plain(b)) || (typeof a !== 'object' && typeof b !== 'object' && String(a) === String(b))
  )
}
