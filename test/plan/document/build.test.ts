import { describe, expect, it } from 'vitest'
import type { Step } from '../../../src/contracts/plan.ts'
import { readDocument, readDraft } from '../../../src/plan/document.ts'

const told = async (document: unknown): Promise<string[]> =>
  (await readDocument(document)).issues.map(
    ({ code, severity, pointer, step }) => `${severity === 'warning' ? '?' : ''}${code} ${pointer} ${step ?? '-'}`,
  )
const stepOf = async (step: object): Promise<Step | undefined> =>
  (await readDraft({ steps: [step] })).document?.steps[0]
const a = { name: 'a' }

describe('rules over several keys of a step', () => {
  it.each<[string, object, string]>([
    ['two components', { component: 'x', agent: 'y' }, 'agent'],
    ['a capability beside an action', { action: 'x', capability: 'y' }, 'capability'],
    ['a call of nothing', { type: 'call' }, 'type'],
    ['a gate with a component', { type: 'gate', tool: 'x' }, 'tool'],
    ['a gate with an action', { type: 'gate', action: 'x' }, 'action'],
    ['a gate with a capability', { type: 'gate', capability: 'x' }, 'capability'],
    ['a set on a call', { component: 'x', set: {} }, 'set'],
    ['a wait on a call', { component: 'x', wait: { for: '1s' } }, 'wait'],
    ['an output schema on a call', { component: 'x', output_schema: {} }, 'output_schema'],
    ['inputs on a gate', { type: 'gate', inputs: {} }, 'inputs'],
    ['a retry on a transform', { set: {}, retry: {} }, 'retry'],
    ['idempotent on generated text', { type: 'ai-generate', prompt: 'x', idempotent: true }, 'idempotent'],
    ['a transform without set', { type: 'transform' }, 'set'],
    ['a wait without wait', { type: 'wait' }, 'wait'],
    ['a wait for nothing', { wait: {} }, 'wait'],
    ['a wait for two things', { wait: { for: '1s', until: 'x' } }, 'wait'],
    ['a timeout of a plain wait', { wait: { for: '1s', timeout: '2s' } }, 'wait'],
    ['inputs of text around a reference', { component: 'x', inputs: '${inputs.a} and more' }, 'inputs'],
    ['inputs of two references', { component: 'x', inputs: '${inputs.a}${inputs.b}' }, 'inputs'],
  ])('refuse %s', async (_, step, key) => {
    expect(await told({ steps: [{ ...a, ...step }] })).toEqual([`schema /steps/0/${key} a`])
  })

  it.each<object>([
    { component: 'x', action: 'y', inputs: ' ${inputs.a} ', retry: {}, idempotent: false },
    { capability: 'x', inputs: {} },
    { type: 'ai-generate', prompt: 'x', inputs: {}, retry: {}, output_schema: {} },
    { wait: { until: 'x', timeout: '1s' } },
    { type: 'condition', if: 'x' },
  ])('allow %j', async (step) => {
    expect(await told({ steps: [{ ...a, ...step }] })).toEqual([])
  })
})

