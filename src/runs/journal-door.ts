// The door to a journal, which may be anybody's: what it throws is classified here, whether it can be written now is known
// here, and what could not be written is tried again from here.
import { TuttiError, toTuttiError } from '../contracts/errors.ts'
import type { RunJournal } from '../contracts/journal.ts'
import type { Clock, Logger } from '../contracts/parts.ts'

export interface JournalDoor {
  /** The journal, whose errors are TuttiErrors: `journal_failed` unless it says better. */
  readonly journal: RunJournal
  /** Why it cannot be written now; undefined when, as far as is known, it can. */
  trouble(): string | undefined
  /**
   * Repeats the work until it is done: a journal that is away holds its runs up, it does not lose them.
   * @throws TuttiError what repeating cannot help (`conflict`, `unknown_run`), or the last error when the signal aborts
   */
  persist<T>(runId: string, work: () => Promise<T>, signalOf: () => AbortSignal): Promise<T>
}

const INITIAL_WAIT_MS = 100
const LONGEST_WAIT_MS = 5_000
/** A refused run is not tried again, so its refusal is news for this long only. */
const REFUSAL_COUNTS_MS = 5_000

const isFinal = ({ code }: TuttiError): boolean => code === 'conflict' || code === 'unknown_run'

const journalError = (thrown: unknown): TuttiError =>
  thrown instanceof TuttiError
    ? thrown
    : new TuttiError('journal_failed', `The journal failed: ${toTuttiError(thrown, 'journal_failed').message}`, {
        cause: thrown,
      })

/** A promise of the work, also when it throws before it gives one, or gives none. */
function promised<T>(work: () => Promise<T>): Promise<T> {
  try {
    return Promise.resolve(work())
  } catch (thrown) {
    return Promise.reject(thrown)
  }
}

const refused = (thrown: unknown): never => {
  throw journalError(thrown)
}

const classified = <T>(work: () => Promise<T>): Promise<T> => promised(work).catch(refused)

async function* classifiedItems<T>(items: () => AsyncIterable<T>): AsyncGenerator<T> {
  try {
    yield* items()
  } catch (thrown) {
    throw journalError(thrown)
  }
}

export function createJournalDoor(
  inner: RunJournal,
  { clock, log }: { readonly clock: Clock; readonly log: Logger },
): JournalDoor {
  /** Runs that wait to be written, with what they met last. */
  const waiting = new Map<string, string>()
  let refusal: { readonly message: string; readonly at: number } | undefined

  const failed = (runId: string, { message }: TuttiError): void => {
    if (waiting.size === 0) log.error('The journal cannot be written; runs wait for it.', { runId, error: message })
    waiting.set(runId, message)
  }
  const ended = (runId: string, isWritten: boolean): void => {
    if (waiting.delete(runId) && waiting.size === 0 && isWritten) log.info('The journal can be written again.')
  }

  /** What a first try has thrown; all others follow from here. */
  const repeat = async <T>(
    runId: string,
    work: () => Promise<T>,
    signalOf: () => AbortSignal,
    first: unknown,
  ): Promise<T> => {
    let thrown = first
    for (let waitMs = INITIAL_WAIT_MS; ; waitMs = Math.min(LONGEST_WAIT_MS, waitMs * 2)) {
      const error = journalError(thrown)
      const signal = signalOf()
      if (isFinal(error) || signal.aborted) {
        ended(runId, false)
        throw error
      }
      failed(runId, error)
      await clock.sleep(waitMs, signal).catch(() => {
        ended(runId, false)
        throw error
      })
      try {
        const done = await work()
        ended(runId, true)
        return done
      } catch (again) {
        thrown = again
      }
    }
  }

  return {
    journal: {
      durable: inner.durable,
      create: (run) =>
        promised(() => inner.create(run)).then(
          () => {
            refusal = undefined
          },
          (thrown: unknown) => {
            const error = journalError(thrown)
            if (!isFinal(error)) refusal = { message: error.message, at: clock.now() }
            throw error
          },
        ),
      load: (runId) => classified(() => inner.load(runId)),
      begin: (runId) => classified(() => inner.begin(runId)),
      append: (runId, epoch, events) => classified(() => inner.append(runId, epoch, events)),
      read: (runId, fromSeq) => classifiedItems(() => inner.read(runId, fromSeq)),
      command: (runId, command) => classified(() => inner.command(runId, command)),
      commands: (runId, after) => classified(() => inner.commands(runId, after)),
      list: (filter) => classified(() => inner.list(filter)),
      prune: (policy) => classified(() => inner.prune(policy)),
      close: () => classified(async () => inner.close?.()),
    },
    trouble() {
      const [message] = waiting.values()
      if (message !== undefined) return message
      return refusal !== undefined && clock.now() - refusal.at < REFUSAL_COUNTS_MS ? refusal.message : undefined
    },
    persist: (runId, work, signalOf) =>
      promised(work).then(
        (done) => {
          if (waiting.size > 0) ended(runId, true)
          return done
        },
        (thrown: unknown) => repeat(runId, work, signalOf, thrown),
      ),
  }
}
