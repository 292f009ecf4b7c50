// Whoever searches first should not be the one who waits for the index. It is built a little after the catalog has changed, where
// searches are to be expected: changes come in bursts, and a program that only lists its catalog is gone by then.
import type { Clock } from '../contracts/parts.ts'

export interface WarmSearchParts {
  readonly clock: Clock
  /** Builds what is missing, in the background. */
  readonly warm: () => void
}

export interface WarmSearch {
  /** From now on. `isExpected` is asked after every change of the catalog; while it says no, nothing is done. */
  keep(isExpected: () => boolean): void
  onChange(): void
  close(): void
}

const PAUSE_MS = 100

export function createWarmSearch({ clock, warm }: WarmSearchParts): WarmSearch {
  let isExpected: (() => boolean) | undefined
  let stop: (() => void) | undefined
  const onChange = (): void => {
    stop?.()
    stop = isExpected?.() === true ? clock.after(PAUSE_MS, warm) : undefined
  }
  return {
    keep(expected) {
      isExpected = expected
      onChange()
    },
    onChange,
    close() {
      isExpected = undefined
      stop?.()
    },
  }
}
