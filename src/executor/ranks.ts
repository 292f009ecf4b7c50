// How much work hangs on each step: what it takes itself, and the longest path of what waits for it. Beginning with the largest
// keeps the critical path going (list scheduling by upward rank).
import type { CompiledPlan } from '../contracts/compiled.ts'

/** @param expectMs what step i takes by itself, ms. Costs O(steps + edges), without recursion. */
export function rankSteps(plan: CompiledPlan, expectMs: (index: number) => number): Float64Array {
  const { offsets, dependants } = plan
  const count = plan.steps.length
  const ranks = new Float64Array(count)
  const order = orderOf(plan)
  for (let k = count - 1; k >= 0; k--) {
    const index = order === undefined ? k : (order[k] ?? 0)
    const end = offsets[index + 1] ?? 0
    let longest = 0
    for (let e = offsets[index] ?? 0; e < end; e++) longest = Math.max(longest, ranks[dependants[e] ?? 0] ?? 0)
    ranks[index] = longest + expectMs(index)
  }
  return ranks
}

/** Every step before those that wait for it; undefined when the document already has them so. */
function orderOf({ inDegrees, offsets, dependants }: CompiledPlan): Int32Array | undefined {
  const count = inDegrees.length
  if (isInOrder(offsets, dependants, count)) return undefined
  const open = inDegrees.slice()
  const order = new Int32Array(count)
  let tail = 0
  for (let i = 0; i < count; i++) if (open[i] === 0) order[tail++] = i
  for (let head = 0; head < tail; head++) {
    const index = order[head] ?? 0
    const end = offsets[index + 1] ?? 0
    for (let e = offsets[index] ?? 0; e < end; e++) {
      const dependant = dependants[e] ?? 0
      const left = (open[dependant] ?? 0) - 1
      open[dependant] = left
      if (left === 0) order[tail++] = dependant
    }
  }
  return order
}

function isInOrder(offsets: Int32Array, dependants: Int32Array, count: number): boolean {
  for (let i = 0; i < count; i++) {
    const end = offsets[i + 1] ?? 0
    for (let e = offsets[i] ?? 0; e < end; e++) if ((dependants[e] ?? 0) <= i) return false
  }
  return true
}
