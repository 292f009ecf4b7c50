// `replan_if`: an expression that is read once its step has succeeded, and so may speak of the step itself.
import { describe, expect, it } from 'vitest'
import { checkDocument } from '../../src/plan/check.ts'
import { documentToWire, readDocument } from '../../src/plan/document.ts'
import { createView } from './fake-view.ts'

const view = createView([])
const read = async (replanIf: string, more: object = {}) => {
  const steps = [
    { name: 'a', type: 'transform', set: { n: 1 }, replan_if: replanIf, ...more },
    { name: 'b', type: 'transform', set: { n: 2 } },
  ]
  return await checkDocument({ steps }, view, { origin: 'model', maxSteps: 10, repair: true })
}

describe('replan_if', () => {
  it('is read with or without ${}, written back, and no word for an empty one', async () => {
    for (const text of ['steps.a.output.n > 0', '${steps.a.output.n > 0}']) {
      const { document, issues } = await readDocument({ steps: [{ name: 'a', type: 'gate', replan_if: text }] })
      expect(issues).toEqual([])
      expect(document?.steps[0]?.replanIf).toBe('steps.a.output.n > 0')
      expect(document && documentToWire(document)).toEqual({
        steps: [{ name: 'a', type: 'gate', replan_if: 'steps.a.output.n > 0' }],
      })
    }
    const { document } = await readDocument({ steps: [{ name: 'a', type: 'gate', replan_if: '' }] })
    expect(document?.steps[0]).not.toHaveProperty('replanIf')
  })
  it('may speak of its own step, which makes no edge; another step is one', async () => {
    const own = await read('steps.a.output.n > 0')
    expect(own.issues).toEqual([])
    expect(own.plan?.steps[0]?.dependencies).toEqual([])
    const other = await read('steps.b.output.n > steps.a.output.n')
    expect(other.issues).toEqual([])
    expect(other.plan?.steps[0]?.dependencies).toEqual([1])
  })
  it.each([
    ['1 +', 'bad_expression'],
    ['steps.ghost.success', 'unknown_reference'],
    ['steps.a.output.m > 0', 'unknown_path'],
  ])('is checked like an "if": %s', async (text, code) => {
    const { issues } = await read(text)
    expect(issues).toMatchObject([{ code, step: 'a', pointer: '/steps/0/replan_if' }])
  })
})
