// Where a document stands, read again cheaply: a file is looked at before it is read, an address is asked whether anything is new.
import { readFile, stat } from 'node:fs/promises'
import { resolve } from 'node:path'
import { TuttiError, toTuttiError } from '../../contracts/errors.ts'
import type { Clock } from '../../contracts/parts.ts'
import { fileTrouble } from '../../util/file-trouble.ts'
import { VERSION } from '../../util/version.ts'
import { hintAtHeaders } from '../http/exchange-errors.ts'
import type { HttpAnswer, HttpClient } from '../http/http-client.ts'

export interface DocumentPlace {
  /** As messages call it: without query. */
  readonly where: string
  /** What relative addresses in the document are relative to; absent for files. */
  readonly url?: URL
  /** The text; undefined when it is surely the same as at the last call. @throws TuttiError `source_failed` */
  read(signal: AbortSignal): Promise<string | undefined>
}

/** Larger documents are refused. */
export const MAX_DOCUMENT_BYTES = 20_000_000
/** Between two questions to a server that cannot say that nothing is new. */
const UNTAGGED_MS = 60_000

export function createFilePlace(path: string): DocumentPlace {
  let seen: string | undefined
  const read = async (signal: AbortSignal): Promise<string | undefined> => {
    const { size, mtimeMs, ctimeMs, ino } = await stat(resolve(path))
    if (size > MAX_DOCUMENT_BYTES) {
      throw new TuttiError('source_failed', `It has more than ${MAX_DOCUMENT_BYTES} bytes.`)
    }
    const state = [size, mtimeMs, ctimeMs, ino].join(' ')
    if (state === seen) return undefined
    const text = await readFile(resolve(path), { encoding: 'utf8', signal })
    seen = state
    return text
  }
  return {
    where: path,
    async read(signal) {
      try {
        return await read(signal)
      } catch (thrown) {
        const message = `The OpenAPI document "${path}" cannot be read: ${fileTrouble(thrown)}.`
        throw new TuttiError('source_failed', message, { cause: thrown })
      }
    },
  }
}

export interface UrlPlaceParts {
  readonly url: URL
  readonly client: HttpClient
  /** Names and values. */
  readonly headers: ReadonlyMap<string, string>
  readonly clock: Pick<Clock, 'now'>
}

export function createUrlPlace({ url, client, headers, clock }: UrlPlaceParts): DocumentPlace {
  const where = url.origin + url.pathname
  let tags: readonly string[] = []
  let restUntil = -Infinity

  const ask = async (signal: AbortSignal): Promise<HttpAnswer> => {
    const sent = new Map([
      ['accept', 'application/json, application/yaml;q=0.8, */*;q=0.5'],
      ['user-agent', `tutti/${VERSION}`],
      ...headers,
    ])
    const path = url.pathname + url.search
    const request = { origin: url.origin, path, method: 'GET', signal, mayRepeat: true } as const
    return await client.request({ ...request, headers: [...[...sent].flat(), ...tags] })
  }

  return {
    where,
    url,
    async read(signal) {
      if (clock.now() < restUntil) return undefined
      let answer: HttpAnswer
      try {
        answer = await ask(signal)
      } catch (thrown) {
        const { message } = toTuttiError(thrown, 'source_failed')
        throw new TuttiError('source_failed', `The OpenAPI document "${where}" cannot be fetched: ${message}`, {
          cause: thrown,
        })
      }
      if (answer.status === 304 && tags.length > 0) return undefined
      if (answer.status !== 200) {
        throw new TuttiError(
          'source_failed',
          `"${where}" answered with ${answer.status} instead of an OpenAPI document.${hintAtHeaders(answer.status)}`,
        )
      }
      tags = tagsOf(answer)
      restUntil = tags.length > 0 ? -Infinity : clock.now() + UNTAGGED_MS
      return answer.text
    },
  }
}

function tagsOf({ headers }: HttpAnswer): readonly string[] {
  const { etag, 'last-modified': modified } = headers
  if (etag !== undefined) return ['if-none-match', etag]
  return modified === undefined ? [] : ['if-modified-since', modified]
}
