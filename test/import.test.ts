// What a program pays for `import 'tutti'`: which packages are loaded, and that the process ends by itself.
import { spawn } from 'node:child_process'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { describe, expect, it } from 'vitest'

const ROOT = join(import.meta.dirname, '..')
const source = (path: string): string => pathToFileURL(join(ROOT, 'src', path)).href

/** Notes every module that is resolved, and prints the packages among them at the end. */
const HOOK = `
import { registerHooks } from 'node:module'
const packages = new Set()
registerHooks({ resolve(specifier, context, next) {
  const found = next(specifier, context)
  const name = /.*\\/node_modules\\/((?:@[^/]+\\/)?[^/]+)/.exec(found.url)?.[1]
  if (name !== undefined) packages.add(name)
  return found
} })
process.on('exit', () => console.log(JSON.stringify([...packages].sort())))
`

async function run(
  program: string,
): Promise<{ code: number | null; packages: string[]; printed: string[]; err: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'tutti-import-'))
  await writeFile(join(folder, 'hook.mjs'), HOOK)
  await writeFile(join(folder, 'program.mjs'), program)
  const child = spawn(
    process.execPath,
    ['--import', pathToFileURL(join(folder, 'hook.mjs')).href, join(folder, 'program.mjs')],
    {
      env: { PATH: process.env.PATH ?? '' },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  let out = ''
  let err = ''
  child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve))
  const printed = out.trim().split('\n')
  return { code, packages: JSON.parse(printed.pop() ?? '[]') as string[], printed, err }
}

const HEAVY = [
  'openai',
  '@anthropic-ai/sdk',
  'ioredis',
  'undici',
  'ajv',
  'ajv-formats',
  'yaml',
  '@marcbachmann/cel-js',
  'hono',
  '@hono/node-server',
  'commander',
  'jsonrepair',
  '@modelcontextprotocol/client',
]

describe('importing', () => {
  it('tutti loads no vendor SDK, no Redis client, no HTTP client, and nothing that is needed later only', async () => {
    const { code, packages, err } = await run(`await import('${source('index.ts')}')`)
    expect(code, err).toBe(0)
    expect(packages).toContain('zod')
    expect(packages.filter((name) => HEAVY.includes(name))).toEqual([])
  })
  it.each([
    ['component/index.ts', ['openai', '@anthropic-ai/sdk', 'ioredis', 'undici', 'ajv', 'yaml']],
    ['testing/index.ts', ['openai', '@anthropic-ai/sdk', 'ioredis', 'undici', 'vitest']],
    ['connectors/redis/index.ts', ['openai', '@anthropic-ai/sdk', 'ioredis', 'undici']],
    ['connectors/mcp/index.ts', ['@modelcontextprotocol/client', 'cross-spawn', 'undici', 'ajv', 'yaml']],
    ['server/index.ts', ['openai', '@anthropic-ai/sdk', 'ioredis', 'undici', 'ajv', 'yaml']],
  ])('the sub-path entry %s loads none of %j', async (path, unwanted) => {
    const { code, packages, err } = await run(`await import('${source(path)}')`)
    expect(code, err).toBe(0)
    expect(packages.filter((name) => unwanted.includes(name))).toEqual([])
  })
})

describe('a program', () => {
  it('ends by itself after close()', async () => {
    const { code, err } = await run(`
      const { createOrchestrator } = await import('${source('index.ts')}')
      const orchestrator = createOrchestrator({ redis: { url: 'redis://127.0.0.1:1' } })
      await orchestrator.processRequest('What is the weather?')
      await orchestrator.close()
    `)
    expect(code, err).toBe(0)
  })
  it('prints nothing of its own (B119)', async () => {
    const { printed, err } = await run(`
      const { createOrchestrator } = await import('${source('index.ts')}')
      await using orchestrator = createOrchestrator({ openai: { apiKey: 'sk-test-0001', baseUrl: 'http://127.0.0.1:1/v1' }, model: { default: 'openai:x', maxAttempts: 1 } })
      await orchestrator.processRequest('What is the weather?')
    `)
    expect([printed, err]).toEqual([[], ''])
  })
})
