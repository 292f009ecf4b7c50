import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonObject } from '../../src/contracts/json.ts'
import type { PlanDocument, Step } from '../../src/contracts/plan.ts'
import { createPlanTemplates } from '../../src/planner/plan-templates.ts'
import { component, viewOf } from './demo-world.ts'

const view = viewOf([
  component('weather', {
    now: {
      description: 'Weather now; converts orders',
      inputs: { city: { type: 'string' }, units: { type: 'string', default: 'metric' }, lat: { type: 'number' } },
    },
  }),
])
const step = (inputs: JsonObject, name = 'now', dependsOn: string[] = []): Step => ({
  name,
  type: 'call',
  component: 'weather',
  action: 'now',
  inputs,
  dependsOn,
})
const planOf = (...inputs: JsonObject[]): PlanDocument => ({ steps: inputs.map((one, i) => step(one, `s${i}`)) })
const create = () => createPlanTemplates({ max: 100, now: () => 0, isFresh: () => true })
const inputsOf = (found: { document: PlanDocument } | undefined) => found?.document.steps.map(({ inputs }) => inputs)

describe('createPlanTemplates', () => {
  it('gives the plan of a request to the same request with another city', () => {
    const templates = create()
    templates.learn('k', 'What is the weather in Seoul?', planOf({ city: 'Seoul', units: 'metric' }), view)
    expect(inputsOf(templates.find('k', 'What is the weather in Lima?'))).toEqual([{ city: 'Lima', units: 'metric' }])
    expect(inputsOf(templates.find('k', 'what is  the weather in New York?'))).toEqual([
      { city: 'New York', units: 'metric' },
    ])
  })

  it('fills numbers, codes and quoted texts with their own type', () => {
    const templates = create()
    templates.learn(
      'k',
      'Convert 100 USD to KRW and say "hello" for order A-17',
      planOf({ amount: 100, from: 'USD', to: 'KRW', text: 'hello', order: 'A-17', to_again: 'KRW' }),
      view,
    )
    const found = templates.find('k', 'Convert 250 EUR to JPY and say "a b" for order B-9')
    expect(inputsOf(found)).toEqual([
      { amount: 250, from: 'EUR', to: 'JPY', text: 'a b', order: 'B-9', to_again: 'JPY' },
    ])
    expect(templates.find('k', 'Convert 2.5 EUR to JPY and say "a b" for order B-9')).toBeUndefined()
  })

  it.each([
    'What is the weather in Lima tomorrow?',
    'What is the weather in Lima Tomorrow?',
    'What is the weather in lima?',
    'What is the weather not in Lima?',
    'What is the weather in Lima and Oslo?',
    'What is the news in Lima?',
    'What is the weather in Lima',
    'What is the weather in 42?',
    '',
  ])('does not take "%s" for a request of the same form', (request) => {
    const templates = create()
    templates.learn('k', 'What is the weather in Seoul?', planOf({ city: 'Seoul' }), view)
    expect(templates.find('k', request)).toBeUndefined()
  })

  it('waits for a second plan when a value does not come from the request', () => {
    const templates = create()
    const learn = (city: string, lat: number) =>
      templates.learn('k', `Weather in ${city}`, planOf({ city, lat, units: 'metric' }), view)
    learn('Seoul', 37.5)
    expect(templates.find('k', 'Weather in Lima')).toBeUndefined()
    learn('Lima', -12)
    expect(templates.find('k', 'Weather in Oslo')).toBeUndefined()
    learn('Oslo', -12)
    expect(templates.find('k', 'Weather in Rome')).toBeUndefined()
  })

  it('trusts a value from elsewhere beside numbers once a second request had the same, and never beside a name', () => {
    const templates = create()
    const learn = (city: string, days: number, name: string) =>
      templates.learn('k', `Weather of ${city} for ${days} days`, { steps: [step({ lat: 37.5, days }, name)] }, view)
    learn('Seoul', 3, 'a')
    learn('Seoul', 3, 'b')
    expect(templates.find('k', 'Weather of Seoul for 7 days')).toBeUndefined()
    learn('Seoul', 5, 'c')
    expect(inputsOf(templates.find('k', 'Weather of Seoul for 7 days'))).toEqual([{ lat: 37.5, days: 7 }])
    expect(templates.find('k', 'Weather of Lima for 7 days')).toBeUndefined()
    // Two cities of one country do not make a third one of it.
    for (const city of ['Seoul', 'Busan', 'Daegu'])
      templates.learn('k', `Weather in ${city}`, planOf({ city, country: 'KR' }), view)
    expect(templates.find('k', 'Weather in Lima')).toBeUndefined()
  })

  it('goes on with a form whose time is over once another plan of it has served', () => {
    let time = 0
    const templates = createPlanTemplates({ max: 100, now: () => time, isFresh: (at) => time - at < 10 })
    const learn = (city: string) => templates.learn('k', `Weather in ${city}`, planOf({ city }), view)
    learn('Seoul')
    time = 5
    learn('Lima')
    expect(templates.find('k', 'Weather in Rome')?.storedAt).toBe(0)
    time = 20
    learn('Oslo')
    expect(templates.find('k', 'Weather in Rome')?.storedAt).toBe(20)
    // One bad outcome, such as that of a misspelt city, does not end a form for ever.
    templates.evict('k', 'Weather in Sooul')
    time = 29
    learn('Oslo')
    expect(templates.find('k', 'Weather in Rome')).toBeUndefined()
    time = 30
    learn('Oslo')
    expect(templates.find('k', 'Weather in Rome')?.storedAt).toBe(30)
  })

  it.each<[string, PlanDocument]>([
    ['a fallback', { steps: [{ ...step({ city: 'Seoul' }), fallback: [{ value: 'Seoul' }] }] }],
    ['outputs', { ...planOf({ city: 'Seoul' }), outputs: { city: 'Seoul' } }],
    [
      'an expression',
      planOf({ city: 'Seoul' }, { city: "${steps.s0.output.rows.filter(r, r.city == 'Seoul')[0].city}" }),
    ],
    ['a wish to plan anew', { steps: [{ ...step({ city: 'Seoul' }), replanIf: 'steps.now.output.city != "Seoul"' }] }],
    [
      'inputs as a whole',
      { steps: [step({ city: 'Seoul' }, 'a'), { ...step({}, 'b'), inputs: '${{"city": "Seoul"}}' }] },
    ],
  ])('makes no template of a plan where a value may stand in %s', (_, document) => {
    const templates = create()
    templates.learn('k', 'Weather in Seoul', document, view)
    expect(templates.size).toBe(0)
  })

  it('keeps references and the order of steps', () => {
    const templates = create()
    const steps = [step({ city: 'Seoul' }, 'find'), step({ city: '${steps.find.output.name}' }, 'now', ['find'])]
    templates.learn('k', 'Weather in Seoul', { steps }, view)
    expect(templates.find('k', 'Weather in Lima')?.document.steps).toEqual([
      step({ city: 'Lima' }, 'find'),
      step({ city: '${steps.find.output.name}' }, 'now', ['find']),
    ])
  })

  it('keeps keys apart, and forgets a form whose plan did not serve', () => {
    const templates = create()
    templates.learn('ann', 'Weather in Seoul', planOf({ city: 'Seoul' }), view)
    expect(templates.find('bob', 'Weather in Lima')).toBeUndefined()
    expect(templates.find('ann', 'Weather in Lima')).toBeDefined()
    templates.evict('ann', 'Weather in Oslo')
    expect(templates.find('ann', 'Weather in Lima')).toBeUndefined()
    templates.learn('ann', 'Weather in Lima', planOf({ city: 'Lima' }), view)
    expect(templates.find('ann', 'Weather in Rome')).toBeUndefined()
  })

  it('makes no template of what decides by itself, or where names stand side by side', () => {
    const templates = create()
    const conditional: PlanDocument = { steps: [{ ...step({ city: 'Seoul' }), if: 'inputs.x == 1' }] }
    templates.learn('k', 'Maybe the weather in Seoul', conditional, view)
    expect(templates.find('k', 'Maybe the weather in Lima')).toBeUndefined()
    templates.learn('k', 'Compare Seoul Lima', planOf({ from: 'Seoul', to: 'Lima' }), view)
    expect(templates.find('k', 'Compare New York Oslo')).toBeUndefined()
    templates.learn('k', 'Weather in Seoul, for part only', { ...planOf({ city: 'Seoul' }), missing: ['x'] }, view)
    expect(templates.find('k', 'Weather in Lima, for part only')).toBeUndefined()
    templates.learn('k', 'Seoul and Seoul again', planOf({ city: 'Seoul' }), view)
    expect(templates.find('k', 'Lima and Oslo again')).toBeUndefined()
  })

  it('gives back its own plan for its own request, whatever is in it', () => {
    const word = fc.constantFrom('Seoul', 'USD', '12', 'A-1', '"x y"', 'in', 'the', '?', 'Rio', 'de', ',')
    fc.assert(
      fc.property(fc.array(word, { maxLength: 12 }), fc.array(word, { maxLength: 4 }), (words, values) => {
        const templates = create()
        const document = planOf(Object.fromEntries(values.map((value, i) => [`k${i}`, value.replaceAll('"', '')])))
        templates.learn('k', words.join(' '), document, view)
        const found = templates.find('k', words.join(' '))
        if (found !== undefined) expect(inputsOf(found)).toEqual(inputsOf({ document }))
      }),
    )
  })

  it('never makes a reference of what a request quotes', () => {
    const templates = create()
    templates.learn('k', 'Give the weather of "Seoul"', planOf({ city: 'Seoul' }), view)
    expect(inputsOf(templates.find('k', 'Give the weather of "Lima"'))).toEqual([{ city: 'Lima' }])
    expect(templates.find('k', 'Give the weather of "${run.id}"')).toBeUndefined()
  })

  it('reads a long or strange request quickly, and keeps nothing of it', () => {
    const templates = create()
    templates.learn('k', 'A '.repeat(50_000), planOf({ city: 'A' }), view)
    expect(templates.size).toBe(0)
    expect(templates.find('k', '"'.repeat(100_000))).toBeUndefined()
  })
})
