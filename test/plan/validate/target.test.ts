import { describe, expect, it } from 'vitest'
import type { OfferedCapability } from '../../../src/contracts/capability.ts'
import type { Issue } from '../../../src/contracts/plan.ts'
import { checkDocument } from '../../../src/plan/check.ts'
import { capability, component, createView } from '../fake-view.ts'

const news = component('news', [capability('find', {}), capability('purge', {}, { internal: true })])
const view = createView([
  news,
  component('mail', [capability('send', {}), capability('list', {})]),
  component('wipe', [capability('wipe_all', {}, { internal: true })]),
  component('archive', [capability('find', {})]),
  component('bot', [capability('talk', {})], { kind: 'agent' }),
])
const check = async (
  step: object,
  origin: 'author' | 'model' = 'author',
  offered?: readonly OfferedCapability[],
): Promise<Issue | undefined> => {
  const document = { steps: [{ name: 's', ...step }] }
  const options = { origin, maxSteps: 10, ...(offered !== undefined && { offered }) }
  const { issues } = await checkDocument(document, view, options)
  expect(issues.length).toBeLessThan(2)
  return issues[0]
}
const told = (code: string, key: string, alternatives: unknown = expect.anything(), message = ''): object => ({
  code,
  pointer: `/steps/0/${key}`,
  alternatives,
  message: expect.stringContaining(message) as string,
})

describe('what a step calls', () => {
  it.each<object>([
    { component: 'NEWS', action: 'FIND' },
    { component: 'bot' },
    { agent: 'bot' },
    { tool: 'mail', action: 'list' },
    { capability: 'find' },
    { component: 'wipe' },
    { component: 'news', action: 'purge' },
  ])('is found: %j', async (step) => {
    expect(await check(step)).toBeUndefined()
  })

  it('is the only capability that a model can see', async () => {
    expect(await check({ component: 'news' }, 'model')).toBeUndefined()
    expect(await check({ component: 'news' })).toMatchObject(told('unknown_action', 'component', ['find', 'purge']))
  })

  it('is told with who offers the action instead', async () => {
    expect(await check({ component: 'ghost', action: 'find' })).toMatchObject(
      told(
        'unknown_component',
        'component',
        expect.arrayContaining(['news', 'archive']),
        '"find" is offered by "news", "archive".',
      ),
    )
    expect(await check({ component: 'mail', action: 'find' })).toMatchObject(
      told('unknown_action', 'action', expect.anything(), '"news" offers it.'),
    )
    expect(await check({ component: 'mail', action: 'sent' })).toMatchObject(
      told('unknown_action', 'action', ['send', 'list'], 'Did you mean "send"?'),
    )
  })

  it('is told at the key that names it', async () => {
    expect(await check({ agent: 'mial' })).toMatchObject(told('unknown_component', 'agent'))
    expect(await check({ tool: 'mail' })).toMatchObject(told('unknown_action', 'tool', ['send', 'list']))
    expect(await check({ capability: 'fnd' })).toMatchObject(
      told('unknown_action', 'capability', expect.arrayContaining(['find'])),
    )
    expect(await check({ action: 'fnd' })).toMatchObject(
      told('unknown_action', 'action', expect.arrayContaining(['find'])),
    )
    expect(await check({ action: 'find' })).toMatchObject(told('unknown_component', 'action', ['news', 'archive']))
  })

  it('must be of the kind that was named', async () => {
    expect(await check({ tool: 'bot' })).toMatchObject(
      told('wrong_kind', 'tool', ['agent'], '"bot" is an agent; write "agent: bot"'),
    )
    expect(await check({ agent: 'archive' })).toMatchObject(
      told('wrong_kind', 'agent', ['tool'], '"archive" is a tool; write "tool: archive"'),
    )
  })

  it('may not be internal in the plan of a model, by whatever key', async () => {
    expect(await check({ component: 'news', action: 'purge' }, 'model')).toMatchObject(told('not_offered', 'action'))
    expect(await check({ capability: 'wipe_all' }, 'model')).toMatchObject(told('not_offered', 'capability'))
    expect(await check({ component: 'wipe' }, 'model')).toMatchObject(told('not_offered', 'component'))
    const alternatives = (await check({ capability: 'wipe_al' }, 'model'))?.alternatives
    expect(alternatives).not.toContain('wipe_all')
    expect((await check({ capability: 'wipe_al' }))?.alternatives).toContain('wipe_all')
  })

  it('is suggested from what was offered, and from the catalog where nothing was', async () => {
    const offered = news.capabilities.slice(0, 1).map((offer) => ({ component: news, capability: offer }))
    expect((await check({ component: 'mial' }, 'model', offered))?.alternatives).toEqual(['news'])
    expect((await check({ capability: 'sendd' }, 'model', offered))?.alternatives).toEqual(['find'])
    expect((await check({ component: 'mial' }, 'model', []))?.alternatives).toContain('mail')
    expect((await check({ capability: 'sendd' }, 'model', []))?.alternatives).toContain('send')
  })
})
