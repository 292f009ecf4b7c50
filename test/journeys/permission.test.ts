// What was withheld from the planner is not called for its plan either, by whatever way the executor finds who to call.
import { describe, expect, it } from 'vitest'
import { createOrchestrator, type OrchestratorOptions, TuttiError } from '../../src/index.ts'
import { createScriptedModel, type FakeCapability, fakeSource } from '../../src/testing/index.ts'

const sky = (run: FakeCapability['run']): FakeCapability => ({ description: 'The sky now', effect: 'read', run })

async function ask(
  steps: object[],
  options: OrchestratorOptions,
  own: FakeCapability['run'] = () => ({ sky: 'ours' }),
) {
  const withheld = fakeSource({ name: 'a-secret', capabilities: { sky: sky(() => ({ sky: 'theirs' })) } })
  const open = fakeSource({ name: 'b-open', capabilities: { sky: sky(own) } })
  const model = createScriptedModel({ plan: { steps }, synthesize: 'Done.' })
  await using tutti = createOrchestrator({ model, sources: [withheld, open], planner: { maxReplans: 0 }, ...options })
  const response = await tutti.processRequest('How is the sky?', { principal: 'ann' })
  return { response, called: [withheld.calls.length, open.calls.length > 0] }
}

const rule = { parts: { mayUse: (_who: string, { name }: { name: string }) => name !== 'a-secret' } }

describe('a capability that is withheld from a principal', () => {
  it('is not who offers what a step leaves open', async () => {
    const { response, called } = await ask([{ name: 'sky', capability: 'sky' }], rule)
    expect(response.status).toBe('succeeded')
    expect(called).toEqual([0, true])
  })

  it('does not stand in for one that fails', async () => {
    const fails = () => {
      throw new TuttiError('component_unavailable', 'It is away.')
    }
    const { response, called } = await ask([{ name: 'sky', component: 'b-open', action: 'sky' }], rule, fails)
    expect(response.status).toBe('failed')
    expect(called).toEqual([0, true])
    const free = await ask([{ name: 'sky', component: 'b-open', action: 'sky' }], {}, fails)
    expect([free.response.status, free.called[0]]).toEqual(['succeeded', 1])
  })

  it('is not called for a document of that principal either', async () => {
    const withheld = fakeSource({ name: 'a-secret', capabilities: { sky: sky(() => ({ sky: 'theirs' })) } })
    await using tutti = createOrchestrator({ sources: [withheld], ...rule })
    const steps = [{ name: 'sky', component: 'a-secret', action: 'sky' }]
    const response = await tutti.execute({ steps }, {}, { principal: 'ann' })
    expect(response.status).toBe('failed')
    expect(withheld.calls).toHaveLength(0)
    await using free = createOrchestrator({ sources: [withheld] })
    expect((await free.execute({ steps }, {}, { principal: 'ann' })).status).toBe('succeeded')
  })
})
