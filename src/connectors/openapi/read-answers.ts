// What an operation says that it answers: the schema of its best success, and what to ask for.
import type { JsonObject, JsonSchema, JsonValue } from '../../contracts/json.ts'
import { isJsonObject } from '../../util/json.ts'
import { follow, type OpenapiDocument } from './read-document.ts'
import type { SchemaReader } from './read-schema.ts'

export interface ReadAnswers {
  readonly outputSchema?: JsonSchema
  readonly accept: string
}

const isJsonType = (type: string): boolean => /^[\w.+-]+\/([\w.-]+\+)?json\b/i.test(type)
const isSendable = (type: string): boolean => /^[\w!#$&^.+*-]+\/[\w!#$&^.+*-]+$/.test(type)

export function readAnswers(
  document: OpenapiDocument,
  responses: JsonValue | undefined,
  schemas: SchemaReader,
): ReadAnswers {
  const contents = successesOf(responses).map((response) => follow(document, response)?.['content'])
  const content = contents.find((one): one is JsonObject => isJsonObject(one) && Object.keys(one).length > 0) ?? {}
  const types = Object.keys(content)
  const json = types.find(isJsonType)
  const accept = [...new Set([json ?? 'application/json', ...types.filter(isSendable).slice(0, 5)])]
  const wanted = `${accept.filter(isSendable).join(', ')}, */*;q=0.1`
  const media = json === undefined ? undefined : content[json]
  const schema = isJsonObject(media) ? media['schema'] : undefined
  if (schema === undefined) return { accept: wanted }
  const converted = schemas.convert(schema, 'response')
  const definitions = schemas.definitions([converted], 'response')
  const outputSchema = definitions === undefined ? converted.schema : { ...converted.schema, $defs: definitions }
  return Object.keys(outputSchema).length === 0 ? { accept: wanted } : { accept: wanted, outputSchema }
}

/** 200 before the other 2xx before `2XX`; `default` mostly means errors, so it says nothing of a success. */
function successesOf(responses: JsonValue | undefined): readonly JsonValue[] {
  if (!isJsonObject(responses)) return []
  const rank = (status: string): number => (status === '200' ? 0 : /^2\d\d$/.test(status) ? Number(status) : 1_000)
  return Object.entries(responses)
    .filter(([status]) => /^2(\d\d|XX)$/i.test(status))
    .sort(([a], [b]) => rank(a) - rank(b))
    .map(([, response]) => response)
}
