// The best k of many without sorting them all: a heap whose top is the worst of those kept.

export interface TopK<T> {
  offer(item: T): void
  /** Best first. Empties the heap. */
  take(): T[]
}

/** `isBetter` must be a strict order, so that the result does not depend on the order of the offers. */
export function createTopK<T>(k: number, isBetter: (a: T, b: T) => boolean): TopK<T> {
  const heap: T[] = []
  const at = (i: number): T => heap[i] as T
  const swap = (i: number, j: number): void => {
    const item = at(i)
    heap[i] = at(j)
    heap[j] = item
  }
  const sinkTop = (): void => {
    let i = 0
    for (;;) {
      let worst = i
      for (const child of [2 * i + 1, 2 * i + 2])
        if (child < heap.length && isBetter(at(worst), at(child))) worst = child
      if (worst === i) return
      swap(i, worst)
      i = worst
    }
  }
  return {
    offer(item) {
      if (heap.length < k) {
        heap.push(item)
        for (let i = heap.length - 1; i > 0; ) {
          const parent = (i - 1) >> 1
          if (!isBetter(at(parent), at(i))) break
          swap(i, parent)
          i = parent
        }
      } else if (k > 0 && isBetter(item, at(0))) {
        heap[0] = item
        sinkTop()
      }
    },
    take: () => heap.splice(0).sort((a, b) => (isBetter(a, b) ? -1 : 1)),
  }
}
