import { describe, expect, it } from 'vitest'
import type { Capability, Component } from '../../src/contracts/capability.ts'
import type { CompiledPlan } from '../../src/contracts/compiled.ts'
import type { JsonSchema } from '../../src/contracts/json.ts'
import type { CatalogView } from '../../src/contracts/parts.ts'
import type { Issue } from '../../src/contracts/plan.ts'
import { compilePlan } from '../../src/plan/compile.ts'
import { readDocument } from '../../src/plan/document.ts'
import { checkLock, lockPlan, lockToText, readLock } from '../../src/plan/lock.ts'

type View = Pick<CatalogView, 'component' | 'find' | 'offering'>

const schema = (properties: Record<string, JsonSchema>, required: string[] = []): JsonSchema => ({
  type: 'object',
  properties,
  ...(required.length > 0 && { required }),
})
const CONVERT: Capability = {
  name: 'convert',
  description: 'Converts money.',
  effect: 'read',
  inputSchema: schema({ amount: { type: 'number' }, to: { type: 'string' }, note: { type: 'string' } }, [
    'amount',
    'to',
  ]),
  outputSchema: schema({ rate: { type: 'number' }, total: { type: 'number' }, spare: { type: 'string' } }),
}
const component = (capability: Partial<Capability> = {}, more: Partial<Component> = {}): Component => ({
  name: 'fx',
  kind: 'tool',
  source: 'test',
  trust: 'local',
  capabilities: [{ ...CONVERT, ...capability }],
  instances: [{ id: 'fx-1', health: 'healthy' }],
  ...more,
})
const viewOf = (...components: Component[]): View => {
  const of = (name: string): Component | undefined =>
    components.find((each) => each.name.toLowerCase() === name.toLowerCase())
  const find: View['find'] = (name, action) =>
    of(name)?.capabilities.find((each) => each.name.toLowerCase() === action.toLowerCase())
  return {
    component: of,
    find,
    offering: (name) => components.filter((each) => find(each.name, name) !== undefined),
  }
}
const compile = async (input: unknown): Promise<CompiledPlan> => {
  const { document } = await readDocument(input)
  const { plan } = await compilePlan(document ?? { steps: [] })
  if (plan === undefined) throw new Error('The document does not compile.')
  return plan
}
const PLAN = {
  steps: [
    { name: 'a', component: 'FX', action: 'convert', inputs: { amount: 1, to: 'KRW' } },
    { name: 'b', set: { x: '${steps.a.output.rate * 2}' } },
  ],
}
const plan = await compile(PLAN)
const lock = lockPlan(plan, viewOf(component()))
const told = (issues: Issue[]): string[] => issues.map(({ severity, message }) => `${severity}: ${message}`)
const after = (...now: Parameters<typeof component>): string[] => told(checkLock(lock, plan, viewOf(component(...now))))
const errors = (texts: string[]): string[] => texts.filter((text) => text.startsWith('error'))

