// A server for GitHub's description of its API: it finds the operation of each request and checks it against the document itself,
// by means that share nothing with the connector, so that both can hardly be wrong in the same way.
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { type SeenRequest, startHttpServer, type TestServer } from '../support/http-servers.ts'

type Json = Record<string, unknown>

export const GITHUB_TEXT = gunzipSync(
  readFileSync(new URL('fixtures/github-openapi.json.gz', import.meta.url)),
).toString()

const METHODS = ['get', 'put', 'post', 'delete', 'patch', 'head']
const isJson = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)
const escape = (part: string): string => encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))

/** What ajv asks of 3.0: `nullable` beside a type, and no other dialect's words. */
function tolerate(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  if (isJson(value) && 'nullable' in value && !('type' in value)) delete value['nullable']
  for (const child of Object.values(value)) tolerate(child)
}

export interface Stub extends TestServer {
  /** What was wrong with requests, in words. */
  readonly complaints: readonly string[]
  readonly operations: number
}

interface Known {
  readonly pattern: RegExp
  readonly names: readonly string[]
  readonly pointer: string
  readonly path: string
  readonly operation: Json
}

export async function startGithubStub(): Promise<Stub> {
  const document = JSON.parse(GITHUB_TEXT) as Json & { paths: Record<string, Json> }
  tolerate(document)
  const ajv = new Ajv2020({
    strict: false,
    validateSchema: false,
    logger: false,
    validateFormats: false,
  })
  ajv.addSchema({ $id: 'http://github.test/doc', ...document })
  const at = (pointer: string): unknown =>
    pointer
      .slice(2)
      .split('/')
      .reduce<unknown>((value, part) => {
        const key = decodeURIComponent(part).replaceAll('~1', '/').replaceAll('~0', '~')
        return (value as Json)[key]
      }, document)
  const locate = (pointer: string): string => {
    const value = at(pointer)
    return isJson(value) && typeof value['$ref'] === 'string' ? locate(value['$ref']) : pointer
  }
  const byMethod = new Map<string, Known[]>(METHODS.map((method) => [method.toUpperCase(), []]))
  let operations = 0
  for (const [path, item] of Object.entries(document.paths)) {
    for (const method of METHODS) {
      const operation = item[method]
      if (!isJson(operation)) continue
      operations++
      const names = [...path.matchAll(/\{([^}]+)\}/g)].map(([, name = '']) => name)
      const source = path.replace(/[.*+?^$()|[\]\\]/g, '\\$&').replace(/\{[^}]+\}/g, '([^/]+)')
      byMethod.get(method.toUpperCase())?.push({
        pattern: new RegExp(`^${source}$`),
        names,
        path,
        pointer: `#/paths/${escape(path)}/${method}`,
        operation,
      })
    }
  }
  const complaints: string[] = []
  /** One of the readings must fit: whether the text "1" is a number, only the schema says. */
  const check = (pointer: string, readings: readonly unknown[], what: string): void => {
    const validate = ajv.compile({ $ref: `http://github.test/doc${pointer}` })
    if (readings.some((reading) => validate(reading))) return
    complaints.push(`${what}: ${ajv.errorsText(validate.errors)} ${JSON.stringify(readings[0])?.slice(0, 200)}`)
  }

  const inspect = ({ method, url, headers, body }: SeenRequest): void => {
    const [path = '', query = ''] = url.split('?')
    // As routers do it: the template with the fewest parameters wins.
    const known = (byMethod.get(method) ?? [])
      .filter(({ pattern }) => pattern.test(path))
      .sort((a, b) => a.names.length - b.names.length)[0]
    if (known === undefined) {
      complaints.push(`${method} ${path} is no operation`)
      return
    }
    const who = `${method} ${known.path}`
    const inPath = known.pattern.exec(path)?.slice(1) ?? []
    const given = new URLSearchParams(query)
    const parameters = Array.isArray(known.operation['parameters']) ? known.operation['parameters'] : []
    const expected = new Set<string>()
    for (const i of parameters.keys()) {
      const place = locate(`${known.pointer}/parameters/${i}`)
      const parameter = at(place) as Json & { name: string; in: string; schema?: Json }
      const schema = at(locate(`${place}/schema`)) as Json
      if (parameter.in === 'query') expected.add(parameter.name)
      const texts =
        parameter.in === 'query'
          ? given.getAll(parameter.name)
          : parameter.in === 'path'
            ? [inPath[known.names.indexOf(parameter.name)]]
            : []
      if (parameter['required'] === true && texts.length === 0)
        complaints.push(`${who}: "${parameter.name}" is missing`)
      if (texts.length === 0) continue
      const isList = schema['type'] === 'array' || (Array.isArray(schema['oneOf']) && texts.length > 1)
      const decoded = texts.map((text = '') => (parameter.in === 'path' ? decodeURIComponent(text) : text))
      const parsed = decoded.map(
        (text) => (/^(true|false|null|-?\d+(\.\d+)?)$/.test(text) ? JSON.parse(text) : text) as unknown,
      )
      const readings = isList ? [decoded, parsed] : [decoded[0], parsed[0]]
      check(`${place}/schema`, readings, `${who} ${parameter.name}`)
    }
    for (const name of given.keys()) if (!expected.has(name)) complaints.push(`${who}: nobody knows "${name}"`)
    inspectBody(known, who, headers['content-type'], body)
  }

  const inspectBody = (known: Known, who: string, contentType: string | undefined, body: string): void => {
    const declared = known.operation['requestBody']
    if (!isJson(declared)) {
      if (body !== '') complaints.push(`${who}: a body nobody asked for`)
      return
    }
    if (body === '' && declared['required'] === true) complaints.push(`${who}: its body is missing`)
    if (body === '') return
    const content = declared['content'] as Json
    if (contentType === undefined || !(contentType in content)) complaints.push(`${who}: sent as ${contentType}`)
    else if (contentType === 'application/json') {
      check(`${known.pointer}/requestBody/content/${escape(contentType)}/schema`, [JSON.parse(body)], who)
    }
  }

  const server = await startHttpServer((seen, _request, response) => {
    if (seen.url === '/openapi.json') {
      response.writeHead(200, { 'content-type': 'application/json', etag: '"1"' })
      response.end(GITHUB_TEXT)
      return
    }
    inspect(seen)
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify({ path: seen.url.split('?')[0], number: 7 }))
  })
  return { ...server, complaints, operations }
}