describe('a step', () => {
  it('has what was written and nothing else', async () => {
    expect(await stepOf({ ...a, component: 'x' })).toEqual({ name: 'a', type: 'call', component: 'x', dependsOn: [] })
    expect(
      await stepOf({
        ...a,
        description: 'd',
        agent: 'x',
        action: 'y',
        inputs: {},
        depends_on: ['b', 'c', 'b'],
        if: '${ inputs.z }',
        retry: { max_attempts: 2, backoff: 'linear', initial_wait: '1s', max_wait: '2s' },
        timeout: '3s',
        deadline: '4s',
        on_error: 'fail',
        fallback: { component: 'k', action: 'l', inputs: { m: 1 } },
        idempotent: true,
      }),
    ).toEqual({
      name: 'a',
      type: 'call',
      description: 'd',
      component: 'x',
      kind: 'agent',
      action: 'y',
      inputs: {},
      dependsOn: ['b', 'c'],
      if: 'inputs.z',
      retry: { maxAttempts: 2, backoff: 'linear', initialWaitMs: 1_000, maxWaitMs: 2_000 },
      timeoutMs: 3_000,
      deadlineMs: 4_000,
      onError: 'fail',
      fallback: [{ component: 'k', action: 'l', inputs: { m: 1 } }],
      idempotent: true,
    })
    expect(await stepOf({ ...a, tool: 'x', fallback: [{ value: null }, { component: 'k' }], depends_on: 'b' })).toEqual(
      {
        name: 'a',
        type: 'call',
        component: 'x',
        kind: 'tool',
        dependsOn: ['b'],
        fallback: [{ value: null }, { component: 'k' }],
      },
    )
    expect(await stepOf({ ...a, wait: { until: 'x', timeout: '1s' } })).toMatchObject({
      wait: { until: 'x', timeoutMs: 1_000 },
    })
    expect((await stepOf({ ...a, wait: { until: 'x' } }))?.wait).toEqual({ until: 'x' })
    expect(await stepOf({ ...a, type: 'ai-generate', prompt: 'p', output_schema: { type: 'object' } })).toEqual({
      name: 'a',
      type: 'ai-generate',
      dependsOn: [],
      prompt: 'p',
      outputSchema: { type: 'object' },
    })
  })

  it('is a call or a gate while what it names is not supported yet', async () => {
    expect([
      (await stepOf({ ...a, type: 'approval' }))?.type,
      (await stepOf({ ...a, type: 'condition' }))?.type,
    ]).toEqual(['gate', 'gate'])
    expect((await stepOf({ type: 'condition', component: 'x' }))?.type).toBe('call')
  })

  it('gets a name of its own: the one of what it calls, made legal and unique', async () => {
    const steps = [
      { tool: 'my tool!' },
      { agent: '9lives' },
      { action: 'go' },
      { type: 'gate' },
      { set: {} },
      { component: 'go' },
      { component: 'go' },
      { name: 'go-2', component: 'x' },
    ]
    const { document } = await readDraft({ steps })
    expect(document?.steps.map(({ name }) => name)).toEqual([
      'my-tool-',
      'step-9lives',
      'go',
      'gate',
      'gate-2',
      'go-3',
      'go-4',
      'go-2',
    ])
  })

  it('may have any legal name of at most 200 characters', async () => {
    const named = (name: string): object => ({ steps: [{ name, component: 'x' }] })
    for (const fine of ['_', 'A-1_b', 'x'.repeat(200)]) expect(await told(named(fine))).toEqual([])
    for (const bad of ['1a', '-a', 'a b', 'ä', 'x'.repeat(201), 'a\n'])
      expect(await told(named(bad))).toEqual([`bad_name /steps/0/name ${bad}`])
    const { issues } = await readDocument(named('1 a.b'))
    expect(issues[0]?.alternatives).toEqual(['step-1-a-b'])
    expect(await told(named('  '))).toEqual(['empty_name /steps/0/name -'])
  })
})

