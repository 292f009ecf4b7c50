import { describe, expect, it } from 'vitest'
import type { PlanDocument, Step } from '../../src/contracts/plan.ts'
import { checkDocument } from '../../src/plan/check.ts'
import { readDocument } from '../../src/plan/document.ts'
import { repairInputs } from '../../src/plan/repair/inputs.ts'
import { repairDocument } from '../../src/plan/repair.ts'
import { demoView } from './fake-view.ts'

const read = async (steps: unknown[]): Promise<PlanDocument> => {
  const { document, issues } = await readDocument({ steps })
  if (document === undefined) throw new Error(JSON.stringify(issues))
  return document
}
const repair = async (...steps: unknown[]): Promise<{ step: Step | undefined; repairs: string[] }> => {
  const { document, repairs } = repairDocument(await read(steps), demoView)
  return { step: document.steps.at(-1), repairs }
}
const call = { component: 'news-tool', action: 'search_news' }
const first = { name: 'first_step', ...call, inputs: { query: 'x' } }

describe('repair without a model', () => {
  it.each<[string, object, object]>([
    ['names in the case of the catalog (B08)', { component: 'NEWS-TOOL', action: 'Search_News' }, call],
    ['names with other separators', { component: 'news_tool', action: 'search-news' }, call],
    ['a missing action where there is one', { component: 'news-tool' }, call],
    ['a missing component where one offers the action', { action: 'search_news' }, call],
    ['component and action in one word, by a slash', { component: 'news-tool/search_news' }, call],
    ['component and action in one word, by a dot', { component: 'news-tool.search_news' }, call],
    ['component and action in the action', { component: 'news-tool', action: 'news-tool/search_news' }, call],
    ['component and action in the capability', { capability: 'news-tool/search_news' }, call],
    ['a capability alone in the case of the catalog', { capability: 'SEARCH_NEWS' }, { capability: 'search_news' }],
  ])('mends %s', async (_, given, wanted) => {
    const { step, repairs } = await repair({ name: 's', inputs: { query: 'x' }, ...given })
    expect(step).toEqual({ name: 's', type: 'call', inputs: { query: 'x' }, dependsOn: [], ...wanted })
    expect(repairs).toHaveLength(1)
  })

  it.each([
    ['${steps.First-Step.output.count}', '${steps.first_step.output.count}'],
    ['${steps.1.output.count}', '${steps.first_step.output.count}'],
    ['${steps.step-1.output.count}', '${steps.first_step.output.count}'],
    ['${steps[0].output.count}', '${steps.first_step.output.count}'],
    ['${steps.first_step.count}', '${steps.first_step.output.count}'],
    ['${steps.first_step.outputs.count}', '${steps.first_step.output.count}'],
    ['{{first_step.response.data.count}}', '${steps.first_step.output.data.count}'],
    ['n {first_step.output.count}', 'n ${steps.first_step.output.count}'],
    [
      "${steps.first_step.output.x == 'steps.1.y' ? 1 : steps.1.output.n}",
      "${steps.first_step.output.x == 'steps.1.y' ? 1 : steps.first_step.output.n}",
    ],
  ])('writes the reference %s as %s (B20)', async (given, wanted) => {
    const { step, repairs } = await repair(first, { name: 's', ...call, inputs: { query: given } })
    expect(step?.inputs).toEqual({ query: wanted })
    expect(repairs).toHaveLength(1)
  })

  it('mends an if as it mends values', async () => {
    const { step } = await repair(first, {
      name: 's',
      ...call,
      inputs: { query: 'x' },
      if: '{{first_step.response.count}} > 1 && steps.FIRST_STEP.success',
    })
    expect(step?.if).toBe('(steps.first_step.output.count) > 1 && steps.first_step.success')
  })

  it('mends dependencies: other spelling, places, the step itself', async () => {
    const { step } = await repair(first, {
      name: 's',
      ...call,
      inputs: { query: 'x' },
      depends_on: ['First-Step', '1', 's', 'ghost'],
    })
    expect(step?.dependsOn).toEqual(['first_step', 'ghost'])
  })

  it('renames an input that is a required one misspelled, and leaves out what the capability does not know, and tells both', async () => {
    const { step, repairs } = await repair({
      name: 's',
      ...call,
      inputs: { querry: 'x', colour: 'blue', 'max-results': 3 },
    })
    expect(step?.inputs).toEqual({ query: 'x', max_results: 3 })
    expect(repairs).toEqual([
      'Step "s": "querry" is the input "query" of "search_news".',
      'Step "s": "colour" was left out, since "search_news" has no such input.',
      'Step "s": "max-results" is the input "max_results" of "search_news".',
    ])
  })

  it('knows a required input of four letters with two of them swapped', async () => {
    const inputs = { to: 'a', boyd: 'b' }
    const { step } = await repair({ name: 's', component: 'mail-tool', action: 'send', inputs })
    expect(step?.inputs).toEqual({ to: 'a', body: 'b' })
  })

  it('leaves out an optional input that is null, and keeps a null that the input may be', async () => {
    const { step, repairs } = await repair({ name: 's', ...call, inputs: { query: null, max_results: null } })
    expect(step?.inputs).toEqual({ query: null })
    expect(repairs).toEqual(['Step "s": "max_results" was left out, since null says that it is not set.'])
    const inputs = { properties: new Map([['a', { type: ['string', 'null'] }]]), required: [], isOpen: false }
    expect(repairInputs({ a: null }, inputs, { step: 's', capability: 'c', repairs: [] })).toEqual({ a: null })
  })

  it('takes back what loosens policy', async () => {
    const { step, repairs } = await repair({
      name: 's',
      component: 'mail-tool',
      action: 'send',
      inputs: { to: 'a', body: 'b' },
      idempotent: true,
    })
    expect(step).not.toHaveProperty('idempotent')
    expect(repairs).toHaveLength(1)
  })

  it('gives the same document back when there is nothing to mend, and never changes the given one (B34)', async () => {
    const fine = await read([first, { name: 's', ...call, inputs: { query: '${steps.first_step.output.count}' } }])
    expect(repairDocument(fine, demoView)).toEqual({ document: fine, repairs: [] })
    expect(repairDocument(fine, demoView).document).toBe(fine)
    const wrong = await read([{ name: 's', component: 'NEWS-TOOL', inputs: { querry: 'x' } }])
    const before = structuredClone(wrong)
    repairDocument(wrong, demoView)
    expect(wrong).toEqual(before)
  })

  it('does not guess where two things could be meant', async () => {
    const steps = [
      { name: 'a-b', type: 'gate' },
      { name: 'a_b', type: 'gate' },
      { name: 's', component: 'mail-tool', inputs: { x: '${steps.AB.output}' } },
    ]
    const { document, repairs } = repairDocument(await read(steps), demoView)
    expect(document.steps[2]).toMatchObject({ component: 'mail-tool', inputs: { x: '${steps.AB.output}' } })
    expect(repairs).toEqual([])
  })

  it('leaves an unknown input where a required one is missing: the model may have meant it', async () => {
    const step = { name: 's', component: 'news-tool', inputs: { colour: 'blue' } }
    const { repairs, issues } = await checkDocument({ steps: [step] }, demoView, {
      origin: 'model',
      maxSteps: 10,
      repair: true,
    })
    expect(repairs).toEqual(['Step "s" calls "news-tool/search_news".'])
    expect(issues.map(({ code }) => code)).toEqual(['missing_input', 'unknown_input'])
  })

  it('happens for models only: what an author wrote is told, not mended', async () => {
    const wrong = { steps: [{ name: 's', component: 'news-tool', inputs: { querry: 'x' } }] }
    const mended = await checkDocument(wrong, demoView, { origin: 'model', maxSteps: 10, repair: true })
    expect(mended.plan?.document.steps[0]?.inputs).toEqual({ query: 'x' })
    expect(mended.repairs).toHaveLength(2)
    const told = await checkDocument(wrong, demoView, { origin: 'author', maxSteps: 10 })
    expect(told.plan).toBeUndefined()
    expect(told.issues.map(({ code }) => code)).toEqual(['missing_input', 'unknown_input'])
  })
})
