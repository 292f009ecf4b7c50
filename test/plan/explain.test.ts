import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import type { Explanation } from '../../src/contracts/api.ts'
import { compilePlan } from '../../src/plan/compile.ts'
import { readDocument } from '../../src/plan/document.ts'
import { explainPlan } from '../../src/plan/explain.ts'

const explain = async (input: unknown): Promise<Explanation> => {
  const { document } = await readDocument(input)
  const { plan } = await compilePlan(document ?? { steps: [] })
  if (plan === undefined) throw new Error('The document does not compile.')
  return explainPlan(plan)
}

describe('an explanation', () => {
  it('shows stages, edges and the critical path of the etl-pipeline', async () => {
    const { stages, criticalPath, edges, maxParallelism, text } = await explain(
      readFileSync(new URL('./fixtures/etl-pipeline.yaml', import.meta.url), 'utf8'),
    )
    expect(stages).toEqual([['extract'], ['validate'], ['transform'], ['load']])
    expect(criticalPath).toEqual(['extract', 'validate', 'transform', 'load'])
    expect(edges).toContainEqual({ from: 'transform', to: 'load' })
    expect(maxParallelism).toBe(1)
    expect(text.split('\n')).toEqual([
      'etl-pipeline (4 steps, 4 stages)',
      '├── stage 1',
      '│   └── extract: data-extractor/extract',
      '├── stage 2',
      '│   └── validate: data-validator/validate; after extract',
      '├── stage 3',
      '│   └── transform: transformation-agent/transform; after validate',
      '└── stage 4',
      '    └── load: data-loader/load; after transform',
      'critical path: extract → validate → transform → load',
    ])
  })

  it('takes the chain that may last longest for critical, not the one with most steps', async () => {
    const steps = [
      { name: 'slow', component: 'x', timeout: '10m' },
      { name: 'a', component: 'x', timeout: '1s' },
      { name: 'b', component: 'x', timeout: '1s', depends_on: ['a'] },
    ]
    const { criticalPath, maxParallelism } = await explain({ steps })
    expect({ criticalPath, maxParallelism }).toEqual({ criticalPath: ['slow'], maxParallelism: 2 })
  })

  it('says what a step waits for besides other steps, and what it may lose', async () => {
    const step = {
      name: 'a',
      component: 'x',
      priority: 'low',
      optional: true,
      concurrency: { key: 'gpu-jobs', limit: 2 },
      resources: { gpu: 1, memory: 0.5 },
    }
    const { text } = await explain({ steps: [step] })
    expect(text.split('\n')[2]).toBe(
      '    └── a: x; priority low; optional; at most 2 of "gpu-jobs" at once; takes 1 gpu, 0.5 memory',
    )
  })

  it('says what each step does, waits for and allows itself', async () => {
    const { text, criticalPath } = await explain({
      name: 'w',
      version: '2.0',
      reason: 'Belongs to a plan without steps.',
      steps: [
        { name: 'find', capability: 'search' },
        { name: 'pause', wait: { for: '90s' }, depends_on: ['find'] },
        { name: 'due', wait: { until: 'inputs.at', timeout: '1h' }, if: 'inputs.at != null' },
        { name: 'note', type: 'ai-generate', prompt: 'x', timeout: '30s' },
        { name: 'sum', set: { x: 1 }, depends_on: ['pause', 'note'] },
        { name: 'all', component: 'k' },
      ],
    })
    expect(text.split('\n')).toEqual([
      'w 2.0 (6 steps, 3 stages)',
      '├── stage 1',
      '│   ├── find: any component that offers search',
      '│   ├── due: wait until inputs.at; if inputs.at != null',
      '│   ├── note: ai-generate; timeout 30s',
      '│   └── all: k',
      '├── stage 2',
      '│   └── pause: wait 90s; after find',
      '└── stage 3',
      '    └── sum: transform; after pause, note',
      'critical path: due',
    ])
    expect(criticalPath).toEqual(['due'])
  })

  it('counts waits by their time, steps of no work as next to nothing, and others as half a minute', async () => {
    const longest = async (...steps: object[]): Promise<string> =>
      (await explain({ steps: steps.map((step, i) => ({ name: `s${i}`, ...step })) })).criticalPath.join()
    const call = { component: 'k' }
    expect(await longest({ wait: { for: '29s' } }, call)).toBe('s1')
    expect(await longest({ wait: { for: '31s' } }, call)).toBe('s0')
    expect(await longest(call, { wait: { until: 'inputs.at' } })).toBe('s0')
    expect(await longest(call, { wait: { until: 'inputs.at', timeout: '31s' } })).toBe('s1')
    expect(await longest({ type: 'gate' }, { set: { x: 1 } }, call)).toBe('s2')
    expect(await longest({ type: 'gate' }, { ...call, timeout: '2ms' })).toBe('s1')
    expect(await longest({ set: { x: 1 } }, { ...call, timeout: '2ms' })).toBe('s1')
    expect(await longest({ ...call, timeout: '1m' }, { ...call, deadline: '40s' })).toBe('s0')
    expect(await longest({ ...call, timeout: '1m', deadline: '10s' }, call)).toBe('s1')
  })

  it('speaks of one step and one stage, and cuts what nobody reads', async () => {
    expect((await explain({ steps: [{ name: 'a', component: 'x' }] })).text).toMatch(/^plan \(1 step, 1 stage\)\n/)
    const wide = await explain({ steps: Array.from({ length: 600 }, (_, i) => ({ name: `s${i}`, component: 'x' })) })
    const lines = wide.text.split('\n')
    expect(lines[0]).toBe('plan (600 steps, 1 stage)')
    expect(lines.slice(-3)).toEqual(['    ├── s498: x', '    └── … 101 more steps', 'critical path: s0'])
    const chain = (count: number): object[] =>
      Array.from({ length: count }, (_, i) => ({
        name: `s${i}`,
        component: 'x',
        ...(i > 0 && { depends_on: [`s${i - 1}`] }),
      }))
    const deep = (await explain({ steps: chain(300) })).text.split('\n')
    expect(deep.slice(-3, -1)).toEqual(['│   └── s249: x; after s248', '└── … 50 more stages'])
    expect(deep.at(-1)).toMatch(/^critical path: s0 → .* → s17 → … → s299$/)
    expect((await explain({ steps: chain(20) })).text).toMatch(/s18 → s19$/)
    expect((await explain({ steps: chain(21) })).text).toMatch(/s17 → … → s20$/)
  })

  it('says why an empty plan is empty', async () => {
    expect((await explain({ steps: [], reason: 'There is no clock.' })).text).toBe(
      'plan (0 steps, 0 stages)\n└── There is no clock.',
    )
  })
})
