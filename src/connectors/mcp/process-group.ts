// A child process and everything it started, as one: begun in a group of its own, ended as a group. None outlives this process,
// unless that is killed outright; then a child sees the end of its input.
import type { ChildProcess } from 'node:child_process'
import { spawn } from 'node:child_process'
import type { Clock } from '../../contracts/parts.ts'

export interface ProcessSpec {
  readonly command: string
  readonly args: readonly string[]
  readonly env: Readonly<Record<string, string>>
  readonly cwd: string | undefined
}

/** How long a child may take to end by itself, and after being asked to, ms. */
const LEAVE_MS = 500
const TERM_MS = 1_500

const HAS_GROUPS = process.platform !== 'win32'

const living = new Set<ChildProcess>()

function killAll(): void {
  for (const child of living) killGroup(child, 'SIGKILL')
}

/** They end a process without a word to anybody, and reach no child in a group of its own. */
const ENDING = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const satisfies readonly NodeJS.Signals[]

/**
 * Where nobody else says what such a signal means, it still ends the process. Who does is not to notice that somebody listens here:
 * it is asked first, while listeners that serve once are still there, and has stepped aside when others count who listens.
 */
function onSignal(signal: NodeJS.Signals): void {
  process.off(signal, onSignal)
  if (process.listenerCount(signal) > 0) {
    setImmediate(() => {
      if (living.size > 0) listenFirst(signal)
    })
    return
  }
  killAll()
  stopWatching()
  process.kill(process.pid, signal)
}

function listenFirst(signal: NodeJS.Signals): void {
  process.off(signal, onSignal)
  process.prependListener(signal, onSignal)
}

function watchOwnEnd(): void {
  process.on('exit', killAll)
  for (const signal of ENDING) listenFirst(signal)
}

function stopWatching(): void {
  process.off('exit', killAll)
  for (const signal of ENDING) process.off(signal, onSignal)
}

/** Also what the child started; those that have ended already are no trouble. */
export function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (HAS_GROUPS && child.pid !== undefined) process.kill(-child.pid, signal)
    else child.kill(signal)
  } catch {
    // Nobody is left to be told.
  }
}

/** Starts it with pipes for input, output and errors. Nothing is interpreted by a shell. */
export function startProcess({ command, args, env, cwd }: ProcessSpec): ChildProcess {
  const child = spawn(command, args, {
    env: { ...env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: HAS_GROUPS,
    windowsHide: true,
    ...(cwd !== undefined && { cwd }),
  })
  if (living.size === 0) watchOwnEnd()
  living.add(child)
  const forget = (): void => {
    living.delete(child)
    if (living.size === 0) stopWatching()
  }
  child.once('error', forget)
  child.once('exit', () => {
    // What it started and left behind.
    killGroup(child, 'SIGKILL')
    forget()
  })
  return child
}

/** Resolves when the child is gone: asked by the end of its input, then by SIGTERM, then killed. */
export async function endProcess(child: ChildProcess, clock: Clock): Promise<void> {
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null || child.pid === undefined
  if (hasEnded()) return
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
  const endsWithin = async (ms: number): Promise<boolean> => {
    const late = Promise.withResolvers<void>()
    const cancel = clock.after(ms, late.resolve)
    await Promise.race([ended, late.promise])
    cancel()
    return hasEnded()
  }
  child.stdin?.end()
  if (await endsWithin(LEAVE_MS)) return
  killGroup(child, 'SIGTERM')
  if (await endsWithin(TERM_MS)) return
  killGroup(child, 'SIGKILL')
  await ended
}
