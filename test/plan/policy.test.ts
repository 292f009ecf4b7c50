import { describe, expect, it } from 'vitest'
import type { RecoveryPolicy } from '../../src/contracts/policy.ts'
import {
  checkConditions,
  checkPolicy,
  findFallbackCircles,
  findNameClashes,
  hasPrices,
  isSameName,
  showCircle,
} from '../../src/plan/policy.ts'

describe('a policy of recovery', () => {
  it.each<[string, RecoveryPolicy, (string | number)[], string]>([
    [
      'a first wait beyond the longest',
      { initialWaitMs: 2_000, maxWaitMs: 1_000 },
      ['initialWaitMs'],
      'is 2s, longer than the longest wait of 1s.',
    ],
    [
      'the same in a class',
      { classes: { backend: { initialWaitMs: 2, maxWaitMs: 1 } } },
      ['classes', 'backend', 'initialWaitMs'],
      'is 2ms, longer',
    ],
    [
      'a class against what it inherits',
      { initialWaitMs: 5, classes: { backend: { maxWaitMs: 1 } } },
      ['classes', 'backend', 'maxWaitMs'],
      'is 5ms, longer',
    ],
    [
      'repeats where nothing is called again',
      { classes: { backend: { strategy: 'fail', maxAttempts: 2 } } },
      ['classes', 'backend', 'maxAttempts'],
      'is 2, but the strategy of "backend" is "fail"',
    ],
    [
      'a value beside a component',
      { fallbacks: [{ value: 1, component: 'x' }] },
      ['fallbacks', 0],
      'has "value" and "component"',
    ],
    [
      'a value beside inputs',
      { fallbacks: [{ value: null, inputs: {} }] },
      ['fallbacks', 0],
      'has "value" and "inputs"',
    ],
    [
      'a region beside a component',
      { fallbacks: [{ region: 'eu', component: 'x' }] },
      ['fallbacks', 0],
      'has "region" and "component"',
    ],
    [
      'an action of no component',
      { fallbacks: [{ inputs: {} }, { action: 'go' }] },
      ['fallbacks', 1],
      'has an "action" without a "component"',
    ],
    ['nothing', { fallbacks: [{}] }, ['fallbacks', 0], 'says nothing.'],
    ['the same again', { fallbacks: [{ component: 'FX' }] }, ['fallbacks', 0], 'leads from "fx" to itself'],
    [
      'references',
      { fallbacks: [{ component: 'x', inputs: { a: ['${inputs.b}'] } }] },
      ['fallbacks', 0],
      'has "inputs" with "${...}"',
    ],
  ])('may not say %s', (_, policy, path, message) => {
    const faults = checkPolicy('fx', policy)
    expect(faults.map((fault) => fault.path)).toEqual([path])
    expect(faults[0]?.message).toContain(message)
  })

  it.each<RecoveryPolicy>([
    {},
    { initialWaitMs: 1_000, maxWaitMs: 1_000 },
    { initialWaitMs: 5, maxWaitMs: 0 },
    { maxWaitMs: 5 },
    { classes: { backend: { strategy: 'fail', maxAttempts: 1 } } },
    { classes: { backend: { strategy: 'fail' } } },
    { classes: { backend: { maxAttempts: 5 } } },
    { initialWaitMs: 5, classes: { backend: { maxWaitMs: 5 }, input: { maxAttempts: 2 } } },
    { fallbacks: [{ value: null }, { region: 'eu' }, { inputs: { a: 'costs $5', b: [1, { c: null }] } }] },
    { fallbacks: [{ component: 'fx', action: 'other' }, { component: 'fx', inputs: {} }, { component: 'x' }] },
  ])('may say %j', (policy) => {
    expect(checkPolicy('fx', policy)).toEqual([])
  })

  it('may fall back in a chain, and not in a circle', () => {
    const to = (...components: string[]): RecoveryPolicy => ({
      fallbacks: components.map((component) => ({ component })),
    })
    expect(findFallbackCircles({ a: to('b'), b: to('c', 'd'), c: to('d') })).toEqual([])
    expect(findFallbackCircles({ a: { fallbacks: [{ component: 'A', action: 'x' }, { value: 1 }] } })).toEqual([])
    const circles = findFallbackCircles({
      z: to('a'),
      a: { fallbacks: [{ value: 1 }, { component: 'B' }] },
      b: to('x', 'A'),
    })
    expect(circles).toHaveLength(1)
    expect(circles.map(showCircle)).toEqual(['a → b → a'])
    expect(circles[0]).toMatchObject({ component: 'a', index: 1 })
    expect(findFallbackCircles({ a: to('b'), b: to('a'), c: to('d'), d: to('e'), e: to('c') }).map(showCircle)).toEqual(
      ['a → b → a', 'c → d → e → c'],
    )
  })

  it('belongs to one component, however it is spelled', () => {
    expect(isSameName('Fx', 'fX')).toBe(true)
    expect(findNameClashes(['a', 'B', 'A', 'b', 'c'])).toEqual([
      { name: 'A', other: 'a' },
      { name: 'b', other: 'B' },
    ])
  })

  it('may have conditions that can be read and speak of the error', async () => {
    expect(await checkConditions({})).toEqual([])
    expect(await checkConditions({ fallbacks: [{ value: 1 }, { value: 2, when: 'error.status == 503' }] })).toEqual([])
    const faults = await checkConditions({
      fallbacks: [{ value: 1 }, { value: 2, when: 'error.' }, { value: 3, when: 'inputs.a' }],
    })
    expect(faults.map(({ path }) => path)).toEqual([
      ['fallbacks', 1, 'when'],
      ['fallbacks', 2, 'when'],
    ])
  })

  it('costs something only where something has a price', () => {
    expect(hasPrices({}, {})).toBe(false)
    expect(hasPrices({ m: {} }, { c: {} })).toBe(false)
    expect(hasPrices({ m: {}, n: { inputPrice: 1 } }, {})).toBe(true)
    expect(hasPrices({ m: { outputPrice: 0 } }, {})).toBe(true)
    expect(hasPrices({}, { c: {}, d: { cost: 1 } })).toBe(true)
  })
})
