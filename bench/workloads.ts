// Seeded plans of the shapes that engines are compared on. A node depends on earlier nodes only; `ms` is how long its work sleeps.

export interface Node {
  readonly id: string
  readonly deps: readonly number[]
  readonly ms: number
}

/** Xorshift: the same numbers on every machine. */
function createSeeded(seed: number): () => number {
  let state = seed >>> 0 || 1
  return () => {
    state ^= state << 13
    state >>>= 0
    state ^= state >>> 17
    state ^= state << 5
    state >>>= 0
    return state / 2 ** 32
  }
}

const node = (index: number, deps: Iterable<number> = [], ms = 0): Node => ({
  id: `n${index}`,
  deps: [...deps].sort((a, b) => a - b),
  ms,
})
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i)

/** W1: `count` independent steps, then one that joins them all. */
const fanOut = (count: number): Node[] => [...range(count).map((i) => node(i)), node(count, range(count))]
/** W2: a chain. */
const chain = (count: number): Node[] => range(count).map((i) => node(i, i === 0 ? [] : [i - 1]))

/** W3: layers of 20, each step with 2 to 4 dependencies in the five layers before, one of them in the last. */
function layered(count: number): Node[] {
  const random = createSeeded(7)
  const width = 20
  return range(count).map((i) => {
    const layer = Math.floor(i / width)
    if (layer === 0) return node(i)
    const first = Math.max(0, layer - 5) * width
    const deps = new Set([(layer - 1) * width + Math.floor(random() * width)])
    const wanted = 2 + Math.floor(random() * 3)
    while (deps.size < wanted) deps.add(first + Math.floor(random() * (layer * width - first)))
    return node(i, deps)
  })
}

/** W4: ten lanes of sleeping steps with some edges across; many short ones, a few long. */
function lanes(count: number): Node[] {
  const random = createSeeded(11)
  return range(count).map((i) => {
    const short = 5 + Math.floor(random() * random() * 96)
    const ms = random() < 0.12 ? 60 + Math.floor(random() * 41) : short
    if (i < 10) return node(i, [], ms)
    const deps = new Set([i - 10])
    if (random() < 0.15) deps.add(Math.floor(random() * Math.max(1, i - 10)))
    return node(i, deps, ms)
  })
}

/** W5: one run of six steps, a → b, c, d → e → f; many of them at once. */
const diamond = (): Node[] => [node(0), node(1, [0]), node(2, [0]), node(3, [0]), node(4, [1, 2, 3]), node(5, [4])]

export type Workload = 'W1' | 'W2' | 'W3' | 'W4' | 'W5' | 'W6'

/** The nodes of a workload of this size; for W5 the size is the number of runs, for W6 the length of the chain. */
export function createNodes(workload: Workload, size: number): Node[] {
  switch (workload) {
    case 'W1':
      return fanOut(size)
    case 'W2':
    case 'W6':
      return chain(size)
    case 'W3':
      return layered(size)
    case 'W4':
      return lanes(size)
    case 'W5':
      return diamond()
  }
}

/** Longest path through the sleeping times, ms. */
export function criticalPathMs(nodes: readonly Node[]): number {
  const ends: number[] = []
  for (const { deps, ms } of nodes) ends.push(ms + Math.max(0, ...deps.map((d) => ends[d] ?? 0)))
  return Math.max(...ends)
}

/** About 100 KB of JSON, passed along the chain of W6. */
export const createPayload = (): {
  hop: number
  rows: { id: number; name: string; tags: string[]; value: number; text: string }[]
} => ({
  hop: 0,
  rows: range(1000).map((i) => ({
    id: i,
    name: `row-${i}`,
    tags: ['a', 'b', 'c'],
    value: i * 1.5,
    text: 'x'.repeat(40),
  })),
})
