// From a callback to an async iterable: what is pushed before anybody reads is kept, in order.

export interface EventQueue<T> extends AsyncIterable<T> {
  push(item: T): void
  /** No more items; readers end after the last one. */
  end(): void
  /** Readers get the items so far, then this error. */
  fail(error: unknown): void
}

/** One reader only. `onReturn` is called when the reader stops early. */
export function createEventQueue<T>(onReturn?: () => void): EventQueue<T> {
  let items: T[] = []
  let head = 0
  let ended = false
  let failure: { readonly error: unknown } | undefined
  let wake: (() => void) | undefined
  const notify = (): void => {
    wake?.()
    wake = undefined
  }
  return {
    push(item) {
      if (ended) return
      items.push(item)
      notify()
    },
    end() {
      ended = true
      notify()
    },
    fail(error) {
      if (ended) return
      ended = true
      failure = { error }
      notify()
    },
    async *[Symbol.asyncIterator]() {
      try {
        for (;;) {
          while (head < items.length) {
            const item = items[head++] as T
            if (head === items.length) {
              items = []
              head = 0
            }
            yield item
          }
          if (failure !== undefined) throw failure.error
          if (ended) return
          await new Promise<void>((resolve) => {
            wake = resolve
          })
        }
      } finally {
        ended = true
        onReturn?.()
      }
    },
  }
}
