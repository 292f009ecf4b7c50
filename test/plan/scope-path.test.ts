import { describe, expect, it } from 'vitest'
import { ABSENT } from '../../src/contracts/compiled.ts'
import type { JsonValue } from '../../src/contracts/json.ts'
import { createExpressionError } from '../../src/plan/expression/error.ts'
import { convertForeignReferences } from '../../src/plan/expression/foreign-reference.ts'
import {
  checkReference,
  compilePath,
  createAbsentError,
  createReference,
  formatPath,
  parsePath,
  type Root,
  type Segment,
  toSegment,
} from '../../src/plan/scope-path.ts'
import { createScope } from './expression-scope.ts'

describe('a path', () => {
  it.each<[string, Root, Segment[]]>([
    ['inputs', 'inputs', []],
    ['item', 'item', []],
    ['index', 'index', []],
    [' inputs.a ', 'inputs', ['a']],
    ['inputs.größe.0.10', 'inputs', ['größe', 0, 10]],
    ['inputs.007', 'inputs', ['007']],
    ['inputs[12].a', 'inputs', [12, 'a']],
    ['inputs["x y"][\'a"b\'][""]', 'inputs', ['x y', 'a"b', '']],
    ['inputs.1234567890', 'inputs', ['1234567890']],
    ['steps.a-b_1.output', 'steps', ['a-b_1', 'output']],
    ['steps["a b"].output', 'steps', ['a b', 'output']],
    ['steps.0.output', 'steps', ['0', 'output']],
    ['components.7-x.healthy', 'components', ['7-x', 'healthy']],
  ])('%s is read', (text, root, segments) => {
    expect(parsePath(text)).toEqual(createReference(root, segments, text.trim()))
  })

  it.each([
    'run',
    'secrets',
    'state',
    'components',
    '1inputs.a',
    ' x',
    'inputs["a\\"b"]',
    'inputs.a.',
    'inputs[1',
    'Inputs.a',
  ])('%j is none', (text) => {
    expect(parsePath(text)).toBeUndefined()
  })

  it.each<[Root, Segment[], string]>([
    ['inputs', ['a', 0, 'b c', 'x-y'], 'inputs.a[0]["b c"]["x-y"]'],
    ['inputs', ['größe', '1a', 'a"b'], 'inputs.größe["1a"][\'a"b\']'],
    ['steps', ['a-b', 'output', 'c-d'], 'steps.a-b.output["c-d"]'],
    ['steps', ['a b', 'output'], 'steps["a b"].output'],
    ['item', [], 'item'],
  ])('is written in its shortest spelling, which is read back: %s %j', (root, segments, text) => {
    expect(formatPath(root, segments)).toBe(text)
    expect(parsePath(text)).toEqual(createReference(root, segments, text))
  })

  it('counts as a place in a list only as a whole number without leading zeros', () => {
    expect(['0', '10', '999999999', '01', '-1', '1.5', '1a', 'a1', '1234567890'].map(toSegment)).toEqual([
      0,
      10,
      999_999_999,
      '01',
      '-1',
      '1.5',
      '1a',
      'a1',
      '1234567890',
    ])
  })
})

describe('what a path may name', () => {
  const problem = (root: Root, ...segments: Segment[]): string | undefined =>
    checkReference(createReference(root, segments, formatPath(root, segments)))

  it('is there for every root', () => {
    for (const field of ['output', 'status', 'success', 'error', 'response'])
      expect(problem('steps', 'a', field)).toBeUndefined()
    for (const field of ['id', 'request', 'started_at']) expect(problem('run', field)).toBeUndefined()
    expect([problem('components', 'x', 'healthy'), problem('secrets', 'KEY'), problem('index')]).toEqual(
      Array(3).fill(undefined),
    )
    expect([problem('inputs', 'a', 'b'), problem('item', 0), problem('state', 'x')]).toEqual(Array(3).fill(undefined))
  })

  it.each<[Root, Segment[], string]>([
    ['steps', [], '"steps" names no step. Write "steps.NAME.output".'],
    ['steps', [0, 'output'], '"steps[0].output" names no step.'],
    ['steps', ['a'], 'after the step\'s name comes one of "output", "status", "success", "error", "response".'],
    ['steps', ['a', 'result'], 'after the step\'s name comes one of "output"'],
    ['components', ['x'], 'only "components.NAME.healthy" can be read.'],
    ['components', ['x', 'address'], 'only "components.NAME.healthy" can be read.'],
    ['components', ['x', 'healthy', 'y'], 'only "components.NAME.healthy" can be read.'],
    ['components', [0, 'healthy'], 'only "components.NAME.healthy" can be read.'],
    ['components', [0], 'only "components.NAME.healthy" can be read.'],
    ['secrets', [], '"secrets" names no secret.'],
    ['secrets', ['KEY', 'x'], 'names no secret.'],
    ['run', ['user'], 'of the run can be read "id", "request", "started_at".'],
    ['run', ['id', 'x'], 'of the run can be read'],
    ['index', ['x'], '"index" is a number and has no fields.'],
    ['index', [0], '"index" is a number and has no fields.'],
  ])('is refused otherwise: %s %j', (root, segments, reason) => {
    expect(problem(root, ...segments)).toContain(reason)
  })
})

