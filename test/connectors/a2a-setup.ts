// An agent of the tests as a source, and a call of its first skill.
import { TaskState } from '@a2a-js/sdk'
import { afterEach } from 'vitest'
import { type A2aSourceOptions, createA2aSource } from '../../src/connectors/a2a/a2a-source.ts'
import type { Component } from '../../src/contracts/capability.ts'
import { TuttiError } from '../../src/contracts/errors.ts'
import type { JsonObject } from '../../src/contracts/json.ts'
import type { InvokerCall, Source } from '../../src/contracts/parts.ts'
import { readOutcome } from '../../src/executor/outcome.ts'
import { type AgentOptions, type AgentTurn, dataPart, startAgent, textPart } from '../support/a2a-agent.ts'

export const open: { close(): Promise<unknown> }[] = []
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close()
})

export const signal = new AbortController().signal

export async function start(
  options: AgentOptions,
  own: Partial<A2aSourceOptions['agent']> = {},
  more: Partial<A2aSourceOptions> = {},
) {
  const agent = await startAgent(options)
  open.push(agent)
  const source = createA2aSource({ name: 'travel', agent: { url: agent.url, ...own }, ...more })
  open.push({ close: async () => await source.discovery.close?.() })
  return { agent, source }
}

export async function call(source: Source, inputs: JsonObject, more: Partial<InvokerCall> = {}) {
  const [component] = (await source.discovery.load(signal)) as [Component]
  const [capability] = component.capabilities
  const [instance] = component.instances
  if (capability === undefined || instance === undefined) throw new Error('the agent has no skill')
  return await source.invoker.invoke({
    component,
    capability,
    instance,
    inputs,
    idempotencyKey: 'run-1:plan:1',
    runId: 'run-1',
    headers: {},
    signal,
    ...more,
  })
}

export const codeOf = async (work: () => Promise<unknown>): Promise<TuttiError> => {
  try {
    await work()
  } catch (error) {
    if (error instanceof TuttiError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}
export const outcomeOf = async (work: Promise<Parameters<typeof readOutcome>[0]>) =>
  readOutcome(await work, 'travel/plan-trip', 0)

export const plan = (turn: AgentTurn): void => {
  turn.begin()
  turn.working('looking for trains')
  turn.artifact('trip', [textPart('KTX at nine.'), dataPart({ train: 'KTX 21', seats: 2 })])
  turn.artifact('trip', [textPart('Hotel by the sea.')], true)
  turn.end(TaskState.TASK_STATE_COMPLETED)
}
