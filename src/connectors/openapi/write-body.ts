// The body of a request from the inputs of a call, in the media type of its operation.
import { hash } from 'node:crypto'
import { TuttiError } from '../../contracts/errors.ts'
import type { JsonObject, JsonValue } from '../../contracts/json.ts'
import { isJsonList, isJsonObject, stringifyJson } from '../../util/json.ts'
import type { Body, Encoding } from './operation.ts'
import { writeInQuery } from './write-parameter.ts'

export interface WrittenBody {
  readonly contentType: string
  readonly text: string
}

const USUAL: Encoding = { style: 'form', explode: true, allowReserved: false, isJson: false, isFile: false }

/** undefined when there is none to send. @throws TuttiError `invalid_input` */
export function writeBody(body: Body, inputs: JsonObject): WrittenBody | undefined {
  const value = body.whole === undefined ? gather(body, inputs) : inputs[body.whole]
  if (value === undefined) return undefined
  if (body.kind === 'json') return { contentType: body.contentType, text: stringifyJson(value) }
  if (body.kind === 'text') {
    return { contentType: body.contentType, text: typeof value === 'string' ? value : stringifyJson(value) }
  }
  if (!isJsonObject(value)) {
    throw new TuttiError('invalid_input', `The input "${body.whole}" must be an object, since it is sent as a form.`, {
      details: { sent: false },
    })
  }
  return body.kind === 'form' ? writeForm(body, value) : writeMultipart(body, value)
}

/** The inputs that are properties of the body; undefined when there are none and none are needed. */
function gather({ fields, isRequired }: Body, inputs: JsonObject): JsonObject | undefined {
  const given = [...fields].flatMap(([input, name]) => {
    const value = Object.hasOwn(inputs, input) ? inputs[input] : undefined
    return value === undefined ? [] : [[name, value] as const]
  })
  return given.length > 0 || isRequired ? Object.fromEntries(given) : undefined
}

function writeForm({ contentType, encodings }: Body, value: JsonObject): WrittenBody {
  const pairs = Object.entries(value).flatMap(([name, item]) => {
    const encoding = encodings.get(name) ?? { ...USUAL, isJson: isJsonObject(item) }
    return item === null ? [] : writeInQuery({ name, ...encoding }, item)
  })
  return { contentType, text: pairs.join('&') }
}

/** As browsers write names: nothing in them may end the header. */
const quote = (text: string): string =>
  `"${text.replaceAll('"', '%22').replaceAll('\r', '%0D').replaceAll('\n', '%0A')}"`

function writeMultipart({ contentType, encodings }: Body, value: JsonObject): WrittenBody {
  const parts = Object.entries(value).flatMap(([name, item]) => {
    const encoding = encodings.get(name) ?? USUAL
    const items: readonly JsonValue[] = isJsonList(item) && !encoding.isJson ? item : [item]
    return items.flatMap((one) => (one === null ? [] : [writePart(name, one, encoding)]))
  })
  const all = parts.join('\r\n')
  // What holds its own hash is not written by anybody.
  const boundary = `tutti-${hash('sha256', all)}`
  const text = [...parts.map((part) => `--${boundary}\r\n${part}\r\n`), `--${boundary}--\r\n`].join('')
  return { contentType: `${contentType}; boundary=${boundary}`, text }
}

function writePart(name: string, value: JsonValue, { contentType, isFile }: Encoding): string {
  const isText = typeof value !== 'object' || value === null
  const type = contentType ?? (isText ? (isFile ? 'application/octet-stream' : undefined) : 'application/json')
  const lines = [`Content-Disposition: form-data; name=${quote(name)}${isFile ? `; filename=${quote(name)}` : ''}`]
  if (type !== undefined) lines.push(`Content-Type: ${type}`)
  return `${lines.join('\r\n')}\r\n\r\n${isText ? String(value) : stringifyJson(value)}`
}
