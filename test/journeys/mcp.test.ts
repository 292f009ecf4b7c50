// A plan over the tools of an MCP server: written by a script, run by the real executor, with effects on a real folder.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createMcpSource } from '../../src/connectors/mcp/index.ts'
import { createOrchestrator, type RunEvent } from '../../src/index.ts'
import { createScriptedModel, type Script } from '../../src/testing/index.ts'
import { node, programOf, rawServer } from '../support/mcp/world.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mcp-journey-'))
})
afterEach(async () => await rm(folder, { recursive: true }))

const step = (name: string, action: string, inputs: object) => ({ name, component: 'files', action, inputs })

async function ask(script: Script) {
  const model = createScriptedModel(script)
  const events: RunEvent[] = []
  await using tutti = createOrchestrator({
    model,
    sources: [createMcpSource({ name: 'files', server: node(programOf('filesystem'), folder) })],
    recovery: { initialWaitMs: 1 },
    onEvent: (event) => events.push(event),
  })
  const response = await tutti.processRequest('Copy the note')
  return { response, events, model }
}

describe('tools of an MCP server in a plan', () => {
  it('are offered, called, and their outputs referred to', async () => {
    await writeFile(join(folder, 'note.txt'), 'Seoul, 7 nights')
    const { response, model } = await ask({
      plan: {
        steps: [
          step('read', 'read_text_file', { path: join(folder, 'note.txt') }),
          step('copy', 'write_file', { path: join(folder, 'copy.txt'), content: '${steps.read.output.content}' }),
        ],
      },
      synthesize: 'Copied.',
    })
    expect(response).toMatchObject({ status: 'succeeded', answer: 'Copied.' })
    expect(await readFile(join(folder, 'copy.txt'), 'utf8')).toBe('Seoul, 7 nights')
    expect(JSON.stringify(model.of('plan')[0])).toContain('read_text_file')
  })

  it('get other inputs where the server says what is wrong with them', async () => {
    await writeFile(join(folder, 'note.txt'), 'found')
    const { response } = await ask({
      plan: { steps: [step('read', 'read_text_file', { path: join(folder, 'nota.txt') })] },
      're-resolve': {
        should_retry: true,
        analysis: 'The file is called note.txt.',
        corrected_parameters: { path: join(folder, 'note.txt') },
      },
      synthesize: 'Read.',
    })
    expect(response.status).toBe('succeeded')
    expect(response.steps[0]).toMatchObject({ output: { content: 'found' } })
  })
})

describe('a server that dies in a step', () => {
  it('is started again for the next attempt, when repeating does no harm', async () => {
    await using tutti = createOrchestrator({
      sources: [createMcpSource({ name: 'raw', server: { ...rawServer(), tools: { die: { idempotent: true } } } })],
      recovery: { initialWaitMs: 1 },
    })
    const response = await tutti.execute({
      steps: [
        { name: 'end', component: 'raw', action: 'die', on_error: 'continue' },
        { name: 'after', component: 'raw', action: 'echo', inputs: { a: 1 } },
      ],
    })
    expect(response.steps.find(({ name }) => name === 'end')).toMatchObject({
      status: 'failed',
      error: { code: 'component_unavailable' },
    })
    expect(response.steps.find(({ name }) => name === 'after')?.status).toBeDefined()
  })
})
