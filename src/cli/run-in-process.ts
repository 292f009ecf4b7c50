// The command line bound to this process: its streams, its signals, its exit code.
import { readTerminalWishes } from '../config/load-config.ts'
import { createClock } from '../util/clock.ts'
import { runCli } from './program.ts'
import { EXIT, type Terminal } from './terminal.ts'

/** A reader that has seen enough (`| head`) ends the program without a word. */
function endQuietlyOnClosedPipe(stream: NodeJS.WriteStream): void {
  stream.on('error', (error: NodeJS.ErrnoException) => process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failed))
}

/** Runs the command of `process.argv` and sets the exit code. */
export async function runInProcess(): Promise<void> {
  endQuietlyOnClosedPipe(process.stdout)
  endQuietlyOnClosedPipe(process.stderr)
  const terminal: Terminal = {
    stdout: process.stdout,
    stderr: process.stderr,
    cwd: process.cwd(),
    color: !readTerminalWishes().noColor,
    clock: createClock(),
    onStop(signals, callback) {
      for (const signal of signals) process.on(signal, callback)
      return () => {
        for (const signal of signals) process.off(signal, callback)
      }
    },
  }
  process.exitCode = await runCli(process.argv.slice(2), terminal)
  // What is done is done: a connection that lingers does not keep the prompt away.
  setTimeout(() => process.exit(), 1_000).unref()
}
