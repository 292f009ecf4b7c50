// What a command sees of the world around it, so that tests can hand in another one.
import type { Clock } from '../contracts/parts.ts'

export interface Output {
  write(text: string): unknown
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
}

export interface Terminal {
  /** Results only. */
  readonly stdout: Output
  /** Progress, warnings, logs. */
  readonly stderr: Output
  readonly cwd: string
  /** Colours are wanted, where a stream can show them. */
  readonly color: boolean
  readonly clock: Clock
  /** Calls back on Ctrl-C (and on SIGTERM for `serve`); returns what ends that. */
  onStop(signals: readonly ('SIGINT' | 'SIGTERM')[], callback: () => void): () => void
}

/** Columns that a line may fill without wrapping. A terminal without a size says 0. */
export const lineWidth = ({ columns = 0 }: Output, whereUnknown = 100): number =>
  Math.max(20, (columns > 0 ? columns : whereUnknown) - 1)

/** A command ends with one of these; `waiting` is a run that waits for somebody, `partial` an answer with gaps. */
export const EXIT = { ok: 0, failed: 1, usage: 2, invalid: 3, waiting: 4, partial: 5, interrupted: 130 } as const
export type ExitCode = (typeof EXIT)[keyof typeof EXIT]
