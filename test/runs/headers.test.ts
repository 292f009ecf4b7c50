import { describe, expect, it } from 'vitest'
import { tool } from '../../src/connectors/local/tool.ts'
import { createOrchestrator } from '../../src/create-orchestrator.ts'

/** Two orchestrators whose only tool is the other one. */
function askInACircle(maxDepth: number): { readonly calls: () => number; readonly ask: () => Promise<unknown> } {
  let calls = 0
  const orchestrator = createOrchestrator({
    runs: { maxDepth },
    tools: [
      tool({
        name: 'ask_again',
        description: 'Asks the orchestrator itself',
        input: { type: 'object' },
        effect: 'read',
        execute: async () => {
          calls++
          const { status, errors } = await orchestrator.execute(
            { steps: [{ name: 'again', component: 'ask_again', retry: { max_attempts: 1 } }] },
            {},
            { headers: { 'x-tutti-depth': String(calls) } },
          )
          return { status, errors: errors ?? [] }
        },
      }),
    ],
  })
  const ask = async (): Promise<unknown> => {
    const { steps } = await orchestrator.execute({ steps: [{ name: 'again', component: 'ask_again' }] })
    await orchestrator.close()
    return steps[0]
  }
  return { calls: () => calls, ask }
}

describe('orchestrators that call each other', () => {
  it('in a circle are stopped after runs.max_depth, and the refusal names the setting (B13)', async () => {
    const { calls, ask } = askInACircle(3)
    const step = await ask()
    expect(calls()).toBe(3)
    expect(step).toMatchObject({ status: 'succeeded', output: { status: 'succeeded' } })
  })

  it.each([
    ['5', true],
    ['4', false],
    ['-1', false],
    ['x', false],
  ])('are told apart by their depth alone: %s of 5 is refused: %s (B13)', async (depth, isRefused) => {
    const orchestrator = createOrchestrator({ runs: { maxDepth: 5 } })
    const asked = orchestrator.execute({ steps: [{ name: 'gate' }] }, {}, { headers: { 'x-tutti-depth': depth } })
    if (isRefused)
      await expect(asked).rejects.toMatchObject({
        code: 'invalid_request',
        message: expect.stringContaining('runs.max_depth'),
      })
    else await expect(asked).resolves.toMatchObject({ status: 'succeeded' })
    await orchestrator.close()
  })
})
