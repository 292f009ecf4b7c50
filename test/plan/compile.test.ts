import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { CompiledPlan } from '../../src/contracts/compiled.ts'
import type { Issue } from '../../src/contracts/plan.ts'
import { compilePlan } from '../../src/plan/compile.ts'
import { readDocument } from '../../src/plan/document.ts'

const compile = async (document: unknown): Promise<{ plan?: CompiledPlan; issues: Issue[] }> => {
  const read = await readDocument(document)
  if (read.document === undefined) throw new Error(JSON.stringify(read.issues))
  return compilePlan(read.document)
}
const compiled = async (steps: unknown[], more: object = {}): Promise<CompiledPlan> => {
  const { plan, issues } = await compile({ steps, ...more })
  if (plan === undefined) throw new Error(JSON.stringify(issues))
  return plan
}
const names = (plan: CompiledPlan, step: string): (string | undefined)[] =>
  plan.steps[plan.indexOf.get(step) ?? -1]?.dependencies.map((i) => plan.steps[i]?.name) ?? []

describe('compiling', () => {
  it('makes an edge of every reference, wherever it stands, and each edge once (B09)', async () => {
    const gates = ['a', 'b', 'c', 'd', 'e', 'f'].map((name) => ({ name, type: 'gate' }))
    const plan = await compiled([
      {
        name: 'x',
        component: 'k',
        depends_on: ['a'],
        inputs: { p: '${steps.a.output}', q: ['text ${steps.b.output.z + 1}'] },
        if: 'steps.c.success',
        fallback: [{ component: 'k', inputs: { p: '${steps.d.output.v}' } }, { value: '${steps.e.output}' }],
      },
      { name: 'w', type: 'wait', wait: { until: '${steps.f.output.at}' } },
      { name: 't', type: 'transform', set: { k: '${steps.x.output}' } },
      { name: 'g', type: 'ai-generate', prompt: 'Say ${steps.x.output.text}' },
      { name: 'o', component: 'k', inputs: '${steps.a.output}' },
      ...gates,
    ])
    expect(names(plan, 'x')).toEqual(['a', 'c', 'b', 'd', 'e'])
    expect([names(plan, 'w'), names(plan, 't'), names(plan, 'g'), names(plan, 'o')]).toEqual([
      ['f'],
      ['x'],
      ['x'],
      ['a'],
    ])
    expect([...plan.inDegrees.subarray(0, 5)]).toEqual([5, 1, 1, 1, 1])
  })

  it('marks the dependencies whose outcome the if asks for', async () => {
    const plan = await compiled([
      { name: 'a', type: 'gate' },
      { name: 'b', type: 'gate' },
      { name: 'c', component: 'k', if: "steps.a.status == 'failed' && steps.b.output.n > 1" },
    ])
    expect([...(plan.steps[2]?.guarded ?? [])]).toEqual([0])
  })

  it('applies the default for failures: fail for workflows, continue for plans', async () => {
    expect((await compiled([{ type: 'gate' }])).onError).toBe('continue')
    expect((await compiled([{ type: 'gate' }], { name: 'w' })).onError).toBe('fail')
    expect((await compiled([{ type: 'gate' }], { name: 'w', on_error: { strategy: 'continue' } })).onError).toBe(
      'continue',
    )
  })

  it.each<[string, object[], [string, string, string]]>([
    [
      'a cycle, named in order (B07)',
      [
        { name: 'a', component: 'k', depends_on: ['b'] },
        { name: 'b', component: 'k', depends_on: ['a'] },
      ],
      ['cycle', '/steps/0/depends_on', 'a → b → a'],
    ],
    [
      'a cycle through a reference',
      [
        { name: 'a', component: 'k', inputs: { x: '${steps.c.output}' } },
        { name: 'b', component: 'k', depends_on: ['a'] },
        { name: 'c', component: 'k', if: 'steps.b.success' },
      ],
      ['cycle', '/steps/0/depends_on', 'a → b → c → a'],
    ],
    [
      'a step that waits for itself (B07)',
      [{ name: 'a', component: 'k', depends_on: ['a'] }],
      ['self_dependency', '/steps/0/depends_on/0', 'waits for itself'],
    ],
    [
      'a step that refers to itself',
      [{ name: 'a', component: 'k', inputs: { x: '${steps.a.output}' } }],
      ['self_dependency', '/steps/0/inputs/x', 'refers to itself'],
    ],
    [
      'an unknown dependency',
      [
        { name: 'fetch', component: 'k' },
        { name: 'b', component: 'k', depends_on: ['fetsh'] },
      ],
      ['unknown_dependency', '/steps/1/depends_on/0', 'Did you mean "fetch"?'],
    ],
    [
      'a reference to an unknown step',
      [{ name: 'b', component: 'k', inputs: { q: '${steps.ghost.output.a}' } }],
      ['unknown_reference', '/steps/0/inputs/q', 'the step "ghost"'],
    ],
    [
      'bad syntax in an if',
      [{ name: 'b', component: 'k', if: '1 +' }],
      ['bad_expression', '/steps/0/if', 'cannot be read'],
    ],
    [
      'bad syntax in an input',
      [{ name: 'b', component: 'k', inputs: { q: '${1 +}' } }],
      ['bad_expression', '/steps/0/inputs/q', 'cannot be read'],
    ],
    [
      'a reference without end',
      [{ name: 'b', component: 'k', inputs: { q: 'x ${steps.b' } }],
      ['bad_expression', '/steps/0/inputs/q', 'never closed'],
    ],
  ])('finds %s', async (_, steps, [code, pointer, text]) => {
    const { plan, issues } = await compile({ steps })
    expect(plan).toBeUndefined()
    expect(issues).toMatchObject([{ code, pointer }])
    expect(issues[0]?.message).toContain(text)
  })

  it('tells the place of a mistake wherever a value may stand', async () => {
    const bad = '${steps.ghost.output.x}'
    const { issues } = await compile({
      steps: [
        {
          name: 'x',
          component: 'k',
          inputs: { a: bad },
          if: 'steps.ghost.success',
          fallback: [{ value: bad }, { component: 'k', inputs: { b: bad } }],
          concurrency: { key: bad, limit: 1 },
        },
        { name: 'w', wait: { until: bad } },
        { name: 't', set: { k: bad } },
        { name: 'g', type: 'ai-generate', prompt: bad },
        { name: 'o', component: 'k', inputs: bad },
      ],
      outputs: { o: bad },
    })
    expect(issues.map(({ code, pointer, step }) => [code, pointer, step]).sort()).toEqual(
      [
        ['unknown_reference', '/outputs/o', undefined],
        ['unknown_reference', '/steps/0/concurrency/key', 'x'],
        ['unknown_reference', '/steps/0/fallback/0/value', 'x'],
        ['unknown_reference', '/steps/0/fallback/1/inputs', 'x'],
        ['unknown_reference', '/steps/0/if', 'x'],
        ['unknown_reference', '/steps/0/inputs/a', 'x'],
        ['unknown_reference', '/steps/1/wait/until', 'w'],
        ['unknown_reference', '/steps/2/set/k', 't'],
        ['unknown_reference', '/steps/3/prompt', 'g'],
        ['unknown_reference', '/steps/4/inputs', 'o'],
      ].sort(),
    )
    const { issues: syntax } = await compile({
      steps: [
        { name: 'w', wait: { until: 'inputs.a +' } },
        { name: 'v', wait: { until: '${1 +}' } },
        { name: 't', set: { k: '${1 +}' } },
      ],
      outputs: { o: '${1 +}' },
    })
    expect(syntax.map(({ pointer }) => pointer)).toEqual([
      '/steps/0/wait/until',
      '/steps/1/wait/until',
      '/steps/2/set/k',
      '/outputs/o',
    ])
  })

  it('tells twins (B07), and shortens a cycle that is longer than twelve', async () => {
    const gate = (name: string, ...dependsOn: string[]) => ({ name, type: 'gate' as const, dependsOn })
    const twins = await compilePlan({ steps: [gate('a'), gate('a')] })
    expect(twins).toMatchObject({ issues: [{ code: 'duplicate_name', pointer: '/steps/1/name', step: 'a' }] })
    expect(twins.plan).toBeUndefined()
    const ring = async (count: number): Promise<string> => {
      const steps = Array.from({ length: count }, (_, i) => gate(`s${i}`, `s${(i + count - 1) % count}`))
      return (await compilePlan({ steps })).issues[0]?.message ?? ''
    }
    expect(await ring(12)).toContain('s0 → s1 → s2 → s3 → s4 → s5 → s6 → s7 → s8 → s9 → s10 → s11 → s0.')
    expect(await ring(13)).toContain('s0 → s1 → s2 → s3 → s4 → s5 → (5 more) → s11 → s12 → s0.')
  })

  it('gives a plan only what stands in the document', async () => {
    const { plan } = await compilePlan({ steps: [{ name: 'a', type: 'gate', dependsOn: [] }] })
    expect(Object.keys(plan?.steps[0] ?? {}).sort()).toEqual(['dependencies', 'guarded', 'index', 'name', 'step'])
    expect(plan).not.toHaveProperty('outputs')
    expect(plan).not.toHaveProperty('recovery')
    const whole = await compiled([{ name: 'a', component: 'k', inputs: '${inputs.all}' }])
    expect(whole.steps[0]?.wholeInputs?.references.map(({ text }) => text)).toEqual(['inputs.all'])
    expect(whole.hasPriorities).toBe(false)
    const urgent = await compiled([{ type: 'gate' }, { type: 'gate', name: 'b', priority: 'high' }])
    expect(urgent.hasPriorities).toBe(true)
  })

  it('reads literal times of a wait as they are, and everything else as an expression', async () => {
    const plan = await compiled([
      { name: 'time', type: 'wait', wait: { until: '2030-01-01T00:00:00Z' } },
      { name: 'path', type: 'wait', wait: { until: 'inputs.at' } },
    ])
    expect(plan.steps.map(({ until }) => [until?.isLiteral, until?.references.map(({ text }) => text)])).toEqual([
      [true, []],
      [false, ['inputs.at']],
    ])
  })

  it('compiles any acyclic document, with an edge for each reference', async () => {
    const lists = fc.array(fc.array(fc.nat(100), { maxLength: 4 }), { minLength: 1, maxLength: 25 })
    await fc.assert(
      fc.asyncProperty(lists, async (given) => {
        const wanted = given.map((list, i) => (i === 0 ? [] : [...new Set(list.map((n) => n % i))]))
        const plan = await compiled(
          wanted.map((list, i) => ({
            name: `s${i}`,
            component: 'k',
            inputs: Object.fromEntries(list.map((from) => [`i${from}`, `\${steps.s${from}.output.x}`])),
          })),
        )
        expect(plan.steps.map(({ dependencies }) => [...dependencies].sort((a, b) => a - b))).toEqual(
          wanted.map((list) => [...list].sort((a, b) => a - b)),
        )
      }),
      { numRuns: 60 },
    )
  })

  it('takes a document of 10,000 steps in a chain', async () => {
    const steps = Array.from({ length: 10_000 }, (_, i) => ({
      name: `s${i}`,
      component: 'k',
      inputs: i === 0 ? {} : { x: `\${steps.s${i - 1}.output.x}` },
    }))
    const plan = await compiled(steps)
    expect(plan.steps).toHaveLength(10_000)
    expect(plan.dependants).toHaveLength(9_999)
  })
})
