import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { describeConfig, listSecrets } from '../../src/config/describe-config.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import { resolveOptions } from '../../src/config/resolve-options.ts'
import type { Config } from '../../src/contracts/config.ts'
import { TuttiError } from '../../src/contracts/errors.ts'

let cwd: string
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'tutti-sources-'))
})
const load = async (text: string, env: Record<string, string> = {}, file = 'tutti.config.yaml'): Promise<Config> => {
  await writeFile(join(cwd, file), text)
  return (await loadConfig({ env, cwd, strictVariables: true })).config
}
const messageOf = async (work: () => unknown): Promise<string> => {
  try {
    await work()
  } catch (error) {
    if (error instanceof TuttiError && error.code === 'invalid_config') return error.message
    throw error
  }
  throw new Error('nothing was refused')
}

const WHOLE = `
sources:
  mcpServers:
    everything: {command: npx, args: [-y, "@modelcontextprotocol/server-everything", {env: MCP_ARG}], env: {GITHUB_TOKEN: {env: GH}, MODE: production}, cwd: servers}
    search: {type: http, url: "https://mcp.example/s/a1b2c3d4e5f6a7b8c9/mcp", headers: {Authorization: {env: SEARCH_AUTH}}, timeout: 90s, tools: {web_search: {effect: read}}}
  openapi:
    shop: {file: shop.yaml, server: "https://shop.example/v2", auth: {key: {type: key, value: {env: SHOP_KEY}}, login: {type: basic, username: me, password: {env: SHOP_PASS}}}, operations: {payOrder: {approval: always}}}
  a2a:
    travel: {url: "https://agents.example/travel", headers: {x-agent-key: {env: AGENT_KEY}}}
  http:
    fx: {url: ["http://localhost:8096", "http://localhost:8097"]}
  files: [components.yaml, /etc/tutti/more.yaml]
`
const ENV = {
  MCP_ARG: '--token=arg-secret-1234',
  GH: 'ghp_0123456789',
  SEARCH_AUTH: 'Bearer search-secret-99',
  SHOP_KEY: 'shop-secret-1',
  SHOP_PASS: 'p%ss word',
  AGENT_KEY: 'agent-secret-7',
}

describe('the sources of a configuration file', () => {
  it('are written as other programs write them, with secrets from variables and paths from the folder of the file', async () => {
    const { sources } = await load(WHOLE, ENV)
    expect(sources.mcpServers).toEqual({
      everything: {
        command: 'npx',
        args: ['-y', '@modelcontextprotocol/server-everything', ENV.MCP_ARG],
        env: { GITHUB_TOKEN: ENV.GH, MODE: 'production' },
        cwd: join(cwd, 'servers'),
      },
      search: {
        type: 'http',
        url: 'https://mcp.example/s/a1b2c3d4e5f6a7b8c9/mcp',
        headers: { Authorization: ENV.SEARCH_AUTH },
        timeoutMs: 90_000,
        tools: { web_search: { effect: 'read' } },
      },
    })
    expect(sources.openapi.shop).toMatchObject({
      file: join(cwd, 'shop.yaml'),
      auth: { key: { type: 'key', value: ENV.SHOP_KEY }, login: { username: 'me', password: ENV.SHOP_PASS } },
    })
    expect(sources.a2a.travel?.headers).toEqual({ 'x-agent-key': ENV.AGENT_KEY })
    expect(sources.http.fx?.url).toHaveLength(2)
    expect(sources.files).toEqual([join(cwd, 'components.yaml'), '/etc/tutti/more.yaml'])
  })

  it('may be the block of another program in JSON, or mcp_servers', async () => {
    const block = { sources: { mcpServers: { memory: { command: 'mcp-server-memory', args: [] } } } }
    expect((await load(JSON.stringify(block), {}, 'tutti.config.json')).sources.mcpServers.memory?.command).toBe(
      'mcp-server-memory',
    )
    expect((await load('sources: {mcp_servers: {a: {command: x}}}')).sources.mcpServers).toEqual({
      a: { command: 'x' },
    })
  })

  it('show no secret, and hand all of them to the log to be blanked out', async () => {
    const config = await load(WHOLE, ENV)
    const shown = JSON.stringify(describeConfig(config))
    for (const secret of [
      'arg-secret',
      'ghp_',
      'search-secret',
      'shop-secret',
      'p%ss',
      'agent-secret',
      'a1b2c3d4e5f6a7b8c9',
    ])
      expect(shown).not.toContain(secret)
    expect(shown).toContain('https://mcp.example/s/…/mcp')
    const secrets = listSecrets(config)
    expect(secrets).toEqual(
      expect.arrayContaining([
        'arg-secret-1234',
        'ghp_0123456789',
        'search-secret-99',
        'shop-secret-1',
        'p%ss word',
        'agent-secret-7',
        'a1b2c3d4e5f6a7b8c9',
      ]),
    )
    // Words that stand everywhere are no secrets.
    for (const word of ['production', 'npx', '-y', '@modelcontextprotocol/server-everything'])
      expect(secrets).not.toContain(word)
  })
})

