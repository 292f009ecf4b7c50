import { performance } from 'node:perf_hooks'
import { describe, expect, it } from 'vitest'
import { createOrchestrator } from '../../src/create-orchestrator.ts'
import { checkDocument } from '../../src/plan/check.ts'
import { readDocument } from '../../src/plan/document.ts'
import { createView } from '../plan/fake-view.ts'
import { FAST, honest, watchProcess } from './support.ts'

watchProcess()

const many = (n: number, line: (i: number) => string): string => Array.from({ length: n }, (_, i) => line(i)).join('')
const unknown = Object.fromEntries(Array.from({ length: 20_000 }, (_, i) => [`k${i}`, 1]))
const aliases = (levels: number, width: number): string =>
  `steps:\n  - name: a\n    component: x\n    inputs:\n      x0: &x0 lol\n${many(levels, (i) => `      x${i + 1}: &x${i + 1} [${Array<string>(width).fill(`*x${i}`).join(',')}]\n`)}`
const strangers = Array.from({ length: 5_000 }, (_, i) => ({ name: `n${i}`, component: 'x', depends_on: [`m${i}`] }))

const HOSTILE: readonly (readonly [string, unknown])[] = [
  ['20,000 keys that nobody knows, as JSON', JSON.stringify(unknown)],
  ['20,000 keys that nobody knows, as YAML', many(20_000, (i) => `k${i}: 1\n`)],
  ['20,000 keys that nobody knows, as an object', unknown],
  ['10,000 steps that are numbers', JSON.stringify({ steps: Array<number>(10_000).fill(5) })],
  [
    '20,000 aliases of one anchor',
    `steps:\n  - name: a\n    component: x\n    inputs:\n      b: &b 1\n${many(20_000, (i) => `      k${i}: *b\n`)}`,
  ],
  ['aliases that stand for a billion values', aliases(9, 10)],
  ['aliases that stand for 3 to the power of 30 values', aliases(30, 3)],
  ['5,000 dependencies that do not exist', JSON.stringify({ steps: strangers })],
  ['20,000 times the same key', many(20_000, () => 'a: 1\n')],
  ['300,000 open brackets', `steps: ${'['.repeat(300_000)}`],
  ['100,000 keys within each other', 'a: '.repeat(100_000)],
]

describe('a hostile document', () => {
  it.each(HOSTILE)('of %s is refused without holding the process up', async (_, document) => {
    await readDocument('steps: []')
    const begun = performance.now()
    const { issues } = await checkDocument(document, createView([]), { origin: 'author', maxSteps: 20_000 })
    // Each took from 7 s to minutes when places and suggestions were looked for one by one.
    expect(performance.now() - begun).toBeLessThan(3_000)
    expect(issues.some(({ severity }) => severity === 'error')).toBe(true)
    expect(issues.length).toBeLessThanOrEqual(500)
  })
  it('of which there are too many faults says how many were not shown', async () => {
    const { issues } = await readDocument(JSON.stringify(unknown))
    expect(issues.map(({ message }) => message)).toContainEqual(expect.stringMatching(/^There are 19801 more faults/))
  })
  it('finds each place of a broken JSON as before: nested, in lists, twice, and the nearest parent of what is missing', async () => {
    const { issues } = await readDocument(
      '{"steps": [\n {"name": "a", "component": 7},\n {"name": "b"\n, "bogus": [1, {"x": 2}], "component": "c"}]}',
    )
    expect(issues.map(({ pointer, line, column }) => [pointer, line, column])).toEqual([['/steps/1/bogus', 4, 3]])
  })
  it('follows an alias to the anchor before it, also where the anchor is set again', async () => {
    const { document } = await readDocument(
      'name: x\ninputs: {}\nsteps:\n  - {name: a, component: c, inputs: {v: &v 1, w: *v}}\n  - {name: b, component: c, inputs: {v: &v 2, w: *v}}\n',
    )
    expect(document?.steps.map((step) => step.inputs)).toEqual([
      { v: 1, w: 1 },
      { v: 2, w: 2 },
    ])
  })
  it.each([
    ['nothing', null],
    ['nothing at all', undefined],
    [
      'a getter that throws',
      {
        get steps() {
          throw new Error('trap')
        },
      },
    ],
    [
      'a proxy that throws',
      new Proxy(
        {},
        {
          ownKeys: () => {
            throw new Error('trap')
          },
          get: () => {
            throw new Error('trap')
          },
        },
      ),
    ],
    ['a function', () => 1],
    [
      'a value that contains itself',
      (() => {
        const self: Record<string, unknown> = {}
        self.steps = [self]
        return self
      })(),
    ],
  ])('that is %s is refused with a code by every door', async (_, document) => {
    const orchestrator = createOrchestrator({ ...FAST, tools: [honest] })
    const given = document as never
    await expect(orchestrator.execute(given)).rejects.toMatchObject({ name: 'TuttiError' })
    await expect(orchestrator.runs.submit({ document: given })).rejects.toMatchObject({ name: 'TuttiError' })
    await expect(orchestrator.prepare(given)).rejects.toMatchObject({ name: 'TuttiError' })
    await expect(orchestrator.explain(given)).rejects.toMatchObject({ name: 'TuttiError' })
    await orchestrator.close()
  })
})
