import { describe, expect, it } from 'vitest'
import { TuttiError } from '../src/contracts/errors.ts'
import type { PlanDocument, Step } from '../src/contracts/plan.ts'
import type { PlanAsk, ReviseAsk } from '../src/contracts/planner.ts'
import { foldEvents } from '../src/record/fold.ts'
import { responseToWire } from '../src/record/wire.ts'
import { answer, call, failure } from './executor/support.ts'
import { createHeld, createPlanningWorld, type PlanningOptions, planOf } from './support/planning-world.ts'

const fine = () => answer('fine')
const broken = () => failure(400, 'BAD', 'broken')
const forbidden = () => failure(403, 'FORBIDDEN', 'not you')
const tools = { 't/ok': fine, 't/bad': broken, 't/other': fine, 't/w': { on: fine, effect: 'write' as const } }

const ok = (name: string, more: Partial<Step> = {}): Step => call(name, 't/ok', {}, more)
const bad = (name: string, more: Partial<Step> = {}): Step => call(name, 't/bad', {}, more)

/** Plans that follow each other; the last one is said again. */
function worldOf(plans: readonly (readonly Step[])[], options: Partial<PlanningOptions> = {}) {
  const asked: ReviseAsk[] = []
  const world = createPlanningWorld({
    tools,
    run: { maxReplans: 2, ...options.run },
    revise(ask, whole) {
      asked.push(ask)
      return options.revise?.(ask, whole) ?? { steps: plans[Math.min(asked.length, plans.length - 1)] ?? [] }
    },
    ...Object.fromEntries(Object.entries(options).filter(([key]) => key !== 'run' && key !== 'revise')),
  })
  world.say(planOf(plans[0] ?? []))
  return { ...world, asked }
}
const statuses = (world: { response(): { steps: readonly { name: string; status: string }[] } }) =>
  world.response().steps.map(({ name, status }) => `${name} ${status}`)