describe('a lock', () => {
  it('holds the hash of the document and, of each capability, its effect, its schemas and its inputs in short', () => {
    expect(lock).toEqual({
      lock_version: 1,
      plan: expect.stringMatching(/^[0-9a-f]{64}$/),
      capabilities: {
        'fx/convert': {
          effect: 'read',
          input_schema: expect.stringMatching(/^[0-9a-f]{64}$/),
          output_schema: expect.stringMatching(/^[0-9a-f]{64}$/),
          inputs: { amount: 'number!', note: 'string', to: 'string!' },
          outputs: { rate: 'number', spare: 'string', total: 'number' },
        },
      },
    })
  })

  it('has the same bytes whatever the order of keys, the spelling of the document and what only people read', async () => {
    const same = await compile(
      "steps:\n  - {inputs: {to: KRW, amount: 1}, action: convert, component: FX, name: a}\n  - name: b\n    set: {x: '${steps.a.output.rate * 2}'} # twice\n",
    )
    const { inputSchema } = CONVERT
    const told = {
      title: 'Money',
      required: ['to', 'amount'],
      properties: {
        to: { description: 'A currency.', type: 'string' },
        note: { examples: ['x'], type: 'string' },
        amount: { type: 'number', $comment: 'positive' },
      },
      type: inputSchema.type,
    }
    expect(lockToText(lockPlan(same, viewOf(component({ inputSchema: told }))))).toBe(lockToText(lock))
  })

  it('keeps inputs that are called like words of JSON Schema', () => {
    const { capabilities } = lockPlan(
      plan,
      viewOf(component({ inputSchema: schema({ description: { type: 'string' }, title: { type: 'number' } }) })),
    )
    expect(capabilities['fx/convert']?.inputs).toEqual({ description: 'string', title: 'number' })
  })

  it('locks what may stand in too: fallbacks, and every component that offers a bare capability', async () => {
    const view = viewOf(component(), component({}, { name: 'bank' }), component({}, { name: 'other' }))
    const keys = async (step: object): Promise<string[]> =>
      Object.keys(lockPlan(await compile({ steps: [{ name: 'a', ...step }] }), view).capabilities)
    expect(await keys({ capability: 'convert' })).toEqual(['bank/convert', 'fx/convert', 'other/convert'])
    expect(await keys({ component: 'fx', action: 'convert', fallback: { component: 'bank' } })).toEqual([
      'bank/convert',
      'fx/convert',
    ])
  })

  it('is read back as it was written, and refused with the reason when it is none', () => {
    expect(readLock(lockToText(lock), 'x.lock')).toEqual(lock)
    for (const [text, why] of [
      ['', 'it is not JSON'],
      ['[]', 'must be an object'],
      ['{"lock_version":2,"plan":"","capabilities":{}}', '"lock_version" must be 1'],
      ['{"lock_version":1,"plan":"abc","capabilities":{}}', '"plan" must be a SHA-256'],
    ] as const)
      expect(() => readLock(text, 'x.lock')).toThrow(why)
  })
})

