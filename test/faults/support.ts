// What the fault tests share: orchestrators over components that lie, and a watch on what the process must never meet.
import { afterAll, beforeAll, expect } from 'vitest'
import { createHttpInvoker } from '../../src/connectors/http/http-invoker.ts'
import { tool } from '../../src/connectors/local/tool.ts'
import type { Source } from '../../src/contracts/parts.ts'
import { createOrchestrator } from '../../src/create-orchestrator.ts'
import type { OrchestratorOptions } from '../../src/orchestrator-options.ts'

/** Fails the file when a rejection or an exception went unhandled while it ran. */
export function watchProcess(): void {
  const seen: unknown[] = []
  const note = (thrown: unknown): void => void seen.push(thrown)
  beforeAll(() => {
    process.on('unhandledRejection', note)
    process.on('uncaughtExceptionMonitor', note)
  })
  afterAll(async () => {
    await new Promise((resolve) => setImmediate(resolve))
    process.off('unhandledRejection', note)
    process.off('uncaughtExceptionMonitor', note)
    expect(seen).toEqual([])
  })
}

/** A component "liar" with one capability "lie", answered over HTTP at the origin. */
export const sourceAt = (origin: string, maxResponseBytes = 10_000_000): Source => ({
  discovery: {
    name: 'liars',
    fixed: true,
    load: async () => [
      {
        name: 'liar',
        kind: 'tool',
        source: 'liars',
        trust: 'discovered',
        capabilities: [{ name: 'lie', description: 'Lies.', inputSchema: { type: 'object' }, effect: 'read' }],
        instances: [{ id: 'liar-1', address: origin, health: 'healthy' }],
      },
    ],
  },
  invoker: createHttpInvoker({ privateAddresses: true, maxResponseBytes }),
})

/** What stands beside the liar in every plan, and must get its result through. */
export const honest = tool({
  name: 'honest',
  description: 'Tells the truth.',
  input: { type: 'object' },
  effect: 'read',
  execute: () => ({ truth: 42 }),
})

export const LIE = {
  steps: [
    { name: 'lie', component: 'liar', action: 'lie' },
    { name: 'truth', component: 'honest' },
  ],
}

export const FAST = {
  recovery: { maxAttempts: 1, semanticEnabled: false },
  breaker: { enabled: false },
} satisfies OrchestratorOptions

export const orchestratorAt = (origin: string, options: OrchestratorOptions = {}) =>
  createOrchestrator({ ...FAST, tools: [honest], sources: [sourceAt(origin)], ...options })
