// What an operator reads of sources that do not work: what is wrong, and what to do about it.
import { mkdtemp, writeFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { tutti } from './process.ts'

const CREDENTIALS = 'put that into the "headers" of the source, as in {Authorization: {env: NAME}}'
const server = createServer((request, response) => {
  if (request.url === '/page') response.writeHead(200, { 'content-type': 'text/html' }).end('<html><p>Hello</p></html>')
  else response.writeHead(401, { 'www-authenticate': 'Bearer' }).end('Who are you?')
})

let cwd: string
let origin: string
beforeAll(async () => {
  await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve))
  origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  cwd = await mkdtemp(join(tmpdir(), 'tutti-cli-broken-'))
  const node = JSON.stringify(process.execPath)
  await writeFile(
    join(cwd, 'tutti.config.yaml'),
    `
sources:
  mcpServers:
    lost: {command: ${node}, args: [no/such/program.js]}
    unset: {command: ${node}, args: [-e, "console.error('DATABASE_URL is not set'); process.exit(3)"]}
    locked: {url: "${origin}/mcp"}
  openapi:
    private: {url: "${origin}/openapi.json"}
    page: {url: "${origin}/page"}
    gone: {file: gone.yaml}
  a2a:
    agent: {url: "${origin}"}
  files: [components.yaml]
`,
  )
})
afterAll(() => new Promise((resolve) => server.close(resolve)))

describe('sources that do not work', () => {
  it('are each told once, by the doctor, in a sentence that says what to do', async () => {
    const { code, out, err } = await tutti(['doctor', '--json'], { cwd })
    expect(code).toBe(1)
    const { checks } = JSON.parse(out) as { checks: { name: string; message: string }[] }
    const told = (name: string) => checks.find((check) => check.name === `source:${name}`)?.message
    expect(told('mcp:lost')).toMatch(/^The MCP server "lost" could not be connected: Error: Cannot find module '\S+'$/)
    expect(told('mcp:unset')).toBe('The MCP server "unset" could not be connected: DATABASE_URL is not set')
    expect(told('mcp:locked')).toContain(CREDENTIALS)
    expect(told('openapi:private')).toContain(`answered with 401 instead of an OpenAPI document. It wants to know`)
    expect(told('openapi:page')).toContain('Is it the document itself, and not a page about it?')
    expect(told('openapi:gone')).toMatch(/gone\.yaml" cannot be read: it does not exist\.$/)
    expect(told('a2a:agent')).toContain(CREDENTIALS)
    expect(told(`file:${join(cwd, 'components.yaml')}`)).toMatch(/cannot be read: it does not exist\.$/)
    expect(err).toBe('')
  })

  it('stand in a column of their own, and do not hide what works', async () => {
    const { out } = await tutti(['doctor'], { cwd })
    expect(out).toMatch(/^✗ source:mcp:unset {10}The MCP server/m)
    expect(out).toMatch(/^✓ journal {19}in memory/m)
  })
})
