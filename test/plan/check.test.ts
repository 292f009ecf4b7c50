import { describe, expect, it } from 'vitest'
import { checkDocument } from '../../src/plan/check.ts'
import { demoView } from './fake-view.ts'

const author = { origin: 'author', maxSteps: 100 } as const

describe('a document that was checked', () => {
  it('names every edge, also those that references make (B09)', async () => {
    const steps = [
      { name: 'b', set: { x: '${steps.a.output.x}' }, if: 'steps.c.success', depends_on: ['d'] },
      { name: 'a', set: { x: 1 } },
      { name: 'c', set: {} },
      { name: 'd', set: {} },
    ]
    const { document, plan } = await checkDocument({ steps }, demoView, author)
    expect(document?.steps[0]?.dependsOn).toEqual(['d', 'c', 'a'])
    expect(plan?.document).toBe(document)
  })

  it('may not hold the value of a secret as its default', async () => {
    const inputs = { key: { type: 'string', secret: true, default: 'hunter2' } }
    const { issues } = await checkDocument({ inputs, steps: [{ name: 'a', set: { x: 1 } }] }, demoView, author)
    expect(issues).toMatchObject([{ code: 'secret_leak', severity: 'error', pointer: '/inputs/key/default' }])
    expect(JSON.stringify(issues)).not.toContain('hunter2')
  })
})