describe('checking a lock', () => {
  it('finds nothing where nothing has changed, and nothing in an empty plan', async () => {
    expect(after()).toEqual([])
    const empty = await compile({ steps: [], reason: 'Nothing fits.' })
    expect(checkLock(lockPlan(empty, viewOf()), empty, viewOf())).toEqual([])
  })

  it('says that the document is another one', async () => {
    const other = await compile({ steps: [{ ...PLAN.steps[0], inputs: { amount: 2, to: 'KRW' } }, PLAN.steps[1]] })
    expect(told(checkLock(lock, other, viewOf(component())))).toEqual([
      'error: The document is not the one that was locked. Look at it, and lock it again.',
    ])
  })

  it.each<[string, Partial<Capability>, RegExp]>([
    [
      'an input that was renamed',
      { inputSchema: schema({ amount: { type: 'number' }, to_: { type: 'string' }, note: { type: 'string' } }) },
      /"fx\/convert" has no input "to" any more; it may be called "to_" now/,
    ],
    [
      'an input of another type',
      {
        inputSchema: schema({ amount: { type: 'string' }, to: { type: 'string' }, note: { type: 'string' } }, [
          'amount',
          'to',
        ]),
      },
      /has the input "amount" as string, not number/,
    ],
    [
      'an input under other rules',
      {
        inputSchema: schema(
          { amount: { type: 'number' }, to: { type: 'string', enum: ['EUR'] }, note: { type: 'string' } },
          ['amount', 'to'],
        ),
      },
      /has other rules for the input "to" \(string\)/,
    ],
    [
      'an input that is required now',
      { inputSchema: { ...CONVERT.inputSchema, required: ['amount', 'to', 'note'] } },
      /needs the input "note" now/,
    ],
    [
      'a new required input',
      {
        inputSchema: schema(
          { amount: { type: 'number' }, to: { type: 'string' }, note: { type: 'string' }, key: { type: 'string' } },
          ['amount', 'to', 'key'],
        ),
      },
      /needs a new input "key"/,
    ],
    [
      'rules for the inputs as a whole',
      { inputSchema: { ...CONVERT.inputSchema, additionalProperties: false } },
      /takes its inputs by other rules now/,
    ],
    ['writing where it only read', { effect: 'write' }, /writes now; it said that it only reads/],
    [
      'an output that the plan reads',
      { outputSchema: schema({ total: { type: 'number' }, spare: { type: 'string' } }) },
      /has no output "rate" any more/,
    ],
  ])('takes for breaking: %s', (_what, change, message) => {
    const [first, ...rest] = errors(after(change))
    expect(first).toMatch(message)
    expect(rest).toEqual([])
  })

  it.each<[string, Partial<Capability>, RegExp]>([
    [
      'a new optional input',
      { inputSchema: { ...CONVERT.inputSchema, properties: { ...(CONVERT.inputSchema.properties as object), x: {} } } },
      /takes a new optional input "x"/,
    ],
    [
      'an input that is needed no longer',
      { inputSchema: { ...CONVERT.inputSchema, required: ['amount'] } },
      /no longer needs the input "to"/,
    ],
    [
      'an output that nothing reads',
      { outputSchema: schema({ rate: { type: 'number' }, total: { type: 'number' } }) },
      /has no output "spare"/,
    ],
    ['reading where it wrote', { effect: 'read' }, /only reads now/],
  ])('takes for compatible: %s', (_what, change, message) => {
    const before = change.effect === undefined ? lock : lockPlan(plan, viewOf(component({ effect: 'write' })))
    const issues = checkLock(before, plan, viewOf(component(change)))
    expect(issues).toMatchObject([{ severity: 'warning', code: 'lock_drift', step: 'a', pointer: '/steps/0' }])
    expect(issues[0]?.message).toMatch(message)
  })

  it('takes another version alone for compatible', () => {
    expect(after({}, { version: '2.0' })).toEqual([
      'warning: "fx/convert" is of version 2.0, not unknown. The plan is not affected.',
    ])
  })

  it('is not blind to a change beside a compatible one', () => {
    const inputSchema = {
      ...CONVERT.inputSchema,
      properties: { ...(CONVERT.inputSchema.properties as object), x: { type: 'string' } },
      maxProperties: 1,
    }
    expect(errors(after({ inputSchema }))).toEqual([expect.stringMatching(/by other rules/)])
  })

  it('names a capability that was renamed or has gone, and the step that called it', () => {
    const issues = checkLock(lock, plan, viewOf(component({ name: 'exchange' })))
    expect(issues).toMatchObject([
      { severity: 'error', step: 'a', message: '"fx/convert" is not in the catalog any more.' },
    ])
    expect(checkLock(lock, plan, viewOf())).toMatchObject([{ severity: 'error', step: 'a' }])
  })

  it('warns when others offer a bare capability now, or fewer do', async () => {
    const bare = await compile({ steps: [{ name: 'a', capability: 'convert', inputs: { amount: 1, to: 'KRW' } }] })
    const one = viewOf(component())
    const two = viewOf(component(), component({}, { name: 'bank' }))
    expect(told(checkLock(lockPlan(bare, one), bare, two))).toEqual([
      'warning: "bank/convert" may be called too: it was not there when the plan was locked.',
    ])
    expect(told(checkLock(lockPlan(bare, two), bare, one))).toEqual([
      'warning: "bank/convert" is not in the catalog any more. Others can stand in for it.',
    ])
    expect(checkLock(lockPlan(bare, two), bare, viewOf())).toMatchObject([{ severity: 'error' }, { severity: 'error' }])
  })

  it('holds for hostile names in schemas and locks', async () => {
    const hostile: JsonSchema = JSON.parse(
      '{"type":"object","properties":{"__proto__":{"type":"string"},"constructor":{"type":"number"},"toString":{}}}',
    )
    const view = viewOf(component({ inputSchema: hostile, name: 'valueOf' }, { name: 'constructor' }))
    const odd = await compile({ steps: [{ name: 'a', component: 'constructor', action: 'valueOf' }] })
    const written = readLock(lockToText(lockPlan(odd, view)), 'x.lock')
    expect(Object.keys(written.capabilities)).toEqual(['constructor/valueOf'])
    expect(written.capabilities['constructor/valueOf']?.inputs).toMatchObject({
      constructor: 'number',
      toString: 'any',
    })
    expect(errors(told(checkLock(written, odd, view)))).toEqual([])
    expect(Object.keys(Object.prototype)).toEqual([])
  })
})
