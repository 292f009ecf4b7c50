// Lists of numbers whose length is not known beforehand, without an object per number.

export interface GrowingArray<A> {
  readonly length: number
  push(value: number): void
  /** A view of what was pushed; not valid after the next push. */
  view(): A
}

function createGrowing<
  A extends {
    readonly length: number
    [index: number]: number
    set(from: A): void
    subarray(from: number, to: number): A
  },
>(make: (length: number) => A, capacity: number): GrowingArray<A> {
  let values = make(Math.max(1, capacity))
  let length = 0
  return {
    get length() {
      return length
    },
    push(value) {
      if (length === values.length) {
        const larger = make(2 * length)
        larger.set(values)
        values = larger
      }
      values[length++] = value
    },
    view: () => values.subarray(0, length),
  }
}

/** With the length known beforehand, nothing is ever copied. */
export const createGrowingInts = (capacity = 1024): GrowingArray<Int32Array> =>
  createGrowing((length) => new Int32Array(length), capacity)