describe('a plan that is written anew after a failure', () => {
  it('keeps what has finished, makes the failed call no more, and shows the chain of plans', async () => {
    const first = [
      call('a', 't/w'),
      bad('b', { dependsOn: ['a'] }),
      call('c', 't/ok', { v: '${steps.b.output}' }, { dependsOn: ['b'] }),
    ]
    const second = [
      call('a', 't/w'),
      call('b2', 't/other', {}, { dependsOn: ['a'] }),
      call('c', 't/ok', { v: '${steps.b2.output}' }, { dependsOn: ['b2'] }),
    ]
    const world = worldOf([first, second])
    await world.conduct()
    expect(world.calls.map(({ target, key }) => [target, key])).toEqual([
      ['t/w', 'r:a:1'],
      ['t/bad', 'r:b:1'],
      ['t/other', 'r:b2:1'],
      ['t/ok', 'r:c:1'],
    ])
    expect(world.asked).toMatchObject([
      { document: { steps: first }, reason: 'Step "b" failed (component_rejected).', revision: 2 },
    ])
    expect(world.asked[0]?.steps.map(({ name, status }) => `${name} ${status}`)).toEqual([
      'a succeeded',
      'b failed',
      'c skipped',
    ])
    const response = world.response()
    expect(response.status).toBe('succeeded')
    expect(response.errors).toBeUndefined()
    expect(response.steps.map(({ name, status, superseded }) => [name, status, superseded])).toEqual([
      ['a', 'succeeded', undefined],
      ['b2', 'succeeded', undefined],
      ['c', 'succeeded', undefined],
      ['b', 'failed', true],
      ['c', 'skipped', true],
    ])
    expect(response.revisions).toMatchObject([
      { revision: 1, document: { steps: first } },
      {
        revision: 2,
        reason: 'Step "b" failed (component_rejected).',
        document: { steps: second },
        changes: { kept: ['a'], added: ['b2'], changed: ['c'], removed: ['b'] },
      },
    ])
    expect(response.plan).toEqual({ steps: second })
    expect(foldEvents('r', world.events.slice(0, -1)).snapshot()).toMatchObject({
      steps: response.steps,
      revisions: response.revisions,
    })
    expect(responseToWire(response)).toMatchObject({
      revisions: [{ revision: 1 }, { revision: 2, changes: { kept: ['a'] }, document: { steps: [{}, {}, {}] } }],
      steps: [{}, {}, {}, { superseded: true }, { superseded: true }],
    })
  })

  it('does not do a finished write again when it comes back under another name', async () => {
    const first = [call('book', 't/w', { seat: 1 }), bad('b')]
    const second = [call('reserve', 't/w', { seat: 1 }), ok('b', { dependsOn: ['reserve'] })]
    const world = worldOf([first, second])
    await world.conduct()
    expect(world.callsOf('t/w')).toHaveLength(1)
    expect(statuses(world)).toEqual(['reserve succeeded', 'b succeeded', 'b failed'])
    expect(world.response().steps[0]).toMatchObject({ name: 'reserve', output: 'fine', attempts: [{ n: 1 }] })
  })

  it('keeps a finished write also when what it builds on comes back under another name', async () => {
    const book = (name: string, from: string): Step =>
      call(name, 't/w', { seat: `\${steps.${from}.output}` }, { dependsOn: [from] })
    const world = worldOf([
      [ok('find'), book('book', 'find'), bad('b')],
      [ok('search'), book('reserve', 'search'), ok('b')],
    ])
    await world.conduct()
    expect(world.callsOf('t/w')).toHaveLength(1)
    expect(statuses(world)).toEqual(['search succeeded', 'reserve succeeded', 'b succeeded', 'b failed'])
  })

  it('calls with a key of its own what takes over the name of a step that goes on under another', async () => {
    const seat = (name: string, n: number): Step => call(name, 't/w', { seat: n })
    const world = worldOf([
      [seat('book', 1), bad('b')],
      [seat('first', 1), seat('book', 2), ok('b')],
    ])
    await world.conduct()
    expect(world.callsOf('t/w').map(({ key, inputs }) => [key, inputs])).toEqual([
      ['r:book:1', { seat: 1 }],
      ['r:book:2', { seat: 2 }],
    ])
    expect(foldEvents('r', world.events.slice(0, -1)).snapshot().steps).toEqual(world.response().steps)
  })

  it('counts a changed step of the same name as the next revision of its inputs', async () => {
    const world = worldOf([[bad('a')], [call('a', 't/other')]])
    await world.conduct()
    expect(world.calls.map(({ key }) => key)).toEqual(['r:a:1', 'r:a:2'])
    expect(statuses(world)).toEqual(['a succeeded', 'a failed'])
  })

  it('leaves a failure that the next plan repeats as it is, and asks no more for it', async () => {
    const world = worldOf([
      [bad('a'), ok('x')],
      [bad('a'), ok('x'), call('y', 't/other')],
    ])
    await world.conduct()
    expect(world.callsOf('t/bad')).toHaveLength(1)
    expect(world.asked).toHaveLength(1)
    expect(world.response()).toMatchObject({ status: 'partial', errors: [{ step: 'a' }] })
    expect(statuses(world)).toEqual(['a failed', 'x succeeded', 'y succeeded'])
  })

  it('ends with the last plan when it may be written anew no more often', async () => {
    const world = worldOf([[bad('a')], [bad('b')], [bad('c', { inputs: { n: 1 } })], [ok('d')]], {
      revise: (ask) => ({ steps: [bad('a', { inputs: { n: ask.revision } })] }),
    })
    await world.conduct()
    expect(world.asked.map(({ revision }) => revision)).toEqual([2, 3])
    expect(world.callsOf('t/bad').map(({ key }) => key)).toEqual(['r:a:1', 'r:a:2', 'r:a:3'])
    expect(world.response().status).toBe('failed')
    expect(world.response().revisions?.map(({ revision }) => revision)).toEqual([1, 2, 3])
  })

  it('tells the planner each time whether there may be another plan after this one', async () => {
    const told = async (maxReplans: number, parts: PlanningOptions['parts'] = {}): Promise<unknown[]> => {
      const world = worldOf([[bad('a')], [bad('b', { if: 'true' })], [ok('c')]], { run: { maxReplans }, parts })
      await world.conduct()
      return world.asks.map(({ mayRevise }) => mayRevise)
    }
    expect(await told(0)).toEqual([false])
    expect(await told(1)).toEqual([true, false])
    expect(await told(2)).toEqual([true, true, false])
    expect(await told(2, { canReplan: () => false })).toEqual([false])
  })

  it('is no other plan when it is the same: nothing is run again', async () => {
    const world = worldOf([[bad('a'), ok('b')]])
    await world.conduct()
    expect(world.asked).toHaveLength(1)
    expect(world.calls).toHaveLength(2)
    expect(world.response().revisions).toBeUndefined()
    expect(world.response()).toMatchObject({ status: 'partial' })
  })

  it.each<[string, Partial<PlanningOptions>, readonly Step[]]>([
    ['when it is off', { run: { maxReplans: 0 } }, [bad('a')]],
    ['when there is no model', { parts: { canReplan: () => false } }, [bad('a')]],
    ['for a failure that its step covers', {}, [bad('a', { onError: 'continue' })]],
    ['for refused credentials (B47)', { tools: { 't/bad': forbidden } }, [bad('a')]],
    ['when everything succeeded', {}, [ok('a')]],
  ])('is never asked for %s', async (_when, options, steps) => {
    const world = worldOf([steps], options)
    await world.conduct()
    expect(world.asked).toEqual([])
    expect(world.response().plan).toEqual({ steps })
  })

  it('is never asked for once the run was cancelled', async () => {
    const held = createHeld()
    const world = worldOf([[bad('a'), call('h', 't/held')]], { tools: { ...tools, 't/held': held.on } })
    const run = world.conduct()
    await held.called()
    world.abort(new TuttiError('cancelled', 'Enough.'))
    await run
    expect(world.asked).toEqual([])
    expect(world.response().status).toBe('cancelled')
  })

  it('may fail to be made, or be invalid: the run ends as it stood, and says so', async () => {
    const broke = worldOf([[bad('a'), ok('b')]], {
      revise: () => {
        throw new TuttiError('model_unavailable', 'The model is away.')
      },
    })
    await broke.conduct()
    expect(broke.response()).toMatchObject({
      status: 'partial',
      degraded: { way: 'earlier-plan', reason: 'The plan could not be written anew: The model is away.' },
    })
    const cannot = worldOf([[bad('a'), ok('b')], []])
    await cannot.conduct()
    expect(statuses(cannot)).toEqual(['a failed', 'b succeeded'])
  })

  it('is stopped with the run while it is made', async () => {
    const asked = Promise.withResolvers<PlanAsk>()
    const world = worldOf([[bad('a')]], {
      revise: (_ask, whole) => {
        asked.resolve(whole)
        return new Promise<PlanDocument>((_resolve, reject) =>
          whole.signal.addEventListener('abort', () => reject(whole.signal.reason as Error)),
        )
      },
    })
    const run = world.conduct()
    await asked.promise
    world.abort(new TuttiError('cancelled', 'Enough.'))
    await run
    expect(world.response()).toMatchObject({ status: 'cancelled' })
  })
})

