// Long work in short pieces: a catalog of ten thousand components is read while runs go on, so nothing may hold the
// event loop for long. Counted in units of work, not in time, so that it needs no clock.

/** Lets others have their turn. */
export const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })

/** Call with the units just done; await what it returns, if anything, to let others have their turn. */
export type Pace = (units: number) => Promise<void> | undefined

/** Gives way once every `unitsPerTurn`. */
export function createPace(unitsPerTurn: number): Pace {
  let done = 0
  return (units) => {
    done += units
    if (done < unitsPerTurn) return undefined
    done = 0
    return nextTurn()
  }
}
