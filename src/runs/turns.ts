// Work for the next turn of the event loop. However many ask within one turn, the platform is asked once.

export interface Turns {
  /** Runs in the next turn, after those that asked before. What it throws ends the process, as with any callback. */
  next(task: Task): void
}

/** An object, so that who asks often makes no closure each time. */
export interface Task {
  turn(): void
}

export function createTurns(): Turns {
  let tasks: Task[] = []
  const turn = (): void => {
    const due = tasks
    tasks = []
    for (const task of due) task.turn()
  }
  return {
    next(task) {
      if (tasks.push(task) === 1) setImmediate(turn)
    },
  }
}
