import { describe, expect, it } from 'vitest'
import type { PlanDocument } from '../../../src/contracts/plan.ts'
import { compilePlan } from '../../../src/plan/compile.ts'
import { documentJsonSchema, documentToWire, documentToYaml, readDocument } from '../../../src/plan/document.ts'

const TEXT = `
name: quotes
priority: high
budget: {model_calls: 3, tokens: 9000, cost: 0.25, wall_time: 90s, component_calls: 12}
recovery:
  fx_service:
    max_attempts: 4
    backoff: exponential
    initial_wait: 200ms
    factor: 1.5
    max_wait: 5s
    classes: {resource: {max_attempts: 6, max_wait: 30s}, permanent: {strategy: fail}}
    fallbacks:
      - {component: other, action: convert_now, when: error.class == "backend"}
      - {inputs: {max_wait: {initial_wait: kept}}}
      - {value: {max_attempts: null}}
    semantic: false
    equivalents: true
    escalate_after: 2
    notify: [ops]
steps:
  - name: rate
    component: fx_service
    priority: critical
    optional: true
    concurrency: {key: "rate-\${inputs.team}", limit: 2}
    resources: {big_gpu: 1.5}
`

const DOCUMENT: PlanDocument = {
  name: 'quotes',
  steps: [
    {
      name: 'rate',
      type: 'call',
      component: 'fx_service',
      dependsOn: [],
      priority: 'critical',
      optional: true,
      concurrency: { key: 'rate-${inputs.team}', limit: 2 },
      resources: { big_gpu: 1.5 },
    },
  ],
  priority: 'high',
  budget: { modelCalls: 3, tokens: 9000, cost: 0.25, wallTimeMs: 90_000, componentCalls: 12 },
  recovery: {
    fx_service: {
      maxAttempts: 4,
      backoff: 'exponential',
      initialWaitMs: 200,
      factor: 1.5,
      maxWaitMs: 5_000,
      classes: { resource: { maxAttempts: 6, maxWaitMs: 30_000 }, permanent: { strategy: 'fail' } },
      fallbacks: [
        { component: 'other', action: 'convert_now', when: 'error.class == "backend"' },
        { inputs: { max_wait: { initial_wait: 'kept' } } },
        { value: { max_attempts: null } },
      ],
      semantic: false,
      equivalents: true,
      escalateAfter: 2,
      notify: ['ops'],
    },
  },
}

