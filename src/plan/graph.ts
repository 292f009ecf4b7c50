// The graph of steps as arrays of numbers: counters and neighbours, without recursion and in time linear in steps and edges.

/** Step `i` waits for the steps `dependencies[i]` (indices, without repeats). */
export type Dependencies = readonly (readonly number[])[]

export interface Graph {
  /** How many dependencies each step has. */
  readonly inDegrees: Int32Array
  /** Dependants of step i: `dependants[offsets[i] .. offsets[i + 1])`. */
  readonly offsets: Int32Array
  readonly dependants: Int32Array
}

export function createGraph(dependencies: Dependencies): Graph {
  const count = dependencies.length
  const inDegrees = new Int32Array(count)
  const offsets = new Int32Array(count + 1)
  for (const [i, list] of dependencies.entries()) {
    inDegrees[i] = list.length
    for (const from of list) offsets[from + 1] = (offsets[from + 1] ?? 0) + 1
  }
  for (let i = 0; i < count; i++) offsets[i + 1] = (offsets[i + 1] ?? 0) + (offsets[i] ?? 0)
  const next = offsets.slice(0, count)
  const dependants = new Int32Array(offsets[count] ?? 0)
  for (const [i, list] of dependencies.entries()) {
    for (const from of list) {
      const at = next[from] ?? 0
      dependants[at] = i
      next[from] = at + 1
    }
  }
  return { inDegrees, offsets, dependants }
}

/** An order in which every step comes after its dependencies; shorter than the graph when there are cycles. */
export function sortTopologically({ inDegrees, offsets, dependants }: Graph): Int32Array {
  const left = inDegrees.slice()
  const order = new Int32Array(left.length)
  let end = 0
  for (const [i, degree] of left.entries()) if (degree === 0) order[end++] = i
  for (let at = 0; at < end; at++) {
    const step = order[at] ?? 0
    for (let k = offsets[step] ?? 0; k < (offsets[step + 1] ?? 0); k++) {
      const dependant = dependants[k] ?? 0
      const degree = (left[dependant] ?? 0) - 1
      left[dependant] = degree
      if (degree === 0) order[end++] = dependant
    }
  }
  return order.subarray(0, end)
}

const MAX_CYCLES = 20

/** Cycles as lists of steps, each followed by the one that waits for it; disjoint, so that each fault is told once. */
export function findCycles(dependencies: Dependencies, graph: Graph): number[][] {
  const order = sortTopologically(graph)
  if (order.length === dependencies.length) return []
  const done = new Uint8Array(dependencies.length)
  for (const step of order) done[step] = 1
  const cycles: number[][] = []
  const seenIn = new Int32Array(dependencies.length)
  for (let start = 0; start < dependencies.length && cycles.length < MAX_CYCLES; start++) {
    if (done[start] === 1) continue
    // Every step left waits for another one left, so going back ends in a cycle or in one that was told.
    const walk: number[] = []
    let step: number | undefined = start
    while (step !== undefined && seenIn[step] !== start + 1) {
      seenIn[step] = start + 1
      walk.push(step)
      step = dependencies[step]?.find((from) => done[from] === 0)
    }
    if (step !== undefined) cycles.push(rotate(walk.slice(walk.indexOf(step)).reverse()))
    for (const passed of walk) done[passed] = 1
  }
  return cycles
}

/** The same cycle, told from its earliest step on. */
function rotate(cycle: readonly number[]): number[] {
  const at = cycle.indexOf(cycle.reduce((least, step) => Math.min(least, step), Infinity))
  return [...cycle.slice(at), ...cycle.slice(0, at)]
}

/** For each step the earliest stage, from 0, in which it can start. The graph has no cycles. */
export function stagesOf(dependencies: Dependencies, order: Int32Array): Int32Array {
  const stages = new Int32Array(dependencies.length)
  for (const step of order) {
    let stage = 0
    for (const from of dependencies[step] ?? []) stage = Math.max(stage, (stages[from] ?? 0) + 1)
    stages[step] = stage
  }
  return stages
}

/** The chain of steps with the largest sum of weights; the earliest of equal ones. */
export function longestPath(
  dependencies: Dependencies,
  order: Int32Array,
  weightOf: (step: number) => number,
): number[] {
  const sums = new Float64Array(dependencies.length)
  const previous = new Int32Array(dependencies.length).fill(-1)
  let last = -1
  for (const step of order) {
    let best = -1
    for (const from of dependencies[step] ?? []) if (best === -1 || (sums[from] ?? 0) > (sums[best] ?? 0)) best = from
    previous[step] = best
    sums[step] = weightOf(step) + (best === -1 ? 0 : (sums[best] ?? 0))
    if (last === -1 || (sums[step] ?? 0) > (sums[last] ?? 0)) last = step
  }
  const path: number[] = []
  for (let step = last; step !== -1; step = previous[step] ?? -1) path.push(step)
  return path.reverse()
}