describe('replan_if', () => {
  const asks = (name: string, replanIf: string): Step => call(name, 't/ok', {}, { replanIf })

  it('puts off what has not begun, lets end what has, and writes the rest anew', async () => {
    const held = createHeld()
    const first = [
      call('h', 't/held'),
      asks('a', 'steps.a.output == "fine"'),
      call('b', 't/w', {}, { dependsOn: ['a'] }),
      call('c', 't/w', {}, { dependsOn: ['b'] }),
    ]
    const second = [
      call('h', 't/held'),
      asks('a', 'steps.a.output == "fine"'),
      call('d', 't/other', {}, { dependsOn: ['a'] }),
    ]
    const world = worldOf([first, second], { tools: { ...tools, 't/held': held.on } })
    const run = world.conduct()
    await held.called()
    await new Promise((resolve) => setImmediate(resolve))
    held.answer('h')
    await run
    expect(world.callsOf('t/w')).toEqual([])
    expect(world.calls).toHaveLength(3)
    expect(world.asked[0]?.steps.map(({ name, status, skipReason }) => [name, status, skipReason])).toEqual([
      ['h', 'succeeded', undefined],
      ['a', 'succeeded', undefined],
      ['b', 'skipped', 'replanned'],
      ['c', 'skipped', 'replanned'],
    ])
    expect(world.asked[0]?.reason).toBe('Step "a" has succeeded, and its replan_if is true.')
    // What is kept is not thought over a second time.
    expect(world.asked).toHaveLength(1)
    expect(world.response().status).toBe('succeeded')
  })

  it('does what it put off after all when there is no other plan', async () => {
    const plan = [asks('a', 'true'), call('b', 't/w', {}, { dependsOn: ['a'] }), ok('c', { if: 'false' })]
    for (const revise of [
      undefined,
      (): PlanDocument => {
        throw new TuttiError('model_unavailable', 'Away.')
      },
    ]) {
      const world = worldOf([plan], { ...(revise !== undefined && { revise }) })
      await world.conduct()
      expect(statuses(world)).toEqual(['a succeeded', 'b succeeded', 'c skipped'])
      expect(world.response().status).toBe('succeeded')
      expect(world.calls).toHaveLength(2)
    }
  })

  it.each([
    ['false', 'steps.a.output == "other"'],
    ['not a truth', 'steps.a.output'],
    ['an error', 'steps.a.output.x.y > 3'],
  ])('changes nothing when it is %s', async (_what, replanIf) => {
    const world = worldOf([[asks('a', replanIf), ok('b', { dependsOn: ['a'] })]])
    await world.conduct()
    expect(world.asked).toEqual([])
    expect(world.response()).toMatchObject({ status: 'succeeded' })
  })

  it('changes nothing when plans may not be written anew', async () => {
    const world = worldOf([[asks('a', 'true'), ok('b', { dependsOn: ['a'] })]], { run: { maxReplans: 0 } })
    await world.conduct()
    expect(statuses(world)).toEqual(['a succeeded', 'b succeeded'])
  })
})

