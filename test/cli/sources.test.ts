import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { tutti } from './process.ts'

const SHOP = `
openapi: 3.1.0
info: {title: Shop, version: "1"}
servers: [{url: "https://shop.example/v1"}]
paths:
  /orders/{id}:
    get: {operationId: getOrder, summary: Reads an order, parameters: [{name: id, in: path, required: true, schema: {type: string}}], responses: {"200": {description: ok}}}
  /scan:
    post: {operationId: scanPart, summary: Scans, requestBody: {required: true, content: {application/x-scan: {schema: {type: string, format: binary}}}}, responses: {"200": {description: ok}}}
`
const CONFIG = `
sources:
  mcpServers:
    memory: {command: ${JSON.stringify(resolve('node_modules/.bin/mcp-server-memory'))}, env: {MEMORY_FILE_PATH: memory.json, API_KEY: hunter22hunter22}}
    off: {command: /does/not/exist, disabled: true}
  openapi:
    shop: {file: shop.yaml}
    memory: {file: shop.yaml}
  a2a:
    travel: {url: "http://127.0.0.1:64999"}
`

let cwd: string
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'tutti-cli-sources-'))
  await writeFile(join(cwd, 'tutti.config.yaml'), CONFIG)
  await writeFile(join(cwd, 'shop.yaml'), SHOP)
})

describe('sources of the configuration, on the command line', () => {
  it('are loaded side by side: what they offer is listed, with what was left out and which one is dead', async () => {
    const { code, out, err } = await tutti(['catalog', 'list'], { cwd })
    expect(code).toBe(0)
    expect(out).toMatch(/^memory {2}tool, mcp:memory, 1\/1 healthy$/m)
    expect(out).toMatch(/^ {2}create_entities +\w+ +Create Entities: Create multiple/m)
    expect(out).toMatch(/^shop {2}tool, openapi:shop, 1\/1 healthy\n {2}getOrder +read +Reads an order/m)
    expect(out).toMatch(/^ {2}mcp:memory {2}ready, 1 component, 9 capabilities$/m)
    expect(out).toMatch(/^ {2}openapi:shop {2}ready, 1 component, 1 capability, 1 left out\n {4}– .*scan/m)
    expect(out).toMatch(/^ {2}a2a:travel {2}failed, 0 components, 0 capabilities {2}.*cannot be reached/m)
    expect(out).not.toContain('mcp:off')
    expect(err).toContain('Component "memory" of source "openapi:memory" is hidden by that of "mcp:memory"')
    expect(err).not.toContain('demo components')
  })

  it('are examined by the doctor, who shows no secret', async () => {
    const { code, out, err } = await tutti(['doctor', '--json'], { cwd })
    expect(code).toBe(1)
    const { checks, configuration } = JSON.parse(out) as { checks: { name: string }[]; configuration: unknown }
    const checkOf = (name: string) => checks.find((check) => check.name === name)
    expect(checkOf('source:mcp:memory')).toMatchObject({ status: 'ok' })
    expect(checkOf('source:openapi:shop')).toMatchObject({
      message: expect.stringMatching(/^1 component, 1 capability; 1 left out: .*scan/) as string,
    })
    expect(checkOf('source:a2a:travel')).toMatchObject({ status: 'failed' })
    expect(configuration).toMatchObject({ sources: { mcpServers: { memory: { env: { API_KEY: '[set]' } } } } })
    expect(out + err).not.toContain('hunter22')
  })
})
