import { describe, expect, it } from 'vitest'
import type { Issue } from '../../src/contracts/plan.ts'
import { checkDocument } from '../../src/plan/check.ts'
import { capability, component, createView, demoView } from './fake-view.ts'

const news = (inputs: object, more: object = {}): object => ({
  name: 'news',
  component: 'news-tool',
  action: 'search_news',
  inputs,
  ...more,
})
const check = async (steps: unknown[], origin: 'model' | 'author' = 'author', more: object = {}): Promise<Issue[]> =>
  (await checkDocument({ steps, ...more }, demoView, { origin, maxSteps: 100 })).issues

describe('validation before any call', () => {
  it('warns once of an input schema that cannot be used, and lets every input through', async () => {
    let endless: Record<string, unknown> = {}
    for (let i = 0; i < 500; i++) endless = { type: 'object', properties: { a: endless } }
    const view = createView([component('odd', [capability('take', endless)])])
    const steps = ['a', 'b'].map((name) => ({ name, component: 'odd', inputs: { a: 1 } }))
    const { issues, plan } = await checkDocument({ steps }, view, { origin: 'author', maxSteps: 10 })
    expect(plan).toBeDefined()
    expect(issues).toMatchObject([
      { code: 'not_supported', severity: 'warning', step: 'a', pointer: '/steps/0/inputs' },
    ])
  })

  it.each<[string, object, string, string, string[]]>([
    [
      'an unknown component',
      { name: 'a', component: 'nws-tool', action: 'search_news', inputs: { query: 'x' } },
      'unknown_component',
      '/steps/0/component',
      ['news-tool'],
    ],
    [
      'an unknown tool, where it was written',
      { name: 'a', tool: 'news-tol', inputs: { query: 'x' } },
      'unknown_component',
      '/steps/0/tool',
      ['news-tool'],
    ],
    [
      'an unknown action',
      { name: 'a', component: 'news-tool', action: 'serch_news', inputs: { query: 'x' } },
      'unknown_action',
      '/steps/0/action',
      ['search_news'],
    ],
    [
      'a missing action where there are several',
      { name: 'a', component: 'mail-tool' },
      'unknown_action',
      '/steps/0/component',
      ['send', 'list_mail', 'reset_all'],
    ],
    [
      'an unknown capability alone',
      { name: 'a', capability: 'search_new' },
      'unknown_action',
      '/steps/0/capability',
      ['search_news'],
    ],
    [
      'an action without component',
      { name: 'a', action: 'search_news', inputs: { query: 'x' } },
      'unknown_component',
      '/steps/0/action',
      ['news-tool'],
    ],
    [
      'a tool called as an agent',
      { name: 'a', agent: 'news-tool', inputs: { query: 'x' } },
      'wrong_kind',
      '/steps/0/agent',
      ['tool'],
    ],
    ['a missing required input (B10)', news({}), 'missing_input', '/steps/0/inputs/query', []],
    [
      'an unknown input (B10)',
      news({ query: 'x', langage: 'en' }),
      'unknown_input',
      '/steps/0/inputs/langage',
      ['language'],
    ],
    [
      'a literal of a wrong type',
      news({ query: 'x', max_results: 'many' }),
      'wrong_type',
      '/steps/0/inputs/max_results',
      [],
    ],
    [
      'a literal that is not in the list',
      news({ query: 'x', language: 'english' }),
      'not_in_enum',
      '/steps/0/inputs/language',
      ['en'],
    ],
    [
      'an object with an expression (B11)',
      news({ query: 'x', max_results: { expression: '2 * 5' } }),
      'expression_object',
      '/steps/0/inputs/max_results',
      [],
    ],
    [
      'an unknown component in a fallback',
      news({ query: 'x' }, { fallback: [{ component: 'ghost' }] }),
      'unknown_component',
      '/steps/0/fallback/0/component',
      [],
    ],
    [
      'a missing input of a fallback',
      news({ query: 'x' }, { fallback: [{ component: 'mail-tool', action: 'send', inputs: { to: 'me' } }] }),
      'missing_input',
      '/steps/0/fallback/0/inputs/body',
      [],
    ],
    ['state, which is not supported yet', news({ query: '${state.x}' }), 'not_supported', '/steps/0/inputs/query', []],
    ['item outside of a loop', news({ query: '${item}' }), 'unknown_reference', '/steps/0/inputs/query', []],
    [
      'the health of an unknown component',
      news({ query: 'x' }, { if: 'components.new-tool.healthy' }),
      'unknown_reference',
      '/steps/0/if',
      ['news-tool'],
    ],
  ])('finds %s', async (_, step, code, pointer, alternatives) => {
    const issues = await check([step])
    expect(issues).toMatchObject([{ code, severity: 'error', step: expect.any(String) as string, pointer }])
    expect(issues[0]?.alternatives).toEqual(expect.arrayContaining(alternatives))
  })

  it('tells every fault of every step at once', async () => {
    const issues = await check([news({ colour: 'blue' }), { name: 'b', component: 'ghost', depends_on: ['nowhere'] }])
    expect(issues.map(({ code }) => code).sort()).toEqual([
      'missing_input',
      'unknown_component',
      'unknown_dependency',
      'unknown_input',
    ])
  })

  it('finds components and actions without regard to case, by one rule (B08)', async () => {
    expect(await check([{ name: 'a', component: 'News-Tool', action: 'SEARCH_NEWS', inputs: { query: 'x' } }])).toEqual(
      [],
    )
  })

  it('takes literals that can be brought to the type, and leaves them as they were written (B36, B38)', async () => {
    const { plan, issues } = await checkDocument(
      { steps: [news({ query: 5, max_results: '10', language: 'EN' })] },
      demoView,
      { origin: 'author', maxSteps: 10 },
    )
    expect(issues).toEqual([])
    expect(plan?.document.steps[0]?.inputs).toEqual({ query: 5, max_results: '10', language: 'EN' })
  })

  it('takes any inputs where the schema lists none', async () => {
    expect(await check([{ name: 'a', component: 'research-agent', inputs: { whatever: [1] } }])).toEqual([])
  })

  it('checks paths against the output schema, and names the nearest keys', async () => {
    const source = news({ query: 'x' })
    const reading = (path: string): Promise<Issue[]> =>
      check([source, { name: 'r', component: 'research-agent', inputs: { x: `\${steps.news.output.${path}}` } }])
    for (const fine of ['articles', 'articles[0].title', 'articles.0.title', 'count', 'data.count', 'response.count'])
      expect(await reading(fine)).toEqual([])
    expect(await reading('artikles')).toMatchObject([
      { code: 'unknown_path', pointer: '/steps/1/inputs/x', alternatives: ['articles', 'count'] },
    ])
    expect(await reading('articles[0].titel')).toMatchObject([{ code: 'unknown_path', alternatives: ['title'] }])
    expect(await reading('count.value')).toMatchObject([{ code: 'unknown_path' }])
  })

  it('knows the keys of a transform and of a generated answer', async () => {
    const steps = [
      { name: 't', set: { total: 1 } },
      { name: 'g', type: 'ai-generate', prompt: 'x', output_schema: { type: 'object', properties: { mood: {} } } },
    ]
    const outputs = { a: '${steps.t.output.totl}', b: '${steps.g.output.mod}', c: '${steps.t.output.total}' }
    const issues = await check(steps, 'author', { outputs })
    expect(issues.map(({ code, pointer, alternatives }) => [code, pointer, alternatives[0]])).toEqual([
      ['unknown_path', '/outputs/a', 'total'],
      ['unknown_path', '/outputs/b', 'mood'],
    ])
  })

  it('only warns of an input that is referred to and not declared', async () => {
    expect(await check([news({ query: '${inputs.topc}' })], 'author', { inputs: { topic: 'string' } })).toMatchObject([
      { code: 'undeclared_input', severity: 'warning', alternatives: ['topic'] },
    ])
  })

  it.each([
    '{{news.response.data.count}}',
    '{{ news.output.count }}',
    '{news.response.count}',
    'n = {{NEWS.response.count}}',
  ])('refuses a reference in another syntax and shows ours: %s (B20)', async (text) => {
    const issues = await check([
      news({ query: 'x' }),
      { name: 'r', component: 'research-agent', inputs: { deep: [text] } },
    ])
    expect(issues).toMatchObject([{ code: 'bad_expression', pointer: '/steps/1/inputs/deep/0' }])
    expect(issues[0]?.alternatives[0]).toMatch(/\$\{steps\.news\.output\.(data\.)?count\}/)
  })

  it.each(['{{steps.w0.city}}', '{{step-9.response.data.x}}', 'in {ghost.output.city}, now'])(
    'refuses what a model wrote of a step that is not there, which would reach the component as it stands: %s (B19)',
    async (text) => {
      const steps = [news({ query: 'x' }), { ...news({ query: text }), name: 'other' }]
      expect(await check(steps, 'model')).toMatchObject([
        { code: 'unknown_reference', pointer: '/steps/1/inputs/query', alternatives: ['${steps.news.output}'] },
      ])
      expect(await check(steps)).toEqual([])
    },
  )

  it('takes a template that speaks of no step for text, whoever wrote it', async () => {
    const steps = [
      news({ query: 'Dear {{name}}, {{user.email}}' }),
      { ...news({ query: '${steps.news.output.count} {{x}}' }), name: 'b' },
    ]
    expect(await check(steps, 'model')).toEqual([])
  })

  it('leaves text alone that only looks a little like a reference', async () => {
    expect(await check([news({ query: 'costs $5 {x} $ {y} {{name}} {"a": {"b": 1}} 100%' })])).toEqual([])
  })

  it('refuses more steps than allowed', async () => {
    expect(await check(Array.from({ length: 101 }, () => ({ type: 'gate' })))).toMatchObject([
      { code: 'limit', pointer: '/steps' },
    ])
  })

  it('tells at most 500 faults, and that there are more', async () => {
    const { plan, issues } = await checkDocument(
      { steps: Array.from({ length: 600 }, () => ({ component: 'ghost' })) },
      demoView,
      { origin: 'author', maxSteps: 1_000 },
    )
    expect(plan).toBeUndefined()
    expect(issues).toHaveLength(500)
    expect(issues.at(-1)).toMatchObject({ code: 'limit', severity: 'warning' })
  })

  it('puts line and column to what only the catalog shows', async () => {
    const { issues, plan } = await checkDocument(
      'steps:\n  - component: news-tool\n    inputs:\n      querry: x\n',
      demoView,
      { origin: 'author', maxSteps: 10 },
    )
    expect(plan).toBeUndefined()
    expect(issues.map(({ code, line, column }) => [code, line, column])).toEqual([
      ['missing_input', 4, 7],
      ['unknown_input', 4, 7],
    ])
  })

  it('reads the inputs of a schema behind a reference with an escape', async () => {
    const mail = { type: 'object', properties: { to: { type: 'string' } }, required: ['to'] }
    const schema = { $ref: '#/$defs/Send%20mail', $defs: { 'Send mail': mail } }
    const view = createView([component('mailer', [capability('send', schema)])])
    const { issues } = await checkDocument({ steps: [{ component: 'mailer', inputs: { too: 'a' } }] }, view, {
      origin: 'author',
      maxSteps: 10,
    })
    expect(issues.map(({ code, pointer }) => [code, pointer])).toEqual([
      ['missing_input', '/steps/0/inputs/to'],
      ['unknown_input', '/steps/0/inputs/too'],
    ])
  })

  it('never throws for schemas that are wrong (B11)', async () => {
    const view = createView([
      component('odd', [
        capability('go', { type: 'wat', properties: { a: 5, b: { type: 'float64', enum: 'x' } }, required: 'a' }),
      ]),
    ])
    const { issues } = await checkDocument({ steps: [{ component: 'odd', inputs: { a: 1, b: 'x' } }] }, view, {
      origin: 'author',
      maxSteps: 10,
    })
    expect(issues.map(({ code, pointer }) => [code, pointer])).toEqual([['wrong_type', '/steps/0/inputs/b']])
  })
})
