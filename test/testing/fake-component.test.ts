import { describe, expect, it } from 'vitest'
import { TuttiError } from '../../src/contracts/errors.ts'
import type { InvokerCall } from '../../src/contracts/parts.ts'
import { type FakeSource, fakeSource, reply } from '../../src/testing/index.ts'

const callOf = async (source: FakeSource, action: string, inputs = {}): Promise<InvokerCall> => {
  const [component] = await source.discovery.load(new AbortController().signal)
  const capability = component?.capabilities.find(({ name }) => name === action)
  const instance = component?.instances[0]
  if (component === undefined || capability === undefined || instance === undefined)
    throw new Error(`"${action}" is not there`)
  return {
    component,
    capability,
    instance,
    inputs,
    idempotencyKey: 'run_1:a:1',
    runId: 'run_1',
    headers: {},
    signal: new AbortController().signal,
  }
}

describe('a fake source', () => {
  it('is found like any other, and answers from functions', async () => {
    const source = fakeSource({
      name: 'weather',
      instances: 2,
      capabilities: { forecast: { tags: ['sky'], run: ({ city }, _call, n) => ({ city: city ?? null, n }) } },
    })
    const call = await callOf(source, 'forecast', { city: 'Seoul' })
    expect(call.component).toMatchObject({
      name: 'weather',
      kind: 'tool',
      source: source.discovery.name,
      instances: [{ id: 'weather-1' }, { id: 'weather-2' }],
    })
    expect(call.capability).toMatchObject({
      name: 'forecast',
      effect: 'read',
      inputSchema: { type: 'object' },
      tags: ['sky'],
    })
    expect(await source.invoker.invoke(call)).toEqual({ status: 200, body: { city: 'Seoul', n: 1 } })
    expect(await source.invoker.invoke(call)).toEqual({ status: 200, body: { city: 'Seoul', n: 2 } })
    expect(source.of('forecast')).toHaveLength(2)
    expect(source.calls[0]).toEqual({
      component: 'weather',
      action: 'forecast',
      inputs: { city: 'Seoul' },
      instance: 'weather-1',
      idempotencyKey: 'run_1:a:1',
    })
  })

  it('answers with a status, or throws what the function throws', async () => {
    const fault = new TuttiError('component_unavailable', 'away')
    const source = fakeSource({
      name: 'shop',
      capabilities: {
        find: { run: () => reply(404, { error: 'none' }, { 'retry-after': '1' }) },
        buy: { effect: 'write', run: () => Promise.reject(fault) },
      },
    })
    expect(await source.invoker.invoke(await callOf(source, 'find'))).toEqual({
      status: 404,
      body: { error: 'none' },
      headers: { 'retry-after': '1' },
    })
    await expect(source.invoker.invoke(await callOf(source, 'buy'))).rejects.toBe(fault)
    expect(source.calls.map(({ action }) => action)).toEqual(['find', 'buy'])
  })

  it('does not find capabilities on the prototype of an object', async () => {
    const source = fakeSource({ name: 'shop', capabilities: { find: { run: () => null } } })
    const call = await callOf(source, 'find')
    await expect(
      source.invoker.invoke({ ...call, capability: { ...call.capability, name: 'constructor' } }),
    ).rejects.toMatchObject({ code: 'internal' })
  })
})
