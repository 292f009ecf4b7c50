import { describe, expect, it } from 'vitest'
import { configSchema } from '../../../src/contracts/config.ts'
import type { Explanation } from '../../../src/contracts/explanation.ts'
import { explainPlan } from '../../../src/plan/explain.ts'
import { capability, compile, component, explain, factsOf, took } from './support.ts'

const CALL = { component: 'k', action: 'go' }
const k = component('k', [capability('go')])
const step = (explanation: Explanation, name: string) => explanation.steps.find((each) => each.name === name)

describe('what is to be expected of a plan', () => {
  it('adds up the times of earlier calls along the longest chain', async () => {
    const facts = factsOf([component('k', [capability('slow'), capability('quick')])], {
      'k/slow': took(1_000),
      'k/quick': took(100),
    })
    const explanation = await explain(
      {
        steps: [
          { name: 'a', component: 'k', action: 'quick', timeout: '10m' },
          { name: 'b', component: 'k', action: 'quick', depends_on: ['a'] },
          { name: 'slow', component: 'k', action: 'slow' },
          { name: 'pause', wait: { for: '300ms' }, depends_on: ['slow'] },
          { name: 'end', set: { x: 1 }, depends_on: ['b', 'pause'] },
        ],
      },
      { facts },
    )
    expect(explanation.expectedMs).toEqual({ low: 800, typical: 1_300, high: 2_300 })
    expect(explanation.criticalPath).toEqual(['slow', 'pause', 'end'])
    expect(explanation.steps.filter(({ isCritical }) => isCritical).map(({ name }) => name)).toEqual(
      explanation.criticalPath,
    )
    expect(step(explanation, 'slow')).toMatchObject({
      stage: 1,
      effect: 'read',
      expectedMs: { low: 500, typical: 1_000, high: 2_000 },
      history: { calls: 10, successRate: 1 },
    })
    expect(explanation.text).toContain('\ntime: 1.3 s (800 ms to 2.3 s), by earlier calls\n')
  })

  it('says of which steps nothing is known instead of guessing', async () => {
    const facts = factsOf([component('k', [capability('go'), capability('new')])], { 'k/go': took(100) })
    const steps = [
      { name: 'a', ...CALL },
      { name: 'b', component: 'k', action: 'new', depends_on: ['a'] },
      { name: 'c', wait: { until: 'inputs.at' } },
    ]
    const { expectedMs, unknownTimes, text } = await explain({ inputs: { at: 'string' }, steps }, { facts })
    expect([expectedMs, unknownTimes]).toEqual([undefined, ['b', 'c']])
    expect(text).toContain('time: unknown, for nothing is known of b, c')
    expect((await explain({ steps: [steps[1]].map((s) => ({ ...s, depends_on: [] })) }, { facts })).text).toContain(
      'time: unknown, nothing of it was called before',
    )
  })

  it('never expects less than the work takes within the limits', async () => {
    const wide = { steps: Array.from({ length: 40 }, (_, i) => ({ name: `s${i}`, ...CALL })) }
    const history = { 'k/go': took(100) }
    const ofRun = await explain(wide, { facts: factsOf([k], history) })
    expect(ofRun.expectedMs?.typical).toBe(400)
    expect(ofRun.limits).toEqual([{ kind: 'run', name: '', limit: 10, wanted: 40 }])
    const policyOf = () => ({ maxConcurrency: 2 })
    const ofComponent = await explain(wide, { facts: factsOf([k], history, { policyOf }) })
    expect(ofComponent.expectedMs?.typical).toBe(2_000)
    expect(ofComponent.limits).toContainEqual({ kind: 'component', name: 'k', limit: 2, wanted: 40 })
    expect(ofComponent.text).toContain('limit: 2 calls of k at once, 40 wanted')
  })

  it('names resources and keys that steps of one stage want more of than there is', async () => {
    const job = { ...CALL, resources: { gpu: 1 }, concurrency: { key: 'jobs', limit: 1 } }
    const settings = configSchema.parse({ resources: { inventory: { gpu: 1.5 } } })
    const two = {
      steps: [
        { name: 'a', ...job },
        { name: 'b', ...job },
      ],
    }
    expect((await explain(two, { facts: factsOf([k], {}, { settings }) })).limits).toEqual([
      { kind: 'concurrency', name: 'jobs', limit: 1, wanted: 2 },
      { kind: 'resource', name: 'gpu', limit: 1.5, wanted: 2 },
    ])
    const one = {
      steps: [
        { name: 'a', ...job },
        { name: 'b', ...job, depends_on: ['a'] },
      ],
    }
    expect((await explain(one, { facts: factsOf([k], {}, { settings }) })).limits).toEqual([])
  })

  it('lists what has side effects, what asks for approval and what may not work', async () => {
    const parts = [
      component('k', [capability('go'), capability('pay', { effect: 'write', approval: 'always' })]),
      component('odd', [capability('do', { effect: 'unknown' })], { instances: [{ id: 'o', health: 'unhealthy' }] }),
      component('shaky', [capability('do')]),
    ]
    const breakers = [{ component: 'Shaky', instance: 'shaky-1', state: 'open', share: 0 } as const]
    const explanation = await explain(
      {
        steps: [
          { name: 'read', ...CALL },
          { name: 'pay', component: 'k', action: 'pay' },
          { name: 'odd', component: 'odd', action: 'do' },
          { name: 'shaky', component: 'shaky' },
          { name: 'ghost', component: 'ghost', action: 'x' },
          { name: 'lost', component: 'k', action: 'x' },
          { name: 'write', type: 'ai-generate', prompt: 'x' },
        ],
      },
      { facts: factsOf(parts, {}, { breakers }) },
    )
    expect(explanation.sideEffects).toEqual(['pay', 'odd'])
    expect(explanation.approvals).toEqual(['pay'])
    expect(explanation.steps.map(({ trouble }) => trouble)).toEqual([
      undefined,
      undefined,
      'unhealthy',
      'breaker-open',
      'unknown-component',
      'unknown-action',
      'no-model',
    ])
    expect(explanation.text.split('\n')).toEqual(
      expect.arrayContaining([
        '    ├── pay: k/pay; writes; asks for approval',
        '    ├── ghost: ghost/x; NO SUCH COMPONENT',
        'side effects: pay, odd; unknown of ghost, lost',
        'asks for approval: pay',
        'trouble: odd (no healthy instance), shaky (breaker open), ghost (no such component), lost (no such action), write (no model)',
      ]),
    )
  })

  it('is not troubled by a breaker while another instance answers', async () => {
    const instances = [{ id: 'a', health: 'healthy' } as const, { id: 'b', health: 'healthy' } as const]
    const breakers = [{ component: 'k', instance: 'a', state: 'open', share: 0 } as const]
    const facts = factsOf([component('k', [capability('go')], { instances })], {}, { breakers })
    expect((await explain({ steps: [{ name: 'a', ...CALL }] }, { facts })).steps[0]?.trouble).toBeUndefined()
  })

  it('bounds model calls and cost: nothing goes wrong, or everything that can be repeated is', async () => {
    const needs = capability('go', {
      inputSchema: { type: 'object', properties: { x: { type: 'string' } }, required: ['x'] },
    })
    const facts = factsOf(
      [component('k', [needs])],
      {},
      {
        model: (purpose) => (purpose === 'fill' ? { cost: 1 } : purpose === 'synthesize' ? { cost: 5 } : {}),
        policyOf: () => ({ cost: 10 }),
        isAnswered: true,
      },
    )
    const literal = { steps: [{ name: 'a', ...CALL, inputs: { x: '1' }, retry: { max_attempts: 1 } }] }
    const bare = await explain(literal, { facts })
    // One call and its answer; or two corrections more.
    expect([bare.cost, bare.modelCalls]).toEqual([
      { low: 15, high: 35 },
      { low: 1, high: 3 },
    ])
    const filled = await explain(
      {
        steps: [
          { name: 'a', ...CALL },
          { name: 'b', type: 'ai-generate', prompt: 'x' },
        ],
      },
      { facts },
    )
    expect(step(filled, 'a')).toMatchObject({ modelCalls: { low: 0, high: 3 }, cost: { low: 10, high: 51 } })
    expect(step(filled, 'b')).toMatchObject({ modelCalls: { low: 1, high: 3 } })
    expect(filled.text).toContain('model calls: 2 to 7')
    expect((await explain(literal, { facts: factsOf([k]) })).cost).toBeUndefined()
  })

  it('takes the strongest effect of all components that a bare capability may call', async () => {
    const parts = [component('a', [capability('go')]), component('b', [capability('go', { effect: 'write' })])]
    const { steps, sideEffects } = await explain(
      { steps: [{ name: 's', capability: 'go' }] },
      { facts: factsOf(parts) },
    )
    expect([steps[0]?.component, steps[0]?.effect, sideEffects]).toEqual([undefined, 'write', ['s']])
  })

  it('says little of an empty plan', async () => {
    const empty = await explain(
      { steps: [], reason: 'There is no clock.' },
      { facts: factsOf([], {}, { isAnswered: true }) },
    )
    expect(empty).toMatchObject({ steps: [], modelCalls: { low: 0, high: 0 }, sideEffects: [], unknownTimes: [] })
    expect(empty.text).toBe('plan (0 steps, 0 stages)\n└── There is no clock.')
    expect(empty.mermaid).toBe('flowchart TD\n')
  })

  it('explains 10,000 steps in a fraction of a second, and a text that can be read', async () => {
    const steps = Array.from({ length: 10_000 }, (_, i) => ({
      name: `s${i}`,
      ...CALL,
      ...(i >= 100 && { depends_on: [`s${i - 100}`, `s${i - 99}`] }),
    }))
    const plan = await compile({ steps })
    const facts = factsOf([k], { 'k/go': took(100) })
    const begun = performance.now()
    const explanation = explainPlan(plan, { facts })
    expect(performance.now() - begun).toBeLessThan(500)
    expect(explanation.steps).toHaveLength(10_000)
    expect(explanation.text.length).toBeLessThan(60_000)
    expect(explanation.mermaid.length).toBeLessThan(20_000)
    expect(explanation.mermaid).toContain('rest(["9850 more steps"])')
  })
})