describe('what is learnt of a run', () => {
  const learning = () => {
    const learnt: [readonly string[], boolean][] = []
    const used: unknown[] = []
    return {
      learnt,
      used,
      options: {
        learn: (_ask, { document, isGood }) => {
          learnt.push([document.steps.map(({ name }) => name), isGood])
        },
        provider: { learn: (outcome) => used.push(outcome) },
      } satisfies Partial<PlanningOptions>,
    }
  }

  it('is its plan, and what had served when it succeeded', async () => {
    const { learnt, used, options } = learning()
    const world = worldOf([[ok('a'), ok('b', { if: 'false' })]], options)
    await world.conduct()
    expect(learnt).toEqual([[['a', 'b'], true]])
    expect(used).toEqual([{ request: 'do it', principal: 'local', used: [{ component: 't', action: 'ok' }] }])
  })

  it('is each plan, the earlier ones as no good', async () => {
    const { learnt, used, options } = learning()
    await worldOf([[bad('a')], [ok('b')]], options).conduct()
    expect(learnt).toEqual([
      [['a'], false],
      [['b'], true],
    ])
    expect(used).toHaveLength(1)
    const failing = learning()
    await worldOf([[bad('a')]], { ...failing.options, run: { maxReplans: 0 } }).conduct()
    expect(failing.learnt).toEqual([[['a'], false]])
    expect(failing.used).toEqual([])
  })

  it('is to forget a kept plan that had to be written anew', async () => {
    const forgotten: string[] = []
    const evict = ({ request }: { readonly request: string }): void => void forgotten.push(request)
    const twice = learning()
    await worldOf([[bad('a')], [ok('b')]], { ...twice.options, evict }).conduct()
    expect(forgotten).toEqual(['do it'])
    await worldOf([[ok('a')]], { ...learning().options, evict }).conduct()
    expect(forgotten).toEqual(['do it'])
  })

  it('is no example where something stood in for the model', async () => {
    const { learnt, used, options } = learning()
    const degraded = { reason: 'Away.', way: 'local-planner' }
    const provider = { ...options.provider, offer: async () => ({ offered: [], hidden: [], degraded }) }
    await worldOf([[ok('a')]], { ...options, provider }).conduct()
    expect(learnt).toEqual([])
    expect(used).toEqual([])
  })

  it('breaks nothing when it throws', async () => {
    const world = worldOf([[ok('a')]], {
      learn: () => {
        throw new Error('no')
      },
    })
    await world.conduct()
    expect(world.response().status).toBe('succeeded')
  })
})