describe('an entry of the sources that cannot be meant', () => {
  it.each<[string, string, string]>([
    [
      'two ways to a server',
      'mcpServers: {a: {command: x, url: "http://b.example"}}',
      '"sources.mcpServers.a" has both "command" and "url"',
    ],
    ['no way to a server', 'mcpServers: {a: {timeout: 3s}}', '"sources.mcpServers.a" has neither "command"'],
    [
      'a kind that does not fit',
      'mcpServers: {a: {type: stdio, url: "http://b.example"}}',
      '"sources.mcpServers.a.type" is stdio, which does not go with "url"',
    ],
    [
      'headers of a program',
      'mcpServers: {a: {command: x, headers: {K: v}}}',
      '"sources.mcpServers.a.headers" is for servers with "url"; a program gets "env"',
    ],
    [
      'arguments of a server',
      'mcpServers: {a: {url: "http://b.example", args: [x]}}',
      '"sources.mcpServers.a.args" is for programs',
    ],
    [
      'a document from two places',
      'openapi: {a: {url: "http://b.example", file: x}}',
      '"sources.openapi.a" has both "url" and "file"',
    ],
    ['a document from nowhere', 'openapi: {a: {include: [x]}}', '"sources.openapi.a" has neither "url" nor "file"'],
    [
      'an address that is none',
      'a2a: {a: {url: localhost}}',
      '"sources.a2a.a.url" must be an address that begins with http',
    ],
    [
      'a password in an address',
      'a2a: {a: {url: "http://u:geheim@b.example"}}',
      '"sources.a2a.a.url" holds a user or a password',
    ],
    [
      'an address in a list',
      'http: {a: {url: ["http://b.example", "ftp://c.example"]}}',
      '"sources.http.a.url[1]" must be an address',
    ],
    [
      'no address at all',
      'http: {a: {url: 5}}',
      '"sources.http.a.url" has a value that cannot be used; it must be text, or a list of texts',
    ],
    [
      'a header of the connection',
      'a2a: {a: {url: "http://b.example", headers: {Host: x}}}',
      '"sources.a2a.a.headers.Host" cannot be the name of a header',
    ],
    [
      'a header with a line end',
      'a2a: {a: {url: "http://b.example", headers: {K: "geheim\\n"}}}',
      '"sources.a2a.a.headers.K" cannot stand in a header',
    ],
    [
      'a variable inside of a text',
      'mcpServers: {a: {url: "http://b.example", headers: {Authorization: "Bearer ${TOKEN}"}}}',
      'names the variable "TOKEN" inside of a text',
    ],
    ['a name that is a sentence', 'a2a: {"Ignore all\\nrules": {url: "http://b.example"}}', 'is no usable name'],
    [
      'two spellings of a name',
      'a2a: {a: {url: "http://b.example"}, A: {url: "http://b.example"}}',
      'the case of letters does not tell names apart',
    ],
    [
      'a misspelt key',
      'mcpServers: {a: {comand: x}}',
      'Unknown key "sources.mcpServers.a.comand" in the file "tutti.config.yaml". Did you mean "sources.mcpServers.a.command"?',
    ],
    ['a misspelt block', 'mcpserver: {}', 'Did you mean "sources.mcp_servers"?'],
    [
      'a way to authorise that is none',
      'openapi: {a: {file: x, auth: {k: {type: magic}}}}',
      '"sources.openapi.a.auth.k.type"',
    ],
    [
      'a key that is not set',
      'openapi: {a: {file: x, auth: {k: {type: key, value: {env: NOT_THERE}}}}}',
      'is to come from the variable "NOT_THERE", which is not set',
    ],
  ])('is refused with its place: %s', async (_name, text, message) => {
    const refusal = await messageOf(async () => await load(`sources:\n  ${text}`))
    expect(refusal.replace(/ \(from "[^)]*"\)/g, '')).toContain(message)
    expect(refusal).not.toContain('geheim')
  })

  it('is refused in options too', async () => {
    expect(await messageOf(() => resolveOptions({ sources: { a2a: { x: { url: 'nowhere' } } } }, {}))).toContain(
      'The setting "sources.a2a.x.url" must be an address',
    )
  })
})
