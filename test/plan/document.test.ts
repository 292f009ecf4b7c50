import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonValue } from '../../src/contracts/json.ts'
import type { PlanDocument } from '../../src/contracts/plan.ts'
import { PRIORITIES } from '../../src/contracts/policy.ts'
import { documentJsonSchema, documentToWire, documentToYaml, readDocument } from '../../src/plan/document.ts'

const read = async (input: unknown): Promise<PlanDocument> => {
  const { document, issues } = await readDocument(input)
  if (document === undefined) throw new Error(JSON.stringify(issues))
  return document
}
const step = async (text: string): Promise<PlanDocument['steps'][number] | undefined> =>
  (await read(`steps:\n  - ${text}\n`)).steps[0]

describe('what a document says', () => {
  it('keeps the source text of scalars where text is due', async () => {
    const { version, name, steps } = await read(
      'name: 1.10\nversion: 2.0\nsteps:\n  - name: a\n    component: true\n    if: true\n',
    )
    expect({ version, name, component: steps[0]?.component, if: steps[0]?.if }).toEqual({
      version: '2.0',
      name: '1.10',
      component: 'true',
      if: 'true',
    })
    expect((await read('{"version": 2.0, "steps": [{"component": "a"}]}')).version).toBe('2.0')
  })

  it('keeps large integers, numbers and nulls of the user as they are (B26, B27)', async () => {
    const found = await step('{component: a, inputs: {id: 12345678901234567890, x: 0x10, z: null, d: 2030-01-01}}')
    expect(found?.inputs).toEqual({ id: 12345678901234567890n, x: 16, z: null, d: '2030-01-01' })
  })

  it('names steps without a name after their component, and keeps those names unique', async () => {
    const { steps } = await read(
      'steps: [{component: a}, {component: a}, {name: a-2, component: b}, {capability: my cap}, {type: gate}]',
    )
    expect(steps.map(({ name }) => name)).toEqual(['a', 'a-3', 'a-2', 'my-cap', 'gate'])
  })

  it('knows the type of a step by what it names', async () => {
    const { steps } = await read(
      'steps: [{component: a}, {capability: c}, {name: g}, {name: t, set: {a: 1}}, {name: w, wait: {for: 1h}}, {name: c2, type: condition, if: "1 == 1"}, {name: ai, type: ai-generate, prompt: hi}]',
    )
    expect(steps.map(({ type }) => type)).toEqual(['call', 'call', 'gate', 'transform', 'wait', 'gate', 'ai-generate'])
  })

  it('reads durations as milliseconds', async () => {
    const found = await step('{component: a, timeout: 2m, deadline: 1.5s, retry: {initial_wait: 500ms, max_wait: 1h}}')
    expect(found).toMatchObject({
      timeoutMs: 120_000,
      deadlineMs: 1_500,
      retry: { initialWaitMs: 500, maxWaitMs: 3_600_000 },
    })
  })

  it('takes the ${} off an if, around the whole and around parts', async () => {
    expect((await step('{component: a, if: "${steps.b.success}"}'))?.if).toBe('steps.b.success')
    expect((await step(`{component: a, if: "\${inputs.n} > 5 && \${inputs.s} == '\${x}'"}`))?.if).toBe(
      "(inputs.n) > 5 && (inputs.s) == '${x}'",
    )
  })

  it('says a condition of the older form with if', async () => {
    const { steps } = await read(
      'steps:\n  - name: check\n    condition: {if: "inputs.n > 1", then: big, else: [small]}\n  - {name: big, component: a}\n  - {name: small, component: a, if: inputs.s}\n',
    )
    expect(steps.map(({ if: when, dependsOn, type }) => ({ when, dependsOn, type }))).toEqual([
      { when: undefined, dependsOn: [], type: 'gate' },
      { when: 'inputs.n > 1', dependsOn: ['check'], type: 'call' },
      { when: '(!(inputs.n > 1)) && (inputs.s)', dependsOn: ['check'], type: 'call' },
    ])
    const { issues } = await readDocument({
      steps: [{ name: 'a', condition: { if: 'x', then: [{ component: 'b' }] } }],
    })
    expect(issues).toMatchObject([{ code: 'not_supported', pointer: '/steps/0/condition/then' }])
  })

  it.each([
    'for_each: "${inputs.list}"',
    'max_parallel: 2',
    'scatter_gather: {capability: x}',
    'aggregate: list',
    'sync: {timeout: 1s}',
    'approval: true',
    'compensate: {component: x}',
    'state_key: k',
    'parallel: [{tool: x}]',
    'workflow: other',
  ])('refuses what is not supported yet by name, never in silence (B103): %s', async (control) => {
    const { document, issues } = await readDocument(`steps:\n  - component: a\n    ${control}\n`)
    expect(document).toBeUndefined()
    expect(issues).toMatchObject([{ code: 'not_supported', severity: 'error', line: 3, column: 5 }])
  })

  it('accepts an honest "cannot", and warns where it gives no reason (B03)', async () => {
    const { document, issues } = await readDocument({ steps: [], reason: 'No clock', missing: ['time'] })
    expect(document).toEqual({ steps: [], reason: 'No clock', missing: ['time'] })
    expect(issues).toEqual([])
    expect((await readDocument({ steps: [] })).issues).toMatchObject([{ severity: 'warning' }])
  })

  it('keeps what a plan leaves unserved; a workflow has no request to serve', async () => {
    const steps = [{ component: 'news' }]
    expect(await readDocument({ steps, missing: ['a clock'] })).toMatchObject({
      document: { missing: ['a clock'] },
      issues: [],
    })
    const { document, issues } = await readDocument({ name: 'w', steps, missing: ['a clock'] })
    expect(document?.missing).toBeUndefined()
    expect(issues).toMatchObject([{ severity: 'warning', pointer: '/missing' }])
  })

  it("reads code style and wire style alike, and never renames what is the user's", async () => {
    const inputs = { timeoutMs: 5, depends_on: ['x'], maxAttempts: 1 }
    const wire = await read({
      name: 'w',
      timeout: '2m',
      on_error: { strategy: 'continue' },
      steps: [
        {
          name: 'a',
          tool: 't',
          action: 'x',
          inputs,
          depends_on: ['b'],
          timeout: '30s',
          retry: { max_attempts: 2, initial_wait: '1s' },
        },
        { name: 'b', wait: { for: '1s' } },
      ],
    })
    const code = await read({
      name: 'w',
      timeoutMs: 120_000,
      onError: { strategy: 'continue' },
      steps: [
        {
          name: 'a',
          type: 'call',
          kind: 'tool',
          component: 't',
          action: 'x',
          inputs,
          dependsOn: ['b'],
          timeoutMs: 30_000,
          retry: { maxAttempts: 2, initialWaitMs: 1_000 },
        },
        { name: 'b', type: 'wait', dependsOn: [], wait: { forMs: 1_000 } },
      ],
    })
    expect(code).toEqual(wire)
    expect(wire.steps[0]?.inputs).toEqual(inputs)
  })

  it('loads the etl-pipeline and the version sample of the seeds', async () => {
    const etl = await read(readFileSync(new URL('./fixtures/etl-pipeline.yaml', import.meta.url), 'utf8'))
    expect(etl.steps.map(({ name, kind, dependsOn }) => [name, kind, dependsOn])).toEqual([
      ['extract', 'tool', []],
      ['validate', 'tool', ['extract']],
      ['transform', 'agent', ['validate']],
      ['load', 'tool', ['transform']],
    ])
    const { document, issues } = await readDocument(
      'name: analysis-workflow\nversion: 2.0\ncompatible_with: ">=1.5"\nmigration:\n  from: 1.0\n  steps:\n    - rename: old_step -> new_step\n',
    )
    expect(document).toMatchObject({ name: 'analysis-workflow', version: '2.0' })
    expect(issues.every(({ severity }) => severity === 'warning')).toBe(true)
  })
})

