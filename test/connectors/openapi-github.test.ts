// A published document of more than a thousand operations, called against a server that holds every request to that document.
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createOpenapiSource, type OpenapiSource } from '../../src/connectors/openapi/openapi-source.ts'
import type { Component } from '../../src/contracts/capability.ts'
import type { JsonObject } from '../../src/contracts/json.ts'
import { createOrchestrator } from '../../src/create-orchestrator.ts'
import { checkBySchema, compileSchema, loadSchemas } from '../../src/plan/schema.ts'
import { type Stub, startGithubStub } from './github-stub.ts'
import { callOf, signal } from './openapi-world.ts'
import { makeValue } from './schema-values.ts'

let stub: Stub
let source: OpenapiSource
let component: Component

beforeAll(async () => {
  stub = await startGithubStub()
  source = createOpenapiSource({ name: 'github', spec: { url: `${stub.origin}/openapi.json`, server: stub.origin } })
  const [found] = await source.discovery.load(signal)
  if (found === undefined) throw new Error('The document has no component.')
  component = found
}, 60_000)

afterAll(async () => {
  await source.discovery.close?.()
  await source.invoker.close?.()
  await stub.close()
})

/** The same numbers in every run. */
function createRandom(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31
    return state / 2 ** 31
  }
}

describe('a document of more than a thousand operations', () => {
  it('becomes capabilities, or reasons, and nothing is lost between', async () => {
    expect(stub.operations).toBeGreaterThan(1_200)
    const { operations, skipped } = source.report()
    expect(operations + skipped.length).toBe(stub.operations)
    expect(skipped.map(({ operation }) => operation)).toEqual([
      'POST /repos/{owner}/{repo}/releases/{release_id}/assets (repos/upload-release-asset)',
    ])
  })

  it('has only names that models take, each once, and schemas that can be used', async () => {
    const names = component.capabilities.map(({ name }) => name)
    expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(names.length)
    expect(names.filter((name) => !/^[A-Za-z0-9_-]{1,64}$/.test(name))).toEqual([])
    await loadSchemas()
    const unusable = component.capabilities
      .filter((_, i) => i % 5 === 0)
      .filter(({ inputSchema, outputSchema }) =>
        [inputSchema, outputSchema].some((schema) => schema !== undefined && !compileSchema(schema).enforced),
      )
    expect(unusable.map(({ name }) => name)).toEqual([])
  })

  it('is called by every operation as the document wants it', async () => {
    const random = createRandom(7)
    const refused: string[] = []
    for (const capability of component.capabilities) {
      const schema = capability.inputSchema as JsonObject
      const inputs = makeValue(schema, schema, random) as JsonObject
      if ((await checkBySchema(capability.inputSchema, inputs)).length > 0) {
        refused.push(
          `${capability.name}: ${(await checkBySchema(capability.inputSchema, inputs))[0]} ${JSON.stringify(inputs).slice(0, 150)}`,
        )
        continue
      }
      const { status } = await callOf(source, component, capability, inputs)
      expect(status).toBe(200)
    }
    expect(stub.complaints).toEqual([])
    // Inputs that could not be made up to fit their own schema.
    expect(refused).toEqual([])
  }, 120_000)

  it('is executed as a plan of which one step needs the other', async () => {
    const orchestrator = createOrchestrator({ sources: [source] })
    const { status, outputs } = await orchestrator.execute({
      name: 'chain',
      steps: [
        { name: 'new', component: 'github', action: 'issues_create', inputs: { owner: 'o', repo: 'r', title: 'T' } },
        {
          name: 'issue',
          component: 'github',
          action: 'issues_update',
          inputs: { owner: 'o', repo: 'r', issue_number: '${steps.new.output.number}', state: 'closed' },
        },
      ],
      outputs: { path: '${steps.issue.output.path}' },
    })
    expect({ status, outputs }).toEqual({ status: 'succeeded', outputs: { path: '/repos/o/r/issues/7' } })
    expect(stub.requests.at(-1)).toMatchObject({ method: 'PATCH', body: '{"state":"closed"}' })
    expect(stub.complaints).toEqual([])
    await orchestrator.close()
  })
})
