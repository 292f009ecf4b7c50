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

  it('says why an empty plan is empty', async () => {
    expect((await explain({ steps: [], reason: 'There is no clock.' })).text).toBe(
      'plan (0 steps, 0 stages)\n└── There is no clock.',
    )
  })
})
