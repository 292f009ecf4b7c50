// The catalog is asked again when a component is not where it was. Many steps notice at once, and go on noticing: one look
// serves them all, and who comes a moment later takes what it found.
import type { CatalogView } from '../contracts/parts.ts'
import { raceAbort } from '../util/abort.ts'
import type { StepExecution } from './step-execution.ts'

/** So old may a look be; a component that moves takes longer to come up elsewhere. */
const FRESH_MS = 1_000

interface Look {
  readonly done: Promise<void>
  /** ms since the epoch; Infinity while it lasts. */
  endedAt: number
}

const looks = new WeakMap<CatalogView, Look>()
/** The look is everybody's: the end of one step does not end it. */
const NOBODYS = new AbortController().signal

/** @throws what the catalog throws, or TuttiError `cancelled` as soon as the step is stopped */
export function refreshView({ run, frame, signal }: StepExecution): Promise<void> {
  const { view } = run
  const { clock } = frame
  const last = looks.get(view)
  if (last !== undefined && clock.now() - last.endedAt < FRESH_MS) return raceAbort(last.done, signal)
  const look: Look = { done: view.refresh(NOBODYS), endedAt: Infinity }
  looks.set(view, look)
  const end = (): void => {
    look.endedAt = clock.now()
  }
  look.done.then(end, end)
  return raceAbort(look.done, signal)
}
