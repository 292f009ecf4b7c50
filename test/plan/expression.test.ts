import { readFileSync } from 'node:fs'
import { beforeAll, describe, expect, it } from 'vitest'
import type { Absent } from '../../src/contracts/compiled.ts'
import { ABSENT } from '../../src/contracts/compiled.ts'
import { TuttiError } from '../../src/contracts/errors.ts'
import type { JsonValue } from '../../src/contracts/json.ts'
import { compileExpression, loadExpressions } from '../../src/plan/expression.ts'
import type { ScopeData } from './expression-scope.ts'
import { createScope, failureOf } from './expression-scope.ts'

interface Case {
  readonly expression: string
  readonly value?: JsonValue
  readonly error?: boolean
}
const fixture = JSON.parse(readFileSync(new URL('fixtures/expressions.json', import.meta.url), 'utf8')) as {
  readonly scope: ScopeData
  readonly cases: readonly Case[]
}

const DATA: ScopeData = {
  inputs: {
    n: 3,
    zero: 0,
    text: 'a,b,c',
    nul: null,
    big: 9007199254740993n,
    list: [3, 1, 2],
    words: ['x', 'y'],
    object: { b: 1, a: 2, 'x-y': 3, '0': 'zero' },
    rows: [{ p: 1, ok: true }, { p: 2.5, ok: false }, { ok: true }],
  },
  steps: {
    quote: { output: { price: 468.285, currency: { code: 'USD' } } },
    'geo-code': { output: [{ lat: 1 }, { lat: 2 }] },
    enveloped: { output: { price: 5 }, response: { success: true, data: { price: 5 }, took: 7 } },
    own: { output: { data: { x: 1 }, response: { y: 2 } } },
    skipped: { status: 'skipped', success: false, output: null },
    failed: { status: 'failed', success: false, output: null, error: { code: 'component_failed', message: 'no' } },
  },
  components: { 'fx-tool': { healthy: false } },
  secrets: { KEY: 'hunter2' },
}
const scope = createScope(DATA)
const evaluate = (text: string): JsonValue | Absent => compileExpression(text).evaluate(scope)

beforeAll(loadExpressions)

describe('the cases of the contract', () => {
  const cases = createScope(fixture.scope)
  it.each(fixture.cases.filter(({ error }) => error !== true))('$expression is $value', ({ expression, value }) => {
    expect(compileExpression(expression).evaluate(cases)).toEqual(value)
  })
  it.each(fixture.cases.filter(({ error }) => error === true))('$expression has no value', ({ expression }) => {
    let value: unknown = ABSENT
    try {
      value = compileExpression(expression).evaluate(cases)
    } catch (error) {
      expect(error).toBeInstanceOf(TuttiError)
      expect(error).toHaveProperty('code', 'expression_failed')
    }
    expect(value).toBe(ABSENT)
  })
})

