import { describe, expect, it } from 'vitest'
import type { Issue } from '../../../src/contracts/plan.ts'
import { checkDocument } from '../../../src/plan/check.ts'
import { demoView } from '../fake-view.ts'

const news = (inputs: object, more: object = {}): object => ({
  name: 'news',
  component: 'news-tool',
  action: 'search_news',
  inputs,
  ...more,
})
const check = async (steps: unknown[], origin: 'model' | 'author' = 'author', more: object = {}): Promise<Issue[]> =>
  (await checkDocument({ steps, ...more }, demoView, { origin, maxSteps: 100 })).issues

describe('a plan of a model', () => {
  it('may use a secret only where the schema marks the input', async () => {
    expect(await check([news({ query: 'x', token: '${secrets.key}' })], 'model')).toEqual([])
    expect(await check([news({ query: '${secrets.key}' })], 'model')).toMatchObject([
      { code: 'secret_leak', pointer: '/steps/0/inputs/query' },
    ])
    expect(await check([{ name: 'g', type: 'ai-generate', prompt: 'Say ${secrets.key}' }], 'model')).toMatchObject([
      { code: 'secret_leak' },
    ])
    expect(await check([news({ query: '${secrets.key}' })], 'author')).toEqual([])
  })

  it('may not declare a call repeatable that is not known to be', async () => {
    const send = { name: 's', component: 'mail-tool', action: 'send', inputs: { to: 'a', body: 'b' }, idempotent: true }
    expect(await check([send], 'model')).toMatchObject([{ code: 'loosened_policy', pointer: '/steps/0/idempotent' }])
    expect(await check([send], 'author')).toEqual([])
    expect(await check([news({ query: 'x' }, { idempotent: true })], 'model')).toEqual([])
    expect(await check([{ ...send, idempotent: false }], 'model')).toEqual([])
  })

  it('may not call what is internal, and is not told of it (B13)', async () => {
    const issues = await check([{ name: 'a', component: 'mail-tool', action: 'reset_all' }], 'model')
    expect(issues).toMatchObject([{ code: 'not_offered', pointer: '/steps/0/action' }])
    expect(issues[0]?.alternatives).not.toContain('reset_all')
    expect(await check([{ name: 'a', component: 'mail-tool', action: 'reset_all' }], 'author')).toEqual([])
  })

  it('may leave a required input to be filled from the outputs of the steps before it', async () => {
    const steps = (from: string): object[] => [
      { name: 'first', component: from, inputs: { query: 'x' } },
      { name: 's', component: 'mail-tool', action: 'send', inputs: { to: 'me' }, depends_on: ['first'] },
    ]
    expect(await check(steps('research-agent'), 'model')).toMatchObject([
      { code: 'missing_input', severity: 'warning', pointer: '/steps/1/inputs/body' },
    ])
    expect(await check(steps('news-tool'), 'model')).toMatchObject([{ code: 'missing_input', severity: 'error' }])
    // What a person writes is filled by the same rule; without steps before it nothing could give the input.
    expect(await check(steps('research-agent'), 'author')).toMatchObject([{ severity: 'warning' }])
    expect(
      await check([{ name: 's', component: 'mail-tool', action: 'send', inputs: { to: 'me' } }], 'author'),
    ).toMatchObject([{ code: 'missing_input', severity: 'error' }])
  })

  it('gets its alternatives from what it was offered, but may name others of the catalog (B05)', async () => {
    const [first] = demoView.components()
    const offered =
      first?.capabilities[0] === undefined ? [] : [{ component: first, capability: first.capabilities[0] }]
    const { issues } = await checkDocument({ steps: [{ component: 'mail-tol', action: 'x' }] }, demoView, {
      origin: 'model',
      maxSteps: 10,
      offered,
    })
    expect(issues[0]?.alternatives).toEqual(['news-tool'])
    const other = await checkDocument({ steps: [{ component: 'mail-tool', action: 'list_mail' }] }, demoView, {
      origin: 'model',
      maxSteps: 10,
      offered,
    })
    expect(other.issues).toEqual([])
  })
})
