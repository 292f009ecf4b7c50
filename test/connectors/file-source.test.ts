import { mkdtemp, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createFileSource } from '../../src/connectors/file/file-source.ts'
import type { Invoker, Logger } from '../../src/contracts/parts.ts'

const neverAborts = new AbortController().signal
const invoker: Invoker = { invoke: () => Promise.resolve({ status: 200, body: null }) }
let directory: string
let files = 0

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'tutti-file-'))
})
afterAll(async () => {
  await rm(directory, { recursive: true })
})

async function write(text: string, extension = 'yaml'): Promise<string> {
  const path = join(directory, `components-${++files}.${extension}`)
  await writeFile(path, text)
  return path
}

async function sourceOf(text: string, extension?: string) {
  const warnings: string[] = []
  const log: Logger = { debug() {}, info() {}, warn: (message) => warnings.push(message), error() {} }
  const path = await write(text, extension)
  return { ...createFileSource({ path, invoker, name: 'file', log }), warnings, path }
}

const WEATHER = `
components:
  - name: weather
    kind: tool
    address: http://localhost:8096
    capabilities:
      - name: forecast
        description: Weather by place
        endpoint: /api/forecast
        effect: read
        timeout: 5s
        input_schema: {type: object, properties: {city: {type: string}}, required: [city]}
      - name: alerts
        description: Storm warnings
        input_summary: {required: [{name: lat, type: float64}], optional: [{name: days, type: int}]}
  - name: fx
    kind: agent
    instances: [{id: fx-1, address: 'https://fx-1.example', region: eu}, {address: 'fx-2.example:81'}]
    capabilities: [{name: convert, description: Converts money}]
`

describe('a component file', () => {
  it('lists components with addresses, schemas and summaries', async () => {
    const { discovery } = await sourceOf(WEATHER)
    expect(await discovery.load(neverAborts)).toEqual([
      {
        name: 'weather',
        kind: 'tool',
        source: 'file',
        trust: 'configured',
        instances: [{ id: 'weather@localhost:8096', address: 'http://localhost:8096', health: 'unknown' }],
        capabilities: [
          {
            name: 'forecast',
            description: 'Weather by place',
            endpoint: '/api/forecast',
            effect: 'read',
            timeoutMs: 5000,
            inputSchema: { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] },
          },
          {
            name: 'alerts',
            description: 'Storm warnings',
            effect: 'unknown',
            inputSchema: {
              type: 'object',
              properties: { lat: { type: 'number' }, days: { type: 'integer' } },
              required: ['lat'],
              additionalProperties: false,
            },
          },
        ],
      },
      {
        name: 'fx',
        kind: 'agent',
        source: 'file',
        trust: 'configured',
        instances: [
          { id: 'fx-1', address: 'https://fx-1.example', health: 'unknown', region: 'eu' },
          { id: 'fx@fx-2.example:81', address: 'http://fx-2.example:81', health: 'unknown' },
        ],
        capabilities: [
          { name: 'convert', description: 'Converts money', effect: 'unknown', inputSchema: { type: 'object' } },
        ],
      },
    ])
  })

  it('may be JSON', async () => {
    const component = { name: 'a', address: 'http://a:1', capabilities: [{ name: 'do', description: 'Does' }] }
    const { discovery } = await sourceOf(JSON.stringify({ components: [component] }), 'json')
    expect((await discovery.load(neverAborts)).map(({ name }) => name)).toEqual(['a'])
  })

  it('gives the same list as long as its text is the same, and a new one after a change', async () => {
    const { discovery, path } = await sourceOf(WEATHER)
    const first = await discovery.load(neverAborts)
    expect(await discovery.load(neverAborts)).toBe(first)
    await writeFile(path, WEATHER.replace('name: fx', 'name: money'))
    expect((await discovery.load(neverAborts)).map(({ name }) => name)).toEqual(['weather', 'money'])
  })

  it('leaves out a wrong component and says where it is wrong (B68)', async () => {
    const { discovery, warnings } = await sourceOf(`${WEATHER}
  - name: broken
    adress: http://localhost:1
    capabilities: [{name: a, description: a}]
`)
    expect((await discovery.load(neverAborts)).map(({ name }) => name)).toEqual(['weather', 'fx'])
    expect(warnings).toEqual([
      expect.stringMatching(/components-\d+\.yaml:22:13: "adress" is not a key here\. Did you mean "address"\?/),
    ])
  })

  it.each([
    ['text that is no YAML', 'components: [', /:1:14: /],
    ['another shape', 'tools: []', /no list "components"/],
    [
      'only wrong entries',
      'components:\n  - {name: a, address: "http://a/path", capabilities: [{name: a, description: a}]}',
      /:2:24: "address" must be an origin/,
    ],
  ])('fails with a place for %s', async (_name, text, message) => {
    const { discovery } = await sourceOf(text)
    await expect(discovery.load(neverAborts)).rejects.toMatchObject({
      code: 'source_failed',
      message: expect.stringMatching(message),
    })
  })

  it('fails by name when it is not there', async () => {
    const { discovery } = createFileSource({ path: join(directory, 'nowhere.yaml'), invoker })
    await expect(discovery.load(neverAborts)).rejects.toMatchObject({
      code: 'source_failed',
      message: expect.stringContaining('nowhere.yaml'),
    })
  })

  it('tells when it was replaced', async () => {
    const { discovery, path } = await sourceOf(WEATHER)
    const other = await write('components: []')
    let stop: (() => void) | undefined
    await new Promise<void>((resolve) => {
      stop = discovery.watch?.(resolve)
      void rename(other, path)
    })
    stop?.()
    expect(await discovery.load(neverAborts)).toEqual([])
  })
})