describe('values', () => {
  it.each<[string, JsonValue]>([
    // numbers
    ['1.5e3 + 0x10', 1516],
    ['-7 % 3', -1],
    ['0.1 + 0.2', 0.1 + 0.2],
    ['-inputs.zero', 0],
    ['0 * -1', 0],
    ['inputs.n * -1', -3],
    ['1 == 1.0', true],
    ['inputs.big == 9007199254740993', true],
    ['inputs.big == 9007199254740992', false],
    ['inputs.big > 9007199254740992', true],
    ['string(inputs.big)', '9007199254740993'],
    ['inputs.list[2.0]', 2],
    ['inputs.list[6 / 3]', 2],
    // texts
    ['"größe" + "\\n" + \'"\'', 'größe\n"'],
    ['size("😀é")', 2],
    ['inputs.text.split(",")', ['a', 'b', 'c']],
    ['inputs.text.split(",").join("-")', 'a-b-c'],
    ['join(inputs.list, ";")', '3;1;2'],
    ['trim("  x ")', 'x'],
    ['"abc".startsWith("ab") && "abc".endsWith("bc") && "abc".contains("b")', true],
    ['contains("abc", "z")', false],
    ['"b" > "a"', true],
    ['r"\\d"', '\\d'],
    // lists and objects
    ['[1, 2] + [3]', [1, 2, 3]],
    ['{"a": 1, "b": [2]}', { a: 1, b: [2] }],
    ['{"a": 1}.a', 1],
    ['inputs.object == {"0": "zero", "x-y": 3, "a": 2, "b": 1}', true],
    ['[1, [2, null]] == [1.0, [2, null]]', true],
    ['[1] == {"0": 1}', false],
    ['inputs.list != [3, 1]', true],
    ['"b" in inputs.object', true],
    ['"constructor" in inputs.object', false],
    ['inputs.object[0]', 'zero'],
    ['inputs.object.0', 'zero'],
    ['inputs.object["x-y"]', 3],
    ['inputs.list.contains(2)', true],
    // functions
    ['size(inputs.object)', 4],
    ['inputs.list.size()', 3],
    ['min(inputs.list) + max(1, 5, 2)', 6],
    ['max(["a", "c", "b"])', 'c'],
    ['sum([])', 0],
    ['abs(-2.5)', 2.5],
    ['round(2.5)', 3],
    ['round(-2.5)', -3],
    ['round(1.005, 2)', 1.01],
    ['round(1e-7, 3)', 0],
    ['int("42") + int(2.9) + int("12.0")', 56],
    ['double("1e3")', 1000],
    ['bool("false")', false],
    ['string(true) + string(null) + string(1.5)', 'truenull1.5'],
    ['string(123e-9)', '0.000000123'],
    ['string(-1.5e22)', '-15000000000000000000000'],
    ['string({"a": [1]})', '{"a":[1]}'],
    // macros
    ['inputs.rows.filter(r, r.ok).size()', 2],
    ['inputs.rows.map(r, has(r.p), r.p)', [1, 2.5]],
    ['inputs.list.map(item, item * 10)', [30, 10, 20]],
    [
      'inputs.list.map(a, inputs.words.map(b, b + string(a)))',
      [
        ['x3', 'y3'],
        ['x1', 'y1'],
        ['x2', 'y2'],
      ],
    ],
    [
      'inputs.list.map(x, inputs.words.map(x, x))',
      [
        ['x', 'y'],
        ['x', 'y'],
        ['x', 'y'],
      ],
    ],
    ['inputs.list.all(x, x > 0)', true],
    ['inputs.list.exists(x, x == 2)', true],
    ['inputs.list.exists_one(x, x > 1)', false],
    ['[].all(x, x)', true],
    ['inputs.object.map(k, k)', ['0', 'b', 'a', 'x-y']],
    // logic
    ['inputs.n > 2 ? inputs.n > 5 ? 1 : 2 : 3', 2],
    ['!(inputs.n == 3) || false', false],
    ['inputs.missing.deep > 1 || inputs.n == 3', true],
    ['inputs.n == 3 || inputs.missing', true],
    ['inputs.missing && inputs.n == 4', false],
    ['inputs.rows.exists(r, r.p > 2)', true],
    ['inputs.rows.all(r, r.p > 2)', false],
    // steps
    ['steps.quote.output.price * 100 > 46828 // dollars', true],
    ['steps.geo-code.output[1].lat-steps.geo-code.output.0.lat', 1],
    ['steps["geo-code"].output.size()', 2],
    ['steps[inputs.missing2 == 1 || true ? "quote" : "x"].output.price', 468.285],
    ['steps.failed.error.code == "component_failed" && !steps.failed.success', true],
    ['components.fx-tool.healthy', false],
    ['run.request + run.id', 'convertrun_1'],
  ])('%s is %j', (text, value) => {
    expect(evaluate(text)).toEqual(value)
  })
})

it('keeps integers beyond 2^53 exact until they are calculated with (B26)', () => {
  expect(evaluate('[inputs.big, -inputs.big, int("9007199254740993"), abs(-inputs.big)]')).toEqual([
    9007199254740993n,
    -9007199254740993n,
    9007199254740993n,
    9007199254740993n,
  ])
  expect(evaluate('inputs.big - 9007199254740992')).toBe(0)
})

