import { describe, expect, it } from 'vitest'
import type { ConfigInput } from '../../../src/contracts/config.ts'
import { configSchema } from '../../../src/contracts/config.ts'
import type { Issue } from '../../../src/contracts/plan.ts'
import { type CheckedDocument, checkDocument } from '../../../src/plan/check.ts'
import { capability, component, createView } from '../fake-view.ts'

const view = createView([
  component('fx', [capability('convert', { type: 'object' }), capability('list', { type: 'object' })]),
  component('fx-archive', [capability('convert', { type: 'object' })]),
  component('mail', [capability('send', { type: 'object' })]),
])
const read = (document: object, settings?: ConfigInput, origin: 'author' | 'model' = 'author', repair = false) =>
  checkDocument(document, view, {
    origin,
    maxSteps: 100,
    repair,
    ...(settings !== undefined && { declared: configSchema.parse(settings) }),
  })
const check = async (document: object, settings?: ConfigInput): Promise<Issue[]> =>
  (await read(document, settings)).issues
const convert = (more: object = {}): object => ({ name: 'a', component: 'fx', action: 'convert', ...more })
const recovering = (recovery: object, steps: object[] = [convert()]): object => ({ steps, recovery })

describe('the policies of a document', () => {
  it.each<[string, object, Partial<Issue>, string]>([
    [
      'a recovery for a component that is not there, as a warning',
      recovering({ fxx: { max_attempts: 2 } }),
      {
        code: 'unknown_component',
        severity: 'warning',
        pointer: '/recovery/fxx',
        alternatives: ['fx', 'fx-archive', 'mail'],
      },
      'no component "fxx"',
    ],
    [
      'a fallback that is not there',
      recovering({ fx: { fallbacks: [{ component: 'fx-archiv' }] } }),
      { code: 'unknown_component', severity: 'error', pointer: '/recovery/fx/fallbacks/0/component' },
      'Did you mean "fx-archive"?',
    ],
    [
      'a fallback without the action',
      recovering({ fx: { fallbacks: [{ component: 'mail', action: 'sent' }] } }),
      { code: 'unknown_action', pointer: '/recovery/fx/fallbacks/0/action', alternatives: ['send'] },
      'Did you mean "send"?',
    ],
    [
      'a fallback that cannot do what the steps call',
      recovering({ fx: { fallbacks: [{ component: 'fx-archive' }] } }, [
        { name: 'a', component: 'FX', action: 'list' },
      ]),
      { code: 'unknown_action', pointer: '/recovery/fx/fallbacks/0/component', alternatives: ['convert'] },
      'Say which of its capabilities',
    ],
    [
      'contradictions, in the words of the configuration',
      recovering({ fx: { initial_wait: '5s', max_wait: '1s' } }),
      { code: 'schema', pointer: '/recovery/fx/initial_wait' },
      'is 5s, longer than the longest wait of 1s',
    ],
    [
      'a class that fails and repeats',
      recovering({ fx: { classes: { input: { strategy: 'fail', max_attempts: 3 } } } }),
      { code: 'schema', pointer: '/recovery/fx/classes/input/max_attempts' },
      'the strategy of "input" is "fail"',
    ],
    [
      'a fallback of two minds',
      recovering({ fx: { fallbacks: [{ value: 1 }, { region: 'eu', component: 'fx-archive' }] } }),
      { code: 'schema', pointer: '/recovery/fx/fallbacks/1' },
      '"fallbacks[1]", has "region" and "component"',
    ],
    [
      'a when that reads a step',
      recovering({ fx: { fallbacks: [{ value: 1, when: 'steps.a.success' }] } }),
      { code: 'bad_expression', pointer: '/recovery/fx/fallbacks/0/when' },
      'only the "error" can be read',
    ],
    [
      'fallbacks in a circle',
      recovering({
        fx: { fallbacks: [{ component: 'FX-archive' }] },
        'fx-archive': { fallbacks: [{ component: 'fx' }] },
      }),
      { code: 'cycle', pointer: '/recovery/fx/fallbacks/0' },
      'fx → fx-archive → fx',
    ],
    [
      'a circle through the fallback of a step',
      recovering({ 'fx-archive': { fallbacks: [{ component: 'fx' }] } }, [
        convert({ fallback: { component: 'fx-archive' } }),
      ]),
      { code: 'cycle', pointer: '/steps/0/fallback/0', step: 'a' },
      'leads back to "fx"',
    ],
    [
      'one component in two spellings',
      recovering({ fx: { max_attempts: 2 }, FX: { max_attempts: 3 } }),
      { code: 'duplicate_name', pointer: '/recovery/FX' },
      'stands there as "fx" too',
    ],
    [
      'one key with two limits',
      {
        steps: [
          convert({ concurrency: { key: 'k', limit: 1 } }),
          { ...convert({ concurrency: { key: 'k', limit: 2 } }), name: 'b' },
        ],
      },
      { code: 'schema', pointer: '/steps/1/concurrency/limit', step: 'b' },
      'Give one key one limit',
    ],
  ])('finds %s', async (_, document, issue, message) => {
    const issues = await check(document)
    expect(issues).toMatchObject([issue])
    expect(issues[0]?.message).toContain(message)
  })

  it('accepts one limit for one key, and keys that are computed', async () => {
    const steps = [
      convert({ concurrency: { key: 'k', limit: 2 } }),
      { ...convert({ concurrency: { key: 'k', limit: 2 } }), name: 'b' },
      { ...convert({ concurrency: { key: '${inputs.k}', limit: 1 } }), name: 'c' },
    ]
    expect(await check({ steps, inputs: { k: 'string' } })).toEqual([])
  })

  it('keeps secrets out of keys, which are shown', async () => {
    const inputs = { k: { type: 'string', secret: true } }
    for (const key of ['${secrets.k}', 'a-${inputs.k}']) {
      expect(await check({ steps: [convert({ concurrency: { key, limit: 1 } })], inputs })).toMatchObject([
        { code: 'secret_leak', severity: 'error', pointer: '/steps/0/concurrency/key' },
      ])
    }
  })

  it('reports a reference in a key that leads nowhere', async () => {
    expect(
      await check({ steps: [convert({ concurrency: { key: '${inputs.k}', limit: 1 } })], inputs: {} }),
    ).toMatchObject([{ code: 'undeclared_input', pointer: '/steps/0/concurrency/key' }])
  })
})

