import { describe, expect, it } from 'vitest'
import type { PlanDocument, Step } from '../../src/contracts/plan.ts'
import { createPlanExamples } from '../../src/planner/plan-examples.ts'
import { component, demoComponents, demoOffer, offer, viewOf } from './demo-world.ts'
import { GOOD, news, plan, setup } from './planner-setup.ts'

const world = [
  ...demoComponents,
  component('vault', {
    open: { description: 'Opens', inputs: { pin: { type: 'string', format: 'password' } } },
  }),
]
const call = (more: Partial<Step> = {}): PlanDocument => ({
  steps: [
    {
      name: 'w',
      type: 'call',
      component: 'geocoding-tool',
      action: 'geocode_location',
      inputs: { location: 'Lima' },
      dependsOn: [],
      ...more,
    },
  ],
})
const ask = (request: string, principal = 'ann') => ({
  request,
  principal,
  view: viewOf(world),
  turns: [],
  offered: [...demoOffer, ...offer(world.slice(-1))],
})

describe('createPlanExamples', () => {
  it('finds the plans of similar requests, the most similar first, at most as many as wanted', () => {
    const examples = createPlanExamples({ max: 2 })
    for (const request of [
      'Where is Lima in Peru?',
      'Find the place Lima',
      'Where does Lima lie in Peru?',
      'Stock of X',
    ])
      examples.learn(ask(request), call())
    const found = examples.find(ask('Where is Cusco in Peru?'))
    expect(found.map(({ request }) => request)).toEqual([
      'Where is <name> in <name 2>?',
      'Where does <name> lie in <name 2>?',
    ])
    expect(found[0]?.plan).toEqual({
      steps: [{ name: 'w', component: 'geocoding-tool', action: 'geocode_location', inputs: { location: '<name>' } }],
    })
    expect(createPlanExamples({ max: 0 }).find(ask('Where is Lima in Peru?'))).toEqual([])
  })

  it("shows nobody another principal's requests", () => {
    const examples = createPlanExamples({ max: 2 })
    examples.learn(ask('Where is Lima?'), call())
    expect(examples.find(ask('Where is Lima?', 'bob'))).toEqual([])
    expect(examples.find(ask('Where is Lima?'))).toHaveLength(1)
  })

  it('shows a plan only when everything that it calls is offered', () => {
    const examples = createPlanExamples({ max: 2 })
    examples.learn(ask('Where is Lima?'), call())
    const offered = demoOffer.filter(({ component: { name } }) => name !== 'geocoding-tool')
    expect(examples.find({ ...ask('Where is Lima?'), offered })).toEqual([])
  })

  it.each([
    ['a secret input', call({ component: 'vault', action: 'open', inputs: { pin: '1234' } })],
    ['a reference to a secret', call({ inputs: { location: '${secrets.HOME}' } })],
    ['the mark of a secret', call({ inputs: { location: 'at [secret home]' } })],
    ['a long text', call({ inputs: { location: 'x'.repeat(201) } })],
    ['a long list', call({ inputs: { location: Array.from({ length: 100 }, (_, i) => i) } })],
    ['a capability that is gone', call({ action: 'gone' })],
    ['no call', { steps: [] }],
    ['many steps', { steps: Array.from({ length: 20 }, () => call().steps[0] as Step) }],
  ])('never keeps a plan with %s', (_, document) => {
    const examples = createPlanExamples({ max: 2 })
    examples.learn(ask('Where is Lima?'), document)
    expect(examples.find(ask('Where is Lima?'))).toEqual([])
  })

  it('keeps neither long requests nor those that only a thread explains, and forgets', () => {
    const examples = createPlanExamples({ max: 2 })
    examples.learn({ ...ask('Where is Lima?'), turns: [{ request: 'a', answer: 'b' }] }, call())
    examples.learn(ask(`Where is Lima? ${'Lima '.repeat(100)}`), call())
    expect(examples.find(ask('Where is Lima?'))).toEqual([])
    examples.learn(ask('Where is Lima?'), call())
    examples.forget(ask(' Where  is Lima?'))
    expect(examples.find(ask('Where is Lima?'))).toEqual([])
  })

  it('keeps a bounded number for each principal, the latest', () => {
    const examples = createPlanExamples({ max: 200 })
    for (let i = 0; i < 150; i++) examples.learn(ask(`Where is Lima ${i}`), call())
    const found = examples.find(ask('Where is Lima'))
    expect(found).toHaveLength(100)
    expect(found.some(({ request }) => request === 'Where is Lima 0')).toBe(false)
  })
})

describe('createPlanner with earlier plans', () => {
  it('shows a plan that served behind the catalog and before the request, and none that did not', async () => {
    const { run, model, planner, askOf } = setup({
      answers: [GOOD, plan(news('cats')), plan(news('dogs'))],
      planner: { cacheEnabled: false },
    })
    const { document } = await run({ request: 'Search the news for the word x' })
    planner.learn?.(askOf({ request: 'Search the news for the word x' }), { document, isGood: true })
    await run({ request: 'Search the news for the word cats' })
    const messages = model.asks[1]?.messages ?? []
    expect(messages[0]).toEqual(model.asks[0]?.messages[0])
    expect(messages[2]?.content).toContain('Request: Search the news for the word x\nPlan: {"steps":[{"name":"news"')
    expect(messages.at(-1)?.content).not.toContain('the word x')
    planner.learn?.(askOf({ request: 'Search the news for the word x' }), { document, isGood: false })
    await run({ request: 'Search the news for the word dogs' })
    expect(model.textOf(2)).not.toContain('the word x')
  })
})
