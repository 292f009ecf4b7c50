// Numbers beyond 2^53 on their whole way: through the orchestrator, over real HTTP and through local functions.
import { describe, expect, it } from 'vitest'
import { createHttpInvoker } from '../../src/connectors/http/http-invoker.ts'
import { tool } from '../../src/connectors/local/tool.ts'
import type { Source } from '../../src/contracts/parts.ts'
import { createOrchestrator } from '../../src/create-orchestrator.ts'
import { startHttpServer } from '../support/http-servers.ts'
import { object } from './support.ts'

describe('numbers', () => {
  it('beyond 2^53 pass from the bytes of one component to the bytes of the next (B26)', async () => {
    const digits = '{"id":9007199254740993,"deep":[{"n":-12345678901234567890123456789}],"f":1.5}'
    const component = await startHttpServer((seen, _, response) => {
      response.setHeader('content-type', 'application/json')
      response.end(seen.body.includes('taken') ? '{"ok":true}' : `{"success":true,"data":${digits}}`)
    })
    const source: Source = {
      discovery: {
        name: 'http',
        fixed: true,
        load: async () => [
          {
            name: 'ids',
            kind: 'tool',
            source: 'http',
            trust: 'discovered',
            capabilities: [
              { name: 'emit', description: 'Gives ids.', inputSchema: { type: 'object' }, effect: 'read' },
              {
                name: 'take',
                description: 'Takes ids.',
                effect: 'read',
                inputSchema: object({
                  taken: { type: 'object' },
                  id: { type: 'integer' },
                  same: { type: 'integer' },
                  text: { type: 'string' },
                }),
              },
            ],
            instances: [{ id: 'one', address: component.origin, health: 'healthy' }],
          },
        ],
      },
      invoker: createHttpInvoker({ privateAddresses: true, maxResponseBytes: 10_000 }),
    }
    const orchestrator = createOrchestrator({ sources: [source] })
    try {
      const document = {
        steps: [
          { name: 'a', component: 'ids', action: 'emit' },
          {
            name: 'b',
            component: 'ids',
            action: 'take',
            inputs: {
              taken: '${steps.a.output}',
              id: '${steps.a.output.id}',
              same: '9007199254740995',
              text: 'id ${steps.a.output.id}',
            },
          },
        ],
      }
      const done = await orchestrator.execute(document)
      expect(done.steps.map(({ status }) => status)).toEqual(['succeeded', 'succeeded'])
      expect(component.requests[1]?.body).toBe(
        `{"taken":${digits},"id":9007199254740993,"same":9007199254740995,"text":"id 9007199254740993"}`,
      )
    } finally {
      await orchestrator.close()
      await component.close()
    }
  })
})

it('takes a local function as it takes a component: bigints and all (B26)', async () => {
  const seen: unknown[] = []
  const any = { type: 'object' }
  const orchestrator = createOrchestrator({
    tools: [
      tool({ name: 'emit', description: 'x', input: any, effect: 'read', execute: () => ({ id: 2n ** 64n }) }),
      tool({ name: 'take', description: 'x', input: any, effect: 'read', execute: (inputs) => void seen.push(inputs) }),
    ],
  })
  try {
    await orchestrator.execute({
      steps: [
        { name: 'a', component: 'emit' },
        { name: 'b', component: 'take', inputs: { id: '${steps.a.output.id}' } },
      ],
    })
    expect(seen).toEqual([{ id: 2n ** 64n }])
  } finally {
    await orchestrator.close()
  }
})