const name = fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_-]{0,8}$/).filter((word) => word !== '__proto__')
const json = fc
  .jsonValue({ maxDepth: 3 })
  .filter((value) => !/__proto__|\d{16}/.test(JSON.stringify(value))) as fc.Arbitrary<JsonValue>
const inputs = fc.dictionary(name, json, { maxKeys: 4, noNullPrototype: true })
const ms = fc.integer({ min: 1, max: 10_000_000 })
const callStep = fc.record(
  {
    component: name,
    action: name,
    inputs,
    dependsOn: fc.uniqueArray(name, { maxLength: 3 }),
    if: fc.constantFrom('inputs.a', "inputs.b == 'x: #'"),
    timeoutMs: ms,
    deadlineMs: ms,
    onError: fc.constantFrom('fail' as const, 'continue' as const),
    idempotent: fc.boolean(),
    priority: fc.constantFrom(...PRIORITIES),
    optional: fc.boolean(),
    concurrency: fc.record({ key: fc.string({ minLength: 1 }), limit: fc.integer({ min: 1, max: 99 }) }),
    resources: fc.dictionary(
      fc.constantFrom('gpu', 'big_gpu', 'maxWaitMs'),
      fc.double({ min: 0.1, max: 9, noNaN: true }),
    ),
    retry: fc.record({ maxAttempts: fc.integer({ min: 1, max: 9 }), initialWaitMs: ms }, { requiredKeys: [] }),
    fallback: fc.array(fc.oneof(fc.record({ value: json }), fc.record({ component: name, inputs })), {
      minLength: 1,
      maxLength: 2,
    }),
  },
  { requiredKeys: ['component', 'dependsOn'] },
)
const span = fc.integer({ min: 1, max: 2_147_483_647 })
const policy = fc.record(
  {
    maxAttempts: fc.integer({ min: 1, max: 9 }),
    backoff: fc.constantFrom('fixed' as const, 'linear' as const, 'exponential' as const),
    initialWaitMs: span,
    factor: fc.double({ min: 1, max: 9, noNaN: true }),
    classes: fc.dictionary(fc.constantFrom('transient', 'input'), fc.record({ maxWaitMs: span }, { requiredKeys: [] })),
    fallbacks: fc.array(fc.oneof(fc.record({ value: json }), fc.record({ component: name, inputs })), { minLength: 1 }),
    escalateAfter: fc.integer({ min: 1, max: 9 }),
    notify: fc.array(fc.string({ minLength: 1 })),
  },
  { requiredKeys: [] },
)
const document = fc
  .record(
    {
      name,
      version: fc.string({ minLength: 1 }),
      description: fc.string(),
      timeoutMs: ms,
      outputs: inputs,
      priority: fc.constantFrom(...PRIORITIES),
      budget: fc.record({ tokens: fc.integer({ min: 1 }), wallTimeMs: span }, { requiredKeys: [] }),
      recovery: fc.dictionary(fc.constantFrom('fx', 'max_wait', 'wallTimeMs'), policy),
      steps: fc.array(callStep, { minLength: 1, maxLength: 5 }),
    },
    { requiredKeys: ['steps'] },
  )
  .map((value) => ({
    ...value,
    steps: value.steps.map((item, i) => ({ name: `s${i}`, type: 'call' as const, ...item })),
  }))

describe('writing', () => {
  it('gives the same document when what was written is read again, as object, JSON and YAML', async () => {
    await fc.assert(
      fc.asyncProperty(document, async (written) => {
        // -0 is 0 in text.
        const plain = JSON.parse(JSON.stringify(written)) as PlanDocument
        expect(await read(documentToWire(plain))).toEqual(plain)
        expect(await read(JSON.stringify(documentToWire(plain)))).toEqual(plain)
        expect(await read(await documentToYaml(plain))).toEqual(plain)
        expect(await read(plain)).toEqual(plain)
      }),
      { numRuns: 150 },
    )
  })

  it('generates a JSON Schema with every key, also those that are not supported yet', () => {
    const schema = JSON.parse(JSON.stringify(documentJsonSchema())) as {
      properties: { steps: { items: { properties: Record<string, { description?: string }> } } }
    }
    const { properties } = schema.properties.steps.items
    expect(Object.keys(properties)).toEqual(
      expect.arrayContaining(['component', 'depends_on', 'if', 'for_each', 'approval', 'compensate']),
    )
    expect(properties['for_each']?.description).toMatch(/^Not supported yet/)
  })
})
