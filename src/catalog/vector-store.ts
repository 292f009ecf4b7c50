// Vectors of texts, of length one, in blocks of typed arrays; found by the hash of the text. The nearest are searched exactly, in
// slices that leave the event loop to others.
import { createPace } from '../util/pace.ts'
import { createTopK } from './top-k.ts'

export interface NearRow {
  readonly position: number
  /** Cosine, -1 to 1. */
  readonly score: number
}

export interface VectorStore {
  /** 0 while it is empty. */
  readonly dimensions: number
  readonly size: number
  /** The row of a text; undefined when it has none. */
  rowOf(hash: string): number | undefined
  /** Takes a copy, normalised. @returns the row, or undefined when its numbers or their count cannot be used */
  add(hash: string, vector: Float32Array): number | undefined
  /** Reads, do not write. */
  vectorAt(row: number): Float32Array
  entries(): IterableIterator<[hash: string, row: number]>
  /** `rows[position]` is -1 where there is no vector yet. Best first; equal scores by position. */
  nearest(query: Float32Array, rows: Int32Array, limit: number): Promise<NearRow[]>
}

const ROWS_PER_BLOCK = 512
/** Multiplications before others have their turn: about 2 ms. */
const PRODUCTS_PER_TURN = 2_000_000

/** The vector with length one; undefined when a number in it is none, or when it has no direction. */
export function normalise(vector: Float32Array): Float32Array | undefined {
  let sum = 0
  for (let i = 0; i < vector.length; i++) sum += (vector[i] as number) ** 2
  if (!Number.isFinite(sum) || sum <= 0) return undefined
  const length = Math.sqrt(sum)
  return vector.map((value) => value / length)
}

/** Four sums side by side wait for each other half as long as one. */
function dot(query: Float32Array, block: Float32Array, from: number): number {
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  const whole = query.length & ~3
  let i = 0
  for (let at = from; i < whole; i += 4, at += 4) {
    a += (query[i] as number) * (block[at] as number)
    b += (query[i + 1] as number) * (block[at + 1] as number)
    c += (query[i + 2] as number) * (block[at + 2] as number)
    d += (query[i + 3] as number) * (block[at + 3] as number)
  }
  for (; i < query.length; i++) a += (query[i] as number) * (block[from + i] as number)
  return a + b + c + d
}

export function createVectorStore(): VectorStore {
  const rows = new Map<string, number>()
  const blocks: Float32Array[] = []
  let dimensions = 0

  const placeOf = (row: number): readonly [Float32Array, number] => {
    const block = blocks[Math.floor(row / ROWS_PER_BLOCK)]
    if (block === undefined) throw new RangeError(`There is no row ${row}.`)
    return [block, (row % ROWS_PER_BLOCK) * dimensions]
  }
  const scan: VectorStore['nearest'] = async (query, of, limit) => {
    if (query.length !== dimensions) return []
    const pace = createPace(PRODUCTS_PER_TURN)
    const best = createTopK<NearRow>(
      Math.min(limit, of.length),
      (a, b) => a.score > b.score || (a.score === b.score && a.position < b.position),
    )
    for (let position = 0; position < of.length; position++) {
      const row = of[position] as number
      if (row < 0) continue
      const [block, from] = placeOf(row)
      best.offer({ position, score: dot(query, block, from) })
      const turn = pace(dimensions)
      if (turn !== undefined) await turn
    }
    return best.take()
  }
  // One after the other: the slices of twenty scans side by side would add up to one long hold of the event loop.
  let last: Promise<unknown> = Promise.resolve()

  return {
    get dimensions() {
      return dimensions
    },
    get size() {
      return rows.size
    },
    rowOf: (hash) => rows.get(hash),
    add(hash, vector) {
      const unit =
        vector.length > 0 && (dimensions === 0 || vector.length === dimensions) ? normalise(vector) : undefined
      if (unit === undefined) return undefined
      dimensions = unit.length
      const known = rows.get(hash)
      if (known !== undefined) return known
      const row = rows.size
      if (row % ROWS_PER_BLOCK === 0) blocks.push(new Float32Array(ROWS_PER_BLOCK * dimensions))
      rows.set(hash, row)
      const [block, from] = placeOf(row)
      block.set(unit, from)
      return row
    },
    vectorAt(row) {
      const [block, from] = placeOf(row)
      return block.subarray(from, from + dimensions)
    },
    entries: () => rows.entries(),
    nearest(query, of, limit) {
      const found = last.then(() => scan(query, of, limit))
      last = found.catch(() => undefined)
      return found
    },
  }
}
