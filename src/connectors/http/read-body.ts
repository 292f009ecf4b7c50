// The body of an answer as a value, without what its sender was shown to prove who calls.
import { TuttiError } from '../../contracts/errors.ts'
import type { JsonValue } from '../../contracts/json.ts'
import { parseJson } from '../../util/json.ts'
import { hideSecrets, SHORTEST_SECRET, secretMark } from '../../util/secrets.ts'
import type { HttpAnswer } from './http-client.ts'

/** Null when empty, text where it is not JSON. @throws TuttiError `bad_response` */
export function readBody(answer: HttpAnswer, who: string): JsonValue {
  const { headers } = answer
  // A byte order mark is no part of the text.
  const text = answer.text.charCodeAt(0) === 0xfeff ? answer.text.slice(1) : answer.text
  if (text === '') return null
  const encoding = headers['content-encoding']
  if (encoding !== undefined && encoding !== 'identity') {
    throw new TuttiError('bad_response', `${who} answered in the encoding "${encoding}", which was not asked for.`, {
      details: { sent: true, status: answer.status },
    })
  }
  const type = headers['content-type'] ?? ''
  const isJson = /[/+]json\b/i.test(type)
  // Plain text such as "42" stays text: only what says it is JSON, or can be nothing else, is read as JSON.
  if (!isJson && type !== '' && !/^\s*[[{]/.test(text)) return text
  try {
    return parseJson(text)
  } catch (cause) {
    if (!isJson || answer.status >= 400) return text
    throw new TuttiError('bad_response', `${who} says it answers JSON, but its answer is none.`, {
      details: { sent: true, status: answer.status, body: text.slice(0, 4096) },
      cause,
    })
  }
}

/** A component may say back what it was sent; the secrets go no further than here. */
export function readProven(answer: HttpAnswer, who: string, shown: readonly string[]): JsonValue {
  const secrets = shown.filter((secret) => secret.length >= SHORTEST_SECRET)
  if (secrets.length === 0) return readBody(answer, who)
  const text = secrets.reduce((left, secret) => left.replaceAll(secret, secretMark('credentials')), answer.text)
  const body = readBody({ ...answer, text }, who)
  // JSON may write any character in another way.
  if (!text.includes('\\')) return body
  return secrets.reduce((left, secret) => hideSecrets(left, new Map([['credentials', secret]])), body)
}