describe('a document', () => {
  it('has what was written and nothing else', async () => {
    const written = {
      api_version: 1,
      name: 'w',
      version: '1',
      description: 'd',
      inputs: {
        a: 'string',
        b: { required: true, default: 1, description: 'x', enum: [1, 2] },
        c: { type: 'string', secret: true },
      },
      steps: [{ name: 'a', set: { x: 1 } }],
      outputs: { y: 1 },
      timeout: '5s',
      on_error: { strategy: 'continue' },
      priority: 'high',
    }
    expect((await readDocument(written)).document).toEqual({
      apiVersion: 1,
      name: 'w',
      version: '1',
      description: 'd',
      inputs: {
        a: { type: 'string' },
        b: { type: 'any', required: true, default: 1, description: 'x', enum: [1, 2] },
        c: { type: 'string', secret: true },
      },
      steps: [{ name: 'a', type: 'transform', set: { x: 1 }, dependsOn: [] }],
      outputs: { y: 1 },
      timeoutMs: 5_000,
      onError: { strategy: 'continue' },
      priority: 'high',
    })
    expect((await readDocument({ steps: [{ name: 'a', type: 'gate' }] })).document).toEqual({
      steps: [{ name: 'a', type: 'gate', dependsOn: [] }],
    })
  })

  it('without steps gives its reason; with steps a reason has no effect', async () => {
    expect(await told({ steps: [], reason: ' ' })).toEqual(['?schema /steps -'])
    expect(await told({ name: 'w', steps: [] })).toEqual(['schema /steps -'])
    expect(await told({ name: 'w', steps: [], reason: 'x' })).toEqual(['schema /steps -'])
    const { document, issues } = await readDocument({ steps: [{ type: 'gate' }], reason: 'x', missing: ['y'] })
    expect(issues.map(({ severity, pointer }) => [severity, pointer])).toEqual([['warning', '/reason']])
    expect([document?.reason, document?.missing]).toEqual([undefined, ['y']])
    expect(await told({ name: 'w', migration: {} })).toEqual(['?not_supported /migration -', '?schema /steps -'])
  })

  it('may write numbers and booleans where text is due, and null for nothing', async () => {
    const { document, issues } = await readDocument({
      name: 5,
      version: 2,
      description: null,
      outputs: null,
      steps: [
        { name: 7n, component: true, depends_on: null, retry: { max_attempts: null }, timeout: null },
        { name: 'b', component: 'x', depends_on: [7, 'c'], if: false },
        { name: 'c', component: 'x', depends_on: 7 },
      ],
    })
    expect(issues.filter(({ code }) => code !== 'bad_name')).toEqual([])
    const draft =
      document ??
      (await readDraft({ steps: [{ name: 'b', component: true, depends_on: [7, 'c'], if: false }] })).document
    expect(draft?.steps[0]).toMatchObject({ component: 'true', dependsOn: ['7', 'c'], if: 'false' })
  })

  it('names each thing that is not supported yet once, whatever stands beside it', async () => {
    expect(
      await told({
        state: {},
        steps: [
          { name: 'a', type: 'workflow', workflow: 'x', prompt: 'y', set: {} },
          { name: 'b', wait: { until: 'x', signal: 's' } },
          { name: 'c', component: 'x', for_each: null },
        ],
      }),
    ).toEqual([
      'not_supported /state -',
      'not_supported /steps/0/type a',
      'not_supported /steps/0/workflow a',
      'not_supported /steps/1/wait/signal b',
    ])
  })

  it('tells faults of every item of a list, each at its place', async () => {
    const bad = { name: 'a', component: 'x', timeout: 5, retry: { max_attempts: 0, x: 1 }, on_error: 'x', y: 1 }
    expect((await told({ steps: ['text', bad, 5, null], outputs: [1] })).sort()).toEqual(
      [
        'schema /steps/0 -',
        'schema /steps/1/timeout a',
        'schema /steps/1/retry/max_attempts a',
        'unknown_key /steps/1/retry/x a',
        'schema /steps/1/on_error a',
        'unknown_key /steps/1/y a',
        'schema /steps/2 -',
        'schema /steps/3 -',
        'schema /outputs -',
      ].sort(),
    )
  })

  it('tells two hundred faults, and how many more there are', async () => {
    const keys = Object.fromEntries(Array.from({ length: 260 }, (_, i) => [`x${i}`, 1]))
    const { issues } = await readDocument({ steps: [], ...keys })
    expect(issues.filter(({ code }) => code === 'unknown_key')).toHaveLength(200)
    expect(issues.find(({ code }) => code === 'limit')?.message).toContain('60 more')
  })
})
