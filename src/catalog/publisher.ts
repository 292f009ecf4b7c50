// The one way to a newer snapshot: builds follow each other, and requests that come in between share the next one.
import type { PreparedComponent } from './prepare-component.ts'
import { type BuiltSnapshot, buildSnapshot } from './snapshot.ts'

export interface PublisherParts {
  /** What every source has right now, in order of precedence. The same arrays as long as nothing changed. */
  readonly lists: () => readonly (readonly PreparedComponent[])[]
  readonly onSwap: (built: BuiltSnapshot) => void
}

/** The result makes a snapshot of what there is now, and resolves when it is in force. */
export function createPublisher({ lists, onSwap }: PublisherParts): () => Promise<void> {
  let running: Promise<void> | undefined
  let isDue = false
  let published = lists()

  const run = async (): Promise<void> => {
    try {
      while (isDue) {
        isDue = false
        const next = lists()
        if (next.every((list, i) => list === published[i])) continue
        const built = await buildSnapshot(next)
        published = next
        onSwap(built)
      }
    } finally {
      // In the same turn as the last look at isDue, so that no request falls between.
      running = undefined
    }
  }
  return () => {
    isDue = true
    running ??= Promise.resolve().then(run)
    return running
  }
}