describe('priority, budget, recovery, resources and concurrency in a document', () => {
  it('are read from text and from objects in both spellings, and written back the same', async () => {
    expect(await readDocument(TEXT)).toEqual({ document: DOCUMENT, issues: [] })
    expect(await readDocument(DOCUMENT)).toEqual({ document: DOCUMENT, issues: [] })
    const wire = documentToWire(DOCUMENT)
    expect(wire).toMatchObject({
      budget: { wall_time: '90s', component_calls: 12 },
      recovery: {
        fx_service: { initial_wait: '200ms', classes: { resource: { max_wait: '30s' } }, escalate_after: 2 },
      },
    })
    expect((await readDocument(wire)).document).toEqual(DOCUMENT)
    expect((await readDocument(await documentToYaml(DOCUMENT))).document).toEqual(DOCUMENT)
  })

  it('are compiled: policies by the lower-case name, the key of a concurrency as a value', async () => {
    const { plan } = await compilePlan({ ...DOCUMENT, recovery: { FX: { maxAttempts: 1 } } })
    expect(plan?.recovery).toEqual(new Map([['fx', { maxAttempts: 1 }]]))
    expect(plan?.steps[0]?.concurrencyKey?.references.map(({ text }) => text)).toEqual(['inputs.team'])
    const waiting = await compilePlan({
      steps: [
        { name: 'a', type: 'gate', dependsOn: [] },
        { name: 'b', type: 'gate', dependsOn: [], concurrency: { key: '${steps.a.output.id}', limit: 1 } },
      ],
    })
    expect(waiting.plan?.steps[1]?.dependencies).toEqual([0])
  })

  it('stand in the JSON Schema of editors, with durations as text', () => {
    const schema = JSON.parse(JSON.stringify(documentJsonSchema())) as {
      properties: Record<string, { properties: Record<string, object>; additionalProperties: { properties: object } }>
    }
    const { budget, recovery } = schema.properties
    expect(budget?.properties['wall_time']).toMatchObject({
      type: 'string',
      examples: ['500ms', '30s', '5m', '2h', '7d'],
    })
    expect(Object.keys(recovery?.additionalProperties.properties ?? {})).toEqual([
      'max_attempts',
      'backoff',
      'initial_wait',
      'factor',
      'max_wait',
      'classes',
      'fallbacks',
      'semantic',
      'equivalents',
      'escalate_after',
      'notify',
    ])
  })

  it.each<[string, string, string, string, string[]]>([
    [
      'an unknown kind of budget',
      'budget:\n  tokns: 5\nsteps: []',
      'unknown_key 2:3',
      'Did you mean "tokens"',
      ['tokens'],
    ],
    ['a key of code', 'budget:\n  wallTimeMs: 5\nsteps: []', 'unknown_key 2:3', '"wallTimeMs"', ['wall_time']],
    ['a budget of 0', 'budget: {tokens: 0}\nsteps: []', 'schema 1:18', '"tokens" is 0; it must be at least 1.', []],
    ['a negative budget', 'budget: {cost: -1}\nsteps: []', 'schema 1:16', '"cost" is -1', []],
    ['a budget of NaN', 'budget: {cost: .nan}\nsteps: []', 'schema 1:16', 'not numbers that JSON knows', []],
    [
      'no wall time',
      'budget: {wall_time: 0s}\nsteps: []',
      'schema 1:21',
      'it must be more than 0, and at most 24 days.',
      [],
    ],
    [
      'a wall time without unit',
      'budget: {wall_time: 5}\nsteps: []',
      'schema 1:21',
      'is 5; it must be a duration with its unit',
      [],
    ],
    [
      'an unknown key of a policy',
      'recovery:\n  fx:\n    max_attempt: 2\nsteps: []',
      'unknown_key 3:5',
      '"max_attempts"',
      ['max_attempts'],
    ],
    [
      'an unknown class',
      'recovery:\n  fx:\n    classes:\n      transent: {max_attempts: 2}\nsteps: []',
      'unknown_key 4:7',
      'Did you mean "transient"',
      ['transient'],
    ],
    [
      'an unknown key of a fallback',
      'recovery:\n  fx:\n    fallbacks:\n      - {value: 1}\n      - {componet: b}\nsteps: []',
      'unknown_key 5:10',
      '"component"',
      ['component'],
    ],
    [
      'no fallbacks',
      'recovery: {fx: {fallbacks: []}}\nsteps: []',
      'schema 1:28',
      'it must have at least one entry.',
      [],
    ],
    [
      'a factor below 1',
      'recovery: {fx: {factor: 0.5}}\nsteps: []',
      'schema 1:25',
      '"factor" is 0.5; it must be at least 1.',
      [],
    ],
    [
      'a key of documents in a step',
      'steps:\n  - component: a\n    budget: {cost: 1}',
      'unknown_key 3:5',
      'The key "budget" is not known here. It belongs to the top of the document.',
      [],
    ],
    [
      'a key of steps in the document',
      'retry: {max_attempts: 2}\nsteps: []',
      'unknown_key 1:1',
      'The key "retry" is not known here. It belongs to a step.',
      [],
    ],
    ['an unknown priority', 'priority: urgent\nsteps: []', 'schema 1:11', 'critical, high, normal, low', []],
    [
      'a limit of 0',
      'steps:\n  - component: a\n    concurrency: {key: k, limit: 0}',
      'schema 3:34',
      '"limit" is 0; it must be at least 1.',
      [],
    ],
    [
      'a key that is missing',
      'steps:\n  - component: a\n    concurrency: {limit: 1}',
      'schema 3:18',
      '"key" is missing',
      [],
    ],
    [
      'an unknown key of a concurrency',
      'steps:\n  - component: a\n    concurrency: {key: k, limit: 1, limt: 2}',
      'unknown_key 3:37',
      '"limit"',
      ['limit'],
    ],
    ['a need of 0', 'steps:\n  - component: a\n    resources: {gpu: 0}', 'schema 3:22', '"gpu" is 0', []],
  ])('tell where and what is wrong: %s', async (_, text, place, message, alternatives) => {
    const { document, issues } = await readDocument(text)
    expect(document).toBeUndefined()
    const [issue] = issues.filter(({ severity }) => severity === 'error')
    expect(`${issue?.code} ${issue?.line}:${issue?.column}`).toBe(place)
    expect(issue?.message).toContain(message)
    expect(issue?.alternatives.slice(0, alternatives.length)).toEqual(alternatives)
  })

  it('lets null in a budget say "none", as models write it', async () => {
    const { document } = await readDocument({ steps: [], reason: 'x', budget: { tokens: 5, cost: null } })
    expect(document?.budget).toEqual({ tokens: 5 })
  })
})
