// YAML of a document as a value. A large text takes seconds, so it is parsed in a thread of its own, with memory of its own: nothing
// else waits meanwhile, and a text made to exhaust it ends the thread alone.
import { createRequire } from 'node:module'
import { Worker } from 'node:worker_threads'
import { parseDocument } from 'yaml'

/** Smaller texts take less than the start of a thread. */
const LARGE = 20_000
/** Aliases are written once and stand for much; real documents use few. */
const MAX_ALIASES = 10_000
const MAX_MEMORY_MB = 1_024
/** Of the value as JSON: aliases can make it larger than the text. */
const MAX_VALUE_CHARS = 50_000_000

/** Plain JavaScript: it is run as it is. The value comes back as JSON text, which is the quickest way between threads. */
const WORK = `
const { parentPort, workerData } = require('node:worker_threads')
const { text, library, maxAliasCount, maxChars } = workerData
try {
  const parsed = require(library).parseDocument(text, { merge: true })
  if (parsed.errors.length > 0) throw parsed.errors[0]
  const json = JSON.stringify(parsed.toJS({ maxAliasCount })) ?? 'null'
  if (json.length > maxChars) throw new Error('It stands for more than ' + maxChars + ' characters of JSON.')
  parentPort.postMessage({ json })
} catch (thrown) {
  parentPort.postMessage({ message: String(thrown?.message ?? thrown) })
}
`

/** @throws Error for what is no YAML, is too large, or was aborted */
export async function parseYaml(text: string, signal: AbortSignal): Promise<unknown> {
  if (text.length > LARGE) return JSON.parse(await parseApart(text, signal)) as unknown
  const parsed = parseDocument(text, { merge: true })
  const [error] = parsed.errors
  if (error !== undefined) throw error
  return parsed.toJS({ maxAliasCount: MAX_ALIASES }) as unknown
}

function parseApart(text: string, signal: AbortSignal): Promise<string> {
  const library = createRequire(import.meta.url).resolve('yaml')
  const worker = new Worker(WORK, {
    eval: true,
    env: {},
    execArgv: [],
    workerData: { text, library, maxAliasCount: MAX_ALIASES, maxChars: MAX_VALUE_CHARS },
    resourceLimits: { maxOldGenerationSizeMb: MAX_MEMORY_MB },
  })
  return new Promise<string>((resolve, reject) => {
    const stop = (): void => reject(new Error('Reading it was given up.'))
    signal.addEventListener('abort', stop, { once: true })
    worker.once('message', (answer: { readonly json?: string; readonly message?: string }) =>
      answer.json === undefined ? reject(new Error(answer.message)) : resolve(answer.json),
    )
    worker.once('error', reject)
    worker.once('exit', () => reject(new Error('Its thread ended before it was read.')))
  }).finally(() => worker.terminate())
}
