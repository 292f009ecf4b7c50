import { describe, expect, it } from 'vitest'
import type { Step } from '../../../src/contracts/plan.ts'
import { readDocument } from '../../../src/plan/document.ts'
import { repairDocument } from '../../../src/plan/repair.ts'
import { capability, component, createView } from '../fake-view.ts'

const view = createView([
  component('my-news', [capability('find_all', {}), capability('purge', {}, { internal: true })]),
  component('mail', [capability('send', {}), capability('list', {})]),
  component('archive', [capability('list', {}), capability('archive_find', {})]),
  component('twin_a', [capability('x', {})]),
  component('twin-a', [capability('x', {})]),
])
const mend = async (given: object): Promise<{ step: Step | undefined; repairs: string[]; isSame: boolean }> => {
  const { document, issues } = await readDocument({ steps: [{ name: 's', ...given }] })
  if (document === undefined) throw new Error(JSON.stringify(issues))
  const repaired = repairDocument(document, view)
  return { step: repaired.document.steps[0], repairs: repaired.repairs, isSame: repaired.document === document }
}

describe('what a step of a plan calls', () => {
  it.each<[object, object]>([
    [{ component: 'my-news' }, { component: 'my-news', action: 'find_all' }],
    [
      { component: 'MY-NEWS', action: 'Find All' },
      { component: 'my-news', action: 'find_all' },
    ],
    [
      { component: 'My News', action: 'find_all' },
      { component: 'my-news', action: 'find_all' },
    ],
    [
      { component: 'my-news', action: 'my-news.find_all' },
      { component: 'my-news', action: 'find_all' },
    ],
    [{ component: 'my-news:find_all' }, { component: 'my-news', action: 'find_all' }],
    [
      { component: 'my-news#find_all', action: 'FIND_ALL' },
      { component: 'my-news', action: 'find_all' },
    ],
    [
      { component: 'archive', action: 'archive.archive_find' },
      { component: 'archive', action: 'archive_find' },
    ],
    [{ action: 'SEND' }, { component: 'mail', action: 'send' }],
    [{ action: 'mail/send' }, { component: 'mail', action: 'send' }],
    [{ capability: 'mail.send' }, { component: 'mail', action: 'send' }],
    [{ capability: 'LIST' }, { capability: 'list' }],
    [
      { tool: 'MAIL', action: 'send' },
      { component: 'mail', action: 'send', kind: 'tool' },
    ],
  ])('%j is %j', async (given, wanted) => {
    const { step, repairs, isSame } = await mend(given)
    expect(step).toEqual({ name: 's', type: 'call', dependsOn: [], ...wanted })
    expect(repairs).toHaveLength(1)
    expect(isSame).toBe(false)
  })

  it.each<object>([
    { component: 'mail' },
    { component: 'mail', action: 'find' },
    { component: 'ghost', action: 'send' },
    { component: 'ghost' },
    { component: '/send' },
    { component: 'mail/nope' },
    { component: 'mail/send', action: 'list' },
    { component: 'mail.send', inputs: {}, capability: undefined, action: 'other' },
    { component: 'twin a', action: 'x' },
    { component: 'My News' },
    { action: 'list' },
    { action: 'nope' },
    { capability: 'nope' },
    { capability: 'list' },
    { component: 'mail', action: 'send' },
    { type: 'gate' },
  ])('%j stays as it is', async (given) => {
    const { repairs, isSame } = await mend(given)
    expect({ repairs, isSame }).toEqual({ repairs: [], isSame: true })
  })

  it('waits for others once each, and decides no policy', async () => {
    const { document } = await readDocument({
      priority: 'high',
      budget: { tokens: 5 },
      steps: [
        { name: 'a', type: 'gate' },
        {
          name: 's',
          component: 'mail',
          action: 'send',
          depends_on: ['A', 'a', 's'],
          priority: 'low',
          resources: { gpu: 1 },
          optional: true,
        },
      ],
      outputs: { x: '${steps.A.status}' },
    })
    if (document === undefined) throw new Error('It cannot be read.')
    const repaired = repairDocument(document, view)
    expect(repaired.document).toEqual({
      steps: [
        document.steps[0],
        { name: 's', type: 'call', component: 'mail', action: 'send', dependsOn: ['a'], optional: true },
      ],
      outputs: { x: '${steps.a.status}' },
    })
    expect(repaired.repairs).toHaveLength(7)
  })

  it('says everything else in our syntax', async () => {
    const { document } = await readDocument({
      steps: [
        { name: 'one', type: 'gate' },
        { name: 't', set: { x: '{{one.a}}', n: 1 } },
        { name: 'g', type: 'ai-generate', prompt: 'Say {{one.a}}', if: '{{one.a}} > 1' },
        { name: 'w', component: 'mail', action: 'send', inputs: '${steps.ONE.output}' },
        {
          name: 'f',
          component: 'mail',
          action: 'send',
          fallback: [
            { value: ['{{one.a}}'] },
            { component: 'archive' },
            { component: 'mail', inputs: { q: '{{one.a}}' } },
          ],
        },
      ],
    })
    if (document === undefined) throw new Error('It cannot be read.')
    const ours = '${steps.one.output.a}'
    expect(repairDocument(document, view).document.steps).toMatchObject([
      {},
      { set: { x: ours, n: 1 } },
      { prompt: `Say ${ours}`, if: '(steps.one.output.a) > 1' },
      { inputs: '${steps.one.output}' },
      { fallback: [{ value: [ours] }, { component: 'archive' }, { component: 'mail', inputs: { q: ours } }] },
    ])
  })
})
