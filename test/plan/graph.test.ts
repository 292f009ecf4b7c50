import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createGraph, findCycles, longestPath, sortTopologically, stagesOf } from '../../src/plan/graph.ts'

/** Dependencies that only lead to earlier steps. */
const acyclic = fc
  .array(fc.array(fc.nat(1_000), { maxLength: 5 }), { maxLength: 60 })
  .map((lists) => lists.map((list, i) => (i === 0 ? [] : [...new Set(list.map((n) => n % i))])))
const anyGraph = fc
  .array(fc.array(fc.nat(1_000), { maxLength: 4 }), { minLength: 1, maxLength: 40 })
  .map((lists) => lists.map((list) => [...new Set(list.map((n) => n % lists.length))]))

describe('the graph', () => {
  it('counts dependencies and lists every dependant once', () => {
    fc.assert(
      fc.property(anyGraph, (dependencies) => {
        const { inDegrees, offsets, dependants } = createGraph(dependencies)
        expect([...inDegrees]).toEqual(dependencies.map((list) => list.length))
        const edges = dependencies.flatMap((list, to) => list.map((from) => `${from}>${to}`))
        const found = dependencies.flatMap((_, from) =>
          [...dependants.subarray(offsets[from], offsets[from + 1])].map((to) => `${from}>${to}`),
        )
        expect(found.sort()).toEqual(edges.sort())
      }),
    )
  })

  it('orders every acyclic graph so that steps come after their dependencies', () => {
    fc.assert(
      fc.property(acyclic, (dependencies) => {
        const order = [...sortTopologically(createGraph(dependencies))]
        expect([...order].sort((a, b) => a - b)).toEqual(dependencies.map((_, i) => i))
        const place = new Map(order.map((step, at) => [step, at]))
        dependencies.forEach((list, to) => {
          for (const from of list) expect(place.get(from)).toBeLessThan(place.get(to) ?? -1)
        })
      }),
    )
  })

  it('finds a cycle exactly when there is one, and each named step waits for the one before it', () => {
    fc.assert(
      fc.property(anyGraph, (dependencies) => {
        const graph = createGraph(dependencies)
        const cycles = findCycles(dependencies, graph)
        expect(cycles.length > 0).toBe(sortTopologically(graph).length < dependencies.length)
        for (const cycle of cycles) {
          cycle.forEach((step, i) => {
            const before = cycle[(i - 1 + cycle.length) % cycle.length]
            expect(dependencies[step]).toContain(before)
          })
        }
      }),
    )
  })

  it('puts each step one stage behind its latest dependency, and the longest path has one step of each stage', () => {
    fc.assert(
      fc.property(acyclic, (dependencies) => {
        const order = sortTopologically(createGraph(dependencies))
        const stages = stagesOf(dependencies, order)
        dependencies.forEach((list, i) => {
          expect(stages[i]).toBe(list.length === 0 ? 0 : 1 + Math.max(...list.map((from) => stages[from] ?? 0)))
        })
        const path = longestPath(dependencies, order, () => 1)
        expect(path.map((step) => stages[step])).toEqual(path.map((_, i) => i))
        expect(path).toHaveLength(dependencies.length === 0 ? 0 : Math.max(...stages) + 1)
      }),
    )
  })

  it('tells a cycle from its earliest step on, and each step that is in one once', () => {
    const cyclesOf = (dependencies: number[][]): number[][] => findCycles(dependencies, createGraph(dependencies))
    expect(cyclesOf([[3], [2], [3], [1]])).toEqual([[1, 3, 2]])
    // Step 2 only waits for the cycle of 0 and 1.
    expect(cyclesOf([[1], [0], [0]])).toEqual([[0, 1]])
    expect(cyclesOf([[0]])).toEqual([[0]])
    expect(cyclesOf([])).toEqual([])
    const pairs = Array.from({ length: 50 }, (_, i) => [i % 2 === 0 ? i + 1 : i - 1])
    expect(cyclesOf(pairs)).toEqual(Array.from({ length: 20 }, (_, i) => [2 * i, 2 * i + 1]))
  })

  it('takes the earliest of equally long paths, and all of one whose steps weigh nothing', () => {
    const longest = (dependencies: number[][], weightOf: (step: number) => number): number[] =>
      longestPath(dependencies, sortTopologically(createGraph(dependencies)), weightOf)
    expect(longest([[], [], [0, 1]], () => 1)).toEqual([0, 2])
    expect(longest([[], []], () => 1)).toEqual([0])
    expect(longest([[], [0], [1]], (step) => (step === 2 ? 1 : 0))).toEqual([0, 1, 2])
    expect(longest([[], [], [1, 0]], (step) => step)).toEqual([1, 2])
    expect(longest([], () => 1)).toEqual([])
  })

  it('handles a chain and a ring of 100,000 steps without recursion', () => {
    const chain = Array.from({ length: 100_000 }, (_, i) => (i === 0 ? [] : [i - 1]))
    const graph = createGraph(chain)
    expect(findCycles(chain, graph)).toEqual([])
    expect(longestPath(chain, sortTopologically(graph), () => 1)).toHaveLength(100_000)
    const ring = chain.map((list, i) => (i === 0 ? [99_999] : list))
    expect(findCycles(ring, createGraph(ring))[0]).toHaveLength(100_000)
  })
})