describe('against what the operator declared', () => {
  const settings: ConfigInput = {
    resources: { inventory: { gpu: 2 } },
    components: { FX: { resources: { gpu: 1 }, recovery: { fallbacks: [{ component: 'mail', action: 'send' }] } } },
    notify: { targets: { ops: { url: 'https://h.example' } } },
  }
  it.each<[string, object, Partial<Issue>, string]>([
    [
      'a resource that is not there',
      { steps: [convert({ resources: { gpus: 1 } })] },
      { code: 'limit', pointer: '/steps/0/resources/gpus', alternatives: ['gpu'] },
      'Did you mean "gpu"?',
    ],
    [
      'more than there is',
      { steps: [convert({ resources: { gpu: 3 } })] },
      { code: 'limit', pointer: '/steps/0/resources/gpu' },
      'needs 3 of "gpu", but resources.inventory has 2',
    ],
    [
      'a target that is not there',
      recovering({ mail: { notify: ['opps'] } }),
      { code: 'schema', pointer: '/recovery/mail/notify/0', alternatives: ['ops'] },
      'none of notify.targets',
    ],
    [
      'a cost without any price',
      { steps: [convert()], budget: { cost: 1 } },
      { code: 'limit', pointer: '/budget/cost' },
      'nothing has a price',
    ],
    [
      'a circle with the policies of the configuration',
      recovering({ mail: { fallbacks: [{ component: 'fx', action: 'list' }] } }),
      { code: 'cycle', pointer: '/recovery/mail/fallbacks/0' },
      'mail → FX → mail',
    ],
  ])('finds %s', async (_, document, issue, message) => {
    const issues = await check(document, settings)
    expect(issues).toMatchObject([issue])
    expect(issues[0]?.message).toContain(message)
  })

  it('accepts what fits, and a circle that the document opens by its own fallbacks', async () => {
    expect(await check({ steps: [convert({ resources: { gpu: 2 } })] }, settings)).toEqual([])
    const opened = recovering({
      mail: { fallbacks: [{ component: 'fx', action: 'list' }] },
      fx: { fallbacks: [{ value: 1 }] },
    })
    expect(await check(opened, settings)).toEqual([])
    const priced: ConfigInput = { models: { 'openai:x': { inputPrice: 1 } } }
    expect(await check({ steps: [convert()], budget: { cost: 1 } }, priced)).toEqual([])
  })

  it('holds nothing against a document where nothing is known of the operator', async () => {
    expect(await check({ steps: [convert({ resources: { tpu: 9 } })], budget: { cost: 1 } })).toEqual([])
  })
})

describe('a plan of a model', () => {
  const greedy = {
    steps: [
      convert({ priority: 'critical', concurrency: { key: 'k', limit: 9 }, resources: { gpu: 1 }, optional: true }),
    ],
    priority: 'critical',
    budget: { tokens: 1e9 },
    recovery: { fx: { max_attempts: 99 } },
  }
  it('may say which steps are optional, and nothing else of policy', async () => {
    const { issues } = await read(greedy, undefined, 'model')
    expect(issues.map(({ code, pointer }) => `${code} ${pointer}`)).toEqual([
      'loosened_policy /priority',
      'loosened_policy /budget',
      'loosened_policy /recovery',
      'loosened_policy /steps/0/priority',
      'loosened_policy /steps/0/concurrency',
      'loosened_policy /steps/0/resources',
    ])
  })

  it('is mended by leaving that out, in words; the given document stays as it is', async () => {
    const before = structuredClone(greedy)
    const { plan, issues, repairs }: CheckedDocument = await read(greedy, undefined, 'model', true)
    expect(issues).toEqual([])
    expect(plan?.document).toEqual({
      steps: [{ name: 'a', type: 'call', component: 'fx', action: 'convert', dependsOn: [], optional: true }],
    })
    expect(repairs).toContain('The plan no longer sets "budget".')
    expect(repairs).toContain('Step "a" no longer sets "concurrency".')
    expect(greedy).toEqual(before)
  })
})