describe('what is not there', () => {
  it.each<[string, JsonValue]>([
    ['has(inputs.a.b.c)', false],
    ['has(inputs.object.a)', true],
    ['has(inputs["x y"].z)', false],
    ['has(steps.quote.output.zip) || has(steps.nope.output)', false],
    ['inputs.?zip.orValue("none")', 'none'],
    ['inputs.?object.?a.orValue(0)', 2],
    ['inputs.?a.b.c.orValue(0)', 0],
    ['inputs[?"zip"].or(inputs.?n).orValue(0)', 3],
    ['inputs.?zip.hasValue()', false],
    ['inputs.?n.value()', 3],
    ['inputs.list[?7].orValue(9)', 9],
    ['inputs.nul == null && has(inputs.nul)', true],
    ['steps.skipped.output.a.b == null', true],
  ])('is allowed for by %s', (text, value) => {
    expect(evaluate(text)).toEqual(value)
  })

  it('is ABSENT for a plain path and for an optional one', () => {
    for (const text of [
      'inputs.zip',
      'inputs.?zip',
      'steps.quote.output.zip',
      'inputs.list[9]',
      'inputs.text.length',
      'item',
      'index',
      'state.x',
      'steps.nope.output',
      'components.nope.healthy',
      'secrets.NOPE',
    ]) {
      expect(evaluate(text)).toBe(ABSENT)
    }
  })

  it.each([
    'inputs.zip + 1',
    'inputs.list[9] + 0',
    'inputs.list[inputs.n]',
    'size(inputs.zip)',
    'inputs.zip || false',
    'inputs.zip.?x',
    'inputs.?zip.value()',
    'inputs.rows.all(r, r.p > 0)',
    '[1, inputs.zip]',
  ])('is an error inside an expression: %s', (text) => {
    expect(failureOf(() => evaluate(text)).code).toBe('expression_failed')
  })

  it('is told with the names that are there', () => {
    const { message, details } = failureOf(() => evaluate('steps.quote.output.prise + 1'))
    expect(message).toContain('"steps.quote.output" has "price", "currency"')
    expect(details).toMatchObject({ path: 'steps.quote.output.prise', available: ['price', 'currency'], offset: 19 })
  })
})

describe('the envelope of an answer', () => {
  it.each<[string, JsonValue]>([
    ['steps.enveloped.output.price', 5],
    ['steps.enveloped.output.data.price + 0', 5],
    ['steps.enveloped.output.data', { price: 5 }],
    ['steps.enveloped.output.response.data.price', 5],
    ['steps.enveloped.response.data.price', 5],
    ['steps.enveloped.response.took', 7],
    ['steps.quote.output.data.currency.code', 'USD'],
    ['steps.quote.response.data.price', 468.285],
    ['steps.geo-code.output.data[0].lat', 1],
    ['steps.geo-code.output.data[inputs.n - 2].lat', 2],
    ['steps.own.output.data.x', 1],
    ['steps.own.output.response.y', 2],
  ])('%s is %j (B19)', (text, value) => {
    expect(evaluate(text)).toEqual(value)
  })

  it('is not made up: a key "data" of its own hides nothing', () => {
    expect(evaluate('steps.own.output.data.price')).toBe(ABSENT)
    expect(evaluate('steps.quote.output.data')).toBe(ABSENT)
  })
})

describe('references', () => {
  const pathsOf = (text: string): unknown[] =>
    compileExpression(text).references.map(({ root, name, path }) => [root, name, ...path])

  it('lists every path of an expression, without variables of macros', () => {
    expect(pathsOf('steps.a-b.output.list[inputs.n - 1].p * steps["c"].output.0 + index')).toEqual([
      ['steps', 'a-b', 'output', 'list'],
      ['inputs', 'n'],
      ['steps', 'c', 'output', 0],
      ['index', undefined],
    ])
    expect(pathsOf('inputs.rows.map(item, item.p + steps.x.output)')).toEqual([
      ['inputs', 'rows'],
      ['steps', 'x', 'output'],
    ])
    expect(pathsOf('has(steps.x.error.code) || steps.?y.?output.?z.hasValue()')).toEqual([
      ['steps', 'x', 'error', 'code'],
      ['steps', 'y'],
    ])
  })

  it('names no step where it is computed', () => {
    expect(pathsOf('steps[inputs.text].output')).toEqual([
      ['steps', undefined],
      ['inputs', 'text'],
    ])
  })
})

it('names in strings and comments are left alone', () => {
  expect(evaluate('"steps.a-b.0.in" + \'.größe\' // steps.a-b')).toBe('steps.a-b.0.in.größe')
  expect(evaluate('"a\\"steps.x-y" + r"\\d" + """b"c"""')).toBe('a"steps.x-y\\db"c')
})
