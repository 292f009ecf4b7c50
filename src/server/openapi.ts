// openapi.json, made from the route table and the same schemas that check requests: it cannot promise what is not served.
import { z } from 'zod'
import { documentJsonSchema } from '../plan/document.ts'
import { VERSION } from '../util/version.ts'
import type { Route } from './route.ts'
import { documentSchema } from './run-schema.ts'
import { answers } from './schemas.ts'

type JsonRecord = Record<string, unknown>

const ref = (name: string): JsonRecord => ({ $ref: `#/components/schemas/${name}` })
const STATUS_TEXT: Readonly<Record<number, string>> = {
  200: 'OK',
  202: 'Accepted',
  400: 'The request is not valid.',
  401: 'A key is needed.',
  403: 'The key may not do this.',
  404: 'Not found.',
  409: 'Conflict.',
  413: 'The body is too large.',
  415: 'The media type is not supported.',
  422: 'The document is not valid; `issues` say why.',
  429: 'Too many requests; `Retry-After` says when to come again.',
  503: 'Not available now.',
}

function toJsonSchema(schema: z.ZodType, io: 'input' | 'output'): JsonRecord {
  const converted: JsonRecord = z.toJSONSchema(schema, {
    io,
    unrepresentable: 'any',
    override({ zodSchema, jsonSchema }) {
      if (zodSchema !== documentSchema) return
      for (const key of Object.keys(jsonSchema)) Reflect.deleteProperty(jsonSchema, key)
      Object.assign(jsonSchema, { anyOf: [ref('Document'), { type: 'string', description: 'YAML or JSON text.' }] })
    },
  })
  const { $schema: _, ...rest } = converted
  return rest
}

/** Brings a schema with definitions of its own into `components.schemas`: `#/$defs/Step` becomes `Name_Step`. */
function hoistDefinitions(name: string, schema: unknown): JsonRecord {
  const hoisted: JsonRecord = {}
  const rewrite = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(rewrite)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value)
        .filter(([key]) => key !== '$schema' && key !== '$id')
        .map(([key, inner]: [string, unknown]) => [
          key,
          key === '$ref' && typeof inner === 'string' ? rename(inner) : rewrite(inner),
        ]),
    )
  }
  const rename = (pointer: string): string => {
    const own = /^#\/(?:\$defs|definitions)\/(.+)$/.exec(pointer)?.[1]
    if (own !== undefined) return `#/components/schemas/${name}_${own}`
    return pointer === '#' ? `#/components/schemas/${name}` : pointer
  }
  const { $defs, definitions, ...root } = { ...(typeof schema === 'object' ? schema : {}) } as JsonRecord
  hoisted[name] = rewrite(root)
  for (const group of [$defs, definitions]) {
    for (const [key, inner] of Object.entries(group ?? {})) hoisted[`${name}_${key}`] = rewrite(inner)
  }
  return hoisted
}

function parametersOf(route: Route): JsonRecord[] {
  const inPath = [...route.path.matchAll(/\{(\w+)\}/g)].map((m) => ({
    name: m[1],
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  const query = route.query === undefined ? {} : toJsonSchema(route.query, 'input')
  const required = Array.isArray(query.required) ? query.required : []
  const inQuery = Object.entries(query.properties ?? {}).map(([name, schema]: [string, unknown]) => ({
    name,
    in: 'query',
    required: required.includes(name),
    schema,
  }))
  const inHeaders = Object.entries(route.headers ?? {}).map(([name, description]) => ({
    name,
    in: 'header',
    description,
    schema: { type: 'string' },
  }))
  return [...inPath, ...inQuery, ...inHeaders]
}

function answersOf(route: Route): JsonRecord {
  const out: JsonRecord = {}
  for (const [status, name] of Object.entries(route.answers)) {
    const content =
      name === 'events'
        ? { 'text/event-stream': { schema: { type: 'string' } } }
        : name === 'text'
          ? { 'text/plain': { schema: { type: 'string' } } }
          : { 'application/json': { schema: ref(name) } }
    out[status] = { description: STATUS_TEXT[Number(status)] ?? '', content }
  }
  const guarded = route.role === 'open' ? [] : [400, 401, 403, 429]
  const problems = [...guarded, ...(route.body === undefined ? [] : [413, 415]), ...(route.problems ?? [])]
  for (const status of [...new Set(problems)].sort((a, b) => a - b)) {
    out[status] = {
      description: STATUS_TEXT[status] ?? '',
      content: { 'application/problem+json': { schema: ref('Problem') } },
    }
  }
  return out
}

function operationOf(route: Route): JsonRecord {
  const parameters = parametersOf(route)
  return {
    operationId: `${route.method.toLowerCase()}${route.path.replace(/[/{}._]+(\w)?/g, (_, letter: string | undefined) => (letter ?? '').toUpperCase())}`,
    summary: route.summary,
    ...(parameters.length > 0 && { parameters }),
    ...(route.body !== undefined && {
      requestBody: { required: true, content: { 'application/json': { schema: toJsonSchema(route.body, 'input') } } },
    }),
    responses: answersOf(route),
    security: route.role === 'open' ? [] : [{ bearer: [] }, { apiKey: [] }],
  }
}

export function describeRoutes(routes: readonly Route[]): JsonRecord {
  const paths: Record<string, JsonRecord> = {}
  for (const route of routes)
    paths[route.path] = { ...paths[route.path], [route.method.toLowerCase()]: operationOf(route) }
  return {
    openapi: '3.1.0',
    info: { title: 'tutti', version: VERSION, description: 'An orchestrator over a live catalog of tools and agents.' },
    paths,
    components: {
      schemas: {
        ...Object.fromEntries(Object.entries(answers).map(([name, schema]) => [name, toJsonSchema(schema, 'output')])),
        ...hoistDefinitions('Document', documentJsonSchema()),
      },
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer' },
        apiKey: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
      },
    },
  }
}