describe('reading a path', () => {
  const scope = createScope({
    inputs: { list: [null, 1], text: 'x' },
    steps: { a: { status: 'failed', success: false, error: { code: 'c', message: 'm' }, output: { response: 1 } } },
    item: { a: [5] },
    index: 0,
  })
  const read = (text: string): unknown => {
    const reference = parsePath(text)
    if (reference === undefined) throw new Error(text)
    return compilePath(reference)(scope)
  }

  it.each<[string, JsonValue]>([
    ['inputs.list[0]', null],
    ['inputs.list.1', 1],
    ['steps.a.status', 'failed'],
    ['steps.a.success', false],
    ['steps.a.error.code', 'c'],
    ['steps.a.output.response', 1],
    ['item.a[0]', 5],
    ['index', 0],
    ['run.id', 'run_1'],
  ])('%s is %j', (text, value) => {
    expect(read(text)).toEqual(value)
  })

  it.each([
    'inputs.list[2]',
    'inputs.list.a',
    'inputs.text[0]',
    'steps.a.status.x',
    'steps.a.success.x',
    'steps.a.error.x',
  ])('%s is not there', (text) => {
    expect(read(text)).toBe(ABSENT)
  })
})

describe('a path that is not there', () => {
  const keys = (count: number): Record<string, number> =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`k${i}`, i]))
  const scope = createScope({
    inputs: { list: [1, 2], text: 'secret text', nul: null, none: {}, ten: keys(10), eleven: keys(11), many: keys(25) },
    steps: { a: { output: { x: 1 } } },
    item: { y: 1 },
  })
  const errorOf = (text: string) => {
    const reference = parsePath(text)
    if (reference === undefined) throw new Error(text)
    return createAbsentError(reference, scope)
  }

  it.each([
    ['inputs.list.x', '"inputs.list" is a list of 2.'],
    ['inputs.text.x', '"inputs.text" is a string.'],
    ['inputs.nul.x.y', '"inputs.nul" is null.'],
    ['inputs.none.x', '"inputs.none" is an object without keys.'],
    ['inputs.zip.x', '"inputs" has "list", "text", '],
    ['item.z.y', '"item" has "y".'],
    ['steps.a.output.z.y', '"steps.a.output" has "x".'],
    ['steps.b.output.z', 'is not there: no step is called "b".'],
  ])('%s: %s', (text, reason) => {
    const { code, message } = errorOf(text)
    expect(code).toBe('binding_failed')
    expect(message).toContain(`"${text}" is not there`)
    expect(message).toContain(reason)
  })

  it('of a root that cannot be listed says no more', () => {
    expect(errorOf('secrets.KEY').message).toBe('"secrets.KEY" is not there.')
    expect(errorOf('components.x.healthy').message).toBe('"components.x.healthy" is not there.')
    expect(errorOf('inputs.list.x').details).toEqual({ path: 'inputs.list.x' })
  })

  it('names at most ten keys in words and twenty in details', () => {
    expect(errorOf('inputs.ten.x').message).toMatch(/"k9"\.$/)
    expect(errorOf('inputs.eleven.x').message).toMatch(/"k9", …\.$/)
    expect(errorOf('inputs.many.x').details['available']).toHaveLength(20)
  })
})

describe('the place of a mistake', () => {
  it.each([
    ['ab\ncd\nef', 4, '  cd\n   ^'],
    ['ab', 0, '  ab\n  ^'],
    ['ab', 9, '  ab\n    ^'],
    ['ab', -1, '  ab\n  ^'],
    ['ab\ncd', 3, '  cd\n  ^'],
    [
      `first\n${'x'.repeat(100)}HERE${'y'.repeat(100)}\nlast`,
      106,
      `  ${'x'.repeat(60)}HERE${'y'.repeat(56)}\n  ${' '.repeat(60)}^`,
    ],
  ])('%j at %i', (text, offset, shown) => {
    const error = createExpressionError(text, offset, 'Why.', { more: 1 })
    expect(error.message).toBe(`Why.\n${shown}`)
    expect(error.details).toEqual({ more: 1, offset: Math.min(Math.max(offset, 0), text.length) })
  })
})

describe('references in another syntax', () => {
  const find = (name: string): string | undefined => ({ 'step-1': 'one', one: 'one' })[name]

  it.each([
    ['{{steps.one.output.x}}', '${steps.one.output.x}'],
    ['{{steps.step-1.output.list[0].a-b}}', '${steps.one.output.list[0]["a-b"]}'],
    ['{{steps.nope.output}}', '{{steps.nope.output}}'],
    ['{{steps}}', '{{steps}}'],
    ['{{inputs.a.0.b}}', '${inputs.a[0].b}'],
    ['{{inputs}}', '{{inputs}}'],
    ['{{one.status}}', '${steps.one.status}'],
    ['{{one.output}}', '${steps.one.output}'],
    ['{{one}}', '${steps.one.response}'],
    ['{{one.response.error.code}}', '${steps.one.response.error.code}'],
    ['{{one.items.12.a1.1a}}', '${steps.one.output.items[12].a1["1a"]}'],
    ["{{one.output['x y']}}", '${steps.one.output["x y"]}'],
    ['${one.output} {one} {other.output}', '${one.output} {one} {other.output}'],
    ['nothing', 'nothing'],
  ])('%s is %s', (text, wanted) => {
    expect(convertForeignReferences(text, find)).toBe(wanted)
  })
})
