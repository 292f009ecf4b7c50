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

  it('has at most 500 issues, errors first: what is cut off makes nothing valid', async () => {
    const warned = (count: number): object[] =>
      Array.from({ length: count }, (_, i) => ({ name: `s${i}`, set: { x: '${inputs.none}' } }))
    const check = (steps: object[]) => checkDocument({ steps, inputs: {} }, demoView, { ...author, maxSteps: 1_000 })
    const all = await check(warned(500))
    expect(all.issues).toHaveLength(500)
    expect(all.plan).toBeDefined()
    const cut = await check(warned(501))
    expect(cut.issues).toHaveLength(500)
    expect(cut.issues.at(-1)?.message).toBe('There are 501 issues; these are the first 499.')
    expect(cut.plan).toBeDefined()
    const broken = await check([...warned(501), { name: 'e', component: 'ghost' }])
    expect(broken.issues.map(({ code }) => code)).toEqual(['unknown_component', 'limit'])
    expect(broken.plan).toBeUndefined()
  })

  it('tells the same fault once, and equal names by their place', async () => {
    const steps = ['a', 'a', 'a'].map((name) => ({ name, component: 'ghost', inputs: { x: '${steps.zip.output}' } }))
    const { issues } = await checkDocument({ steps }, demoView, author)
    const told = issues.map(({ code, pointer }) => `${code} ${pointer}`)
    expect(new Set(told).size).toBe(told.length)
    expect(told.filter((text) => text.startsWith('duplicate_name'))).toEqual([
      'duplicate_name /steps/1/name',
      'duplicate_name /steps/2/name',
    ])
  })

  it('is nothing where nothing can be read', async () => {
    expect(await checkDocument('steps: [', demoView, author)).toMatchObject({ issues: [{}], repairs: [] })
    expect(await checkDocument(5, demoView, author)).not.toHaveProperty('document')
  })

  it('may not hold the value of a secret as its default', async () => {
    const inputs = { key: { type: 'string', secret: true, default: 'hunter2' } }
    const { issues } = await checkDocument({ inputs, steps: [{ name: 'a', set: { x: 1 } }] }, demoView, author)
    expect(issues).toMatchObject([{ code: 'secret_leak', severity: 'error', pointer: '/inputs/key/default' }])
    expect(JSON.stringify(issues)).not.toContain('hunter2')
  })
})
