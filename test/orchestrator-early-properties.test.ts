// Random plans that are told step by step, of which some steps are dropped, changed or added in the end: whatever happens, each
// step of the plan is called once with its own content, nothing begins after a cancel, and everything is told to have ended.
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TuttiError } from '../src/contracts/errors.ts'
import type { Step } from '../src/contracts/plan.ts'
import { foldEvents } from '../src/record/fold.ts'
import { answer, call, failure, type Handler } from './executor/support.ts'
import { createPlanningWorld, planOf, written } from './support/planning-world.ts'

interface Node {
  readonly turns: number
  readonly fails: boolean
  readonly fate: 'kept' | 'dropped' | 'changed' | 'added'
  readonly picks: readonly number[]
}

const nodes = fc.array(
  fc.record({
    turns: fc.integer({ min: 0, max: 4 }),
    fails: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    fate: fc.constantFrom<Node['fate'][]>('kept', 'kept', 'kept', 'dropped', 'changed', 'added'),
    picks: fc.array(fc.nat(), { maxLength: 3 }),
  }),
  { minLength: 1, maxLength: 14 },
)

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

function plansOf(list: readonly Node[]): { readonly told: Step[]; readonly final: Step[] } {
  const before = (i: number, usable: (node: Node) => boolean): string[] => {
    const names = list.slice(0, i).flatMap((node, j) => (usable(node) ? [`s${j}`] : []))
    const picks = list[i]?.picks ?? []
    return names.length === 0 ? [] : [...new Set(picks.map((pick) => names[pick % names.length] ?? ''))]
  }
  // A step refers to those of the final plan only, so that both plans are valid; those that are dropped may refer to any.
  const stepOf = (i: number, version: string, dependsOn: readonly string[]): Step =>
    call(
      `s${i}`,
      't/do',
      { of: `s${i}${version}`, ...Object.fromEntries(dependsOn.map((name) => [name, `\${steps.${name}.output}`])) },
      { dependsOn },
    )
  const isShared = ({ fate }: Node): boolean => fate === 'kept' || fate === 'changed'
  const told = list.flatMap((node, i) =>
    node.fate === 'added'
      ? []
      : [stepOf(i, '', before(i, node.fate === 'dropped' ? ({ fate }) => fate !== 'added' : isShared))],
  )
  const final = list.flatMap((node, i) =>
    node.fate === 'dropped' ? [] : [stepOf(i, node.fate === 'changed' ? 'x' : '', before(i, isShared))],
  )
  return { told, final }
}

const withBefore = (step: Step, all: readonly Step[]): Step[] => {
  const wanted = new Set(step.dependsOn)
  for (const name of wanted)
    for (const further of all.find((one) => one.name === name)?.dependsOn ?? []) wanted.add(further)
  return all.filter(({ name }) => wanted.has(name))
}

describe('early steps of any plan', () => {
  it('are done once when kept, never begin after a cancel, and all end', async () => {
    await fc.assert(
      fc.asyncProperty(
        nodes,
        fc.integer({ min: 1, max: 4 }),
        fc.option(fc.integer({ min: 0, max: 12 }), { freq: 3, nil: undefined }),
        async (list, maxConcurrency, cancelAfter) => {
          const { told, final } = plansOf(list)
          let isCancelled = false
          let atWork = 0
          let most = 0
          const begunAfterCancel: string[] = []
          const on: Handler = async (inputs) => {
            const of = inputs['of'] as string
            const node = list[Number(/\d+/.exec(of)?.[0])]
            if (isCancelled) begunAfterCancel.push(of)
            most = Math.max(most, ++atWork)
            for (let i = 0; i < (node?.turns ?? 0); i++) await turn()
            atWork--
            return node?.fails === true ? failure(400, 'BAD', 'broken') : answer(of)
          }
          const world = createPlanningWorld({
            tools: { 't/do': { on, effect: 'read' } },
            settings: { recovery: { semanticEnabled: false } },
            run: { maxConcurrency },
          })
          const run = world.conduct()
          let passed = 0
          const next = async (): Promise<void> => {
            await turn()
            if (passed++ !== cancelAfter) return
            isCancelled = true
            world.abort(new TuttiError('cancelled', 'Enough.'))
          }
          for (const step of told) {
            world.say(await written(step, withBefore(step, told)))
            await next()
          }
          world.say(planOf(final))
          await next()
          await run
          const { steps, status } = world.response()
          expect(begunAfterCancel).toEqual([])
          expect(steps.filter((step) => step.status === 'pending' || step.status === 'running')).toEqual([])
          expect(foldEvents('r', world.events.slice(0, -1)).snapshot().steps).toEqual(steps)
          const ofPlan = steps.filter(({ skipReason }) => skipReason !== 'not-in-plan')
          if (status !== 'cancelled') expect(ofPlan.map(({ name }) => name)).toEqual(final.map(({ name }) => name))
          const keys = world.calls.map(({ key }) => key)
          expect(new Set(keys).size).toBe(keys.length)
          for (const { name, inputs } of final) {
            const { of } = inputs as { of: string }
            const record = ofPlan.find((step) => step.name === name)
            const calls = world.calls.filter((made) => made.inputs['of'] === of)
            // What was called early and dropped with what it built on may be called once more, as another revision.
            const dropped = steps.filter((step) => step.name === name && step.skipReason === 'not-in-plan')
            const isDone = record?.status === 'succeeded' || record?.status === 'failed'
            // A result that was made from another one is not the same result.
            for (const on of isDone ? (record?.dependsOn ?? []) : [])
              expect(record?.inputs).toMatchObject({ [on]: ofPlan.find((step) => step.name === on)?.output })
            if (isDone && status !== 'cancelled')
              expect(
                calls.length - dropped.filter((step) => JSON.stringify(step.inputs ?? null).includes(`"${of}"`)).length,
              ).toBe(1)
          }
        },
      ),
      { numRuns: 150 },
    )
  }, 60_000)
})
