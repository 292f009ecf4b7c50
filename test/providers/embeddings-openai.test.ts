// Embeddings over the vendor's own SDK, against a server that speaks its language.
import { afterEach, describe, expect, it } from 'vitest'
import { resolveConfig } from '../../src/config/resolve-config.ts'
import { createEmbeddings } from '../../src/providers/embeddings-openai.ts'
import { createClock } from '../../src/util/clock.ts'
import { recordingLog } from '../catalog/fakes.ts'
import { type SeenRequest, startHttpServer, type TestServer } from '../support/http-servers.ts'

const servers: TestServer[] = []
afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.close()))
})

const base64 = (numbers: readonly number[]): string => Buffer.from(Float32Array.from(numbers).buffer).toString('base64')
const item = (index: number, embedding: unknown) => ({ object: 'embedding', index, embedding })

type Reply = { readonly status?: number; readonly data?: unknown; readonly headers?: Record<string, string> }
async function open(reply: (seen: SeenRequest, count: number) => Reply, maxAttempts = 3) {
  let count = 0
  const server = await startHttpServer((seen, _request, response) => {
    const { status = 200, data, headers = {} } = reply(seen, ++count)
    response.writeHead(status, { 'content-type': 'application/json', ...headers })
    response.end(
      JSON.stringify(status === 200 ? { object: 'list', model: 'm', data } : { error: { message: 'no', type: 'x' } }),
    )
  })
  servers.push(server)
  const config = resolveConfig({
    openai: { apiKey: 'sk-secret-of-mine', baseUrl: `${server.origin}/v1` },
    model: { maxAttempts },
    capabilities: { embeddings: 'openai:text-embedding-3-small' },
  })
  const log = recordingLog()
  const clock = createClock()
  const model = createEmbeddings(config, { clock: { ...clock, sleep: async () => undefined }, random: () => 0, log })
  if (model === undefined) throw new Error('there is no model')
  return { model, server, embed: (...texts: string[]) => model.embed(texts, new AbortController().signal) }
}

describe('embeddings of a compatible server', () => {
  it('are asked for as base64 with the key, and come in the order of the texts', async () => {
    const { embed, server, model } = await open(() => ({ data: [item(1, base64([3, 4])), item(0, base64([1, 2]))] }))
    expect((await embed('a', 'b')).map((vector) => [...vector])).toEqual([
      [1, 2],
      [3, 4],
    ])
    expect(server.requests[0]?.url).toBe('/v1/embeddings')
    expect(server.requests[0]?.headers.authorization).toBe('Bearer sk-secret-of-mine')
    expect(JSON.parse(server.requests[0]?.body ?? '')).toEqual({
      model: 'text-embedding-3-small',
      input: ['a', 'b'],
      encoding_format: 'base64',
    })
    // What another server calls by the same name is another model.
    expect(model.id).toBe(`openai:text-embedding-3-small@127.0.0.1:${server.port}`)
  })

  it('may come as numbers from servers that know no base64', async () => {
    const { embed } = await open(() => ({ data: [item(0, [0.5, 0.25])] }))
    expect((await embed('a')).map((vector) => [...vector])).toEqual([[0.5, 0.25]])
  })

  it('are asked for again after what passes, and not after a refusal', async () => {
    const passing = await open((_, count) => (count < 3 ? { status: 503 } : { data: [item(0, base64([1]))] }))
    expect(await passing.embed('a')).toHaveLength(1)
    expect(passing.server.requests).toHaveLength(3)
    const refused = await open(() => ({ status: 401 }))
    await expect(refused.embed('a')).rejects.toMatchObject({ code: 'model_unauthorized' })
    expect(refused.server.requests).toHaveLength(1)
    await expect(refused.embed('a')).rejects.not.toThrow(/sk-secret/)
  })

  it.each([
    ['fewer than there are texts', [item(0, base64([1]))]],
    ['no list', { a: 1 }],
    ['none', undefined],
    ['something else', [item(0, 'AAA'), item(1, { a: 1 })]],
    ['words', [item(0, ['a']), item(1, ['b'])]],
  ])('that are %s are refused', async (_, data) => {
    const { embed } = await open(() => ({ data }))
    await expect(embed('a', 'b')).rejects.toMatchObject({ code: 'model_output_invalid' })
  })
})

describe('the setting', () => {
  const make = (embeddings: string | undefined, apiKey = 'k') =>
    createEmbeddings(resolveConfig({ openai: { apiKey }, capabilities: { embeddings } }), {
      clock: createClock(),
      random: () => 0,
      log: recordingLog(),
    })
  it('may be absent', () => {
    expect(make(undefined)).toBeUndefined()
  })
  it.each(['cohere:x', 'openai', 'openai:', 'text-embedding-3-small'])('refuses %j', (name) => {
    expect(() => make(name)).toThrow(/capabilities.embeddings/)
  })
  it('needs the key of its vendor', () => {
    expect(() => make('openai:x', ' ')).toThrow(/OPENAI_API_KEY/)
  })
})
