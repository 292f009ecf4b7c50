import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { TuttiError } from '../../../src/contracts/errors.ts'
import type { JsonValue } from '../../../src/contracts/json.ts'
import {
  checkResult,
  type Evaluation,
  MAX_ELEMENTS,
  MAX_RESULT,
  MAX_STEPS,
  MAX_TEXT,
  spendElements,
  spendScan,
  spendSteps,
  spendText,
  spendWritten,
  startEvaluation,
} from '../../../src/plan/expression/budget.ts'
import { findFunction } from '../../../src/plan/expression/functions.ts'
import { compileExpression, loadExpressions } from '../../../src/plan/expression.ts'
import { createScope, failureOf } from '../expression-scope.ts'

const thousand = Array.from({ length: 1000 }, (_, i) => i)
const scope = createScope({
  inputs: {
    l: thousand,
    s: 'x'.repeat(100_000),
    like: `${'x'.repeat(99_999)}y`,
    doc: 'a,'.repeat(400_000),
    ten: thousand.slice(0, 10),
    fifty: Array.from({ length: 50_000 }, (_, i) => i),
    many: Array.from({ length: 150_000 }, () => 0),
    keys: Object.fromEntries(thousand.map((i) => [`k${i}`, i])),
    others: Object.fromEntries(thousand.map((i) => [`k${i}`, i === 999 ? 0 : i])),
    n: 2,
    t: 'x',
  },
})

function codeOf(text: string): string {
  try {
    compileExpression(text).evaluate(scope)
    return 'ok'
  } catch (error) {
    return error instanceof TuttiError ? error.code : String(error)
  }
}

/** `[[0,1].map(a, [0,1].map(b, ...))]` and the like: doubles with each level. */
const doubling = (levels: number): string =>
  Array.from({ length: levels }).reduce<string>((inner, _, i) => `[0,1].map(v${i}, ${inner})`, 'inputs.ten')

beforeAll(loadExpressions)

describe('an expression that needs too much is stopped', () => {
  it.each([
    ['loops within loops', 'inputs.l.map(a, inputs.l.map(b, a * b))'],
    ['loops that find nothing', 'inputs.l.exists(a, inputs.l.exists(b, a + b < 0))'],
    ['lists that double', doubling(16)],
    [
      'texts that double',
      '["a"].map(a, a+a+a+a).map(a, a+a+a+a).map(a, a+a+a+a+a+a+a+a+a+a).map(a, [a,a,a,a].join("")).map(a, a+a+a+a+a+a+a+a+a+a+a+a).map(a, a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a+a).map(a, a+a+a+a+a+a+a+a+a+a+a+a+a)',
    ],
    ['one text many times', `inputs.s${' + inputs.s'.repeat(11)}`],
    ['a text in every item', 'inputs.l.map(x, inputs.s + string(x))'],
    ['joins', 'inputs.l.map(x, inputs.s).join(",")'],
    ['splits', 'inputs.doc.split(",").map(x, inputs.doc.split(","))'],
    ['characters of a text', 'inputs.doc.split("")'],
    ['concatenations', 'inputs.l.map(x, inputs.l + inputs.l)'],
    ['comparisons', 'inputs.l.filter(x, inputs.l == inputs.l + [])'],
    ['searches', 'inputs.l.filter(x, inputs.doc.contains("b"))'],
    ['memberships', 'inputs.l.filter(x, -1 in inputs.l)'],
    ['sums', 'inputs.l.map(x, sum(inputs.l))'],
    ['one list in very many places', `[inputs.l]${'.map(x, [x,x,x,x])'.repeat(10)}`],
    ['one text in very many places', 'inputs.l.map(x, inputs.s)'],
    ['its JSON', `string([inputs.s]${'.map(x, [x,x,x,x])'.repeat(10)})`],
    ['its comparison', ['[inputs.l]', '[inputs.l + []]'].map((l) => l + '.map(x, [x,x,x,x])'.repeat(9)).join(' == ')],
    ['JSON texts', 'inputs.l.map(x, string(inputs.l))'],
    ['texts that are made and thrown away', 'inputs.l.exists(x, inputs.s + "!" == "")'],
    ['trimmed texts', 'inputs.ten.exists(x, inputs.doc.trim() == "")'],
    ['split texts', 'inputs.ten.exists(x, inputs.doc.split("!") == [])'],
    ['texts in order', 'inputs.l.all(x, inputs.s >= inputs.s)'],
    ['equal texts', 'inputs.l.exists(x, inputs.s == inputs.like)'],
    ['equal objects', 'inputs.l.exists(x, inputs.keys == inputs.others)'],
    ['lists put together', 'size(inputs.many + inputs.many) > 0'],
    ['rounds of a loop', '[inputs.fifty, [1]].map(l, l.map(x, x)).size() == 2'],
    ['paths in a loop', 'inputs.fifty.filter(x, has(x.a))'],
  ])('%s', (_what, text) => {
    const start = process.cpuUsage()
    expect(codeOf(text)).toBe('expression_too_expensive')
    const { user, system } = process.cpuUsage(start)
    expect(user + system).toBeLessThan(2_000_000)
  })

  it('even where failures are forgiven', () => {
    expect(codeOf('inputs.l.map(a, inputs.l.map(b, a)) == [] || true')).toBe('expression_too_expensive')
    expect(codeOf('[1].exists(x, inputs.l.map(a, inputs.l.map(b, a)) == [])')).toBe('expression_too_expensive')
    const long = `inputs.s${' + inputs.s'.repeat(11)} == ""`
    expect(codeOf(`[1, 2].exists(x, x == 2 || ${long})`)).toBe('expression_too_expensive')
    expect(codeOf(`[1, 2].all(x, x == 1 && ${long})`)).toBe('expression_too_expensive')
  })

  it('whatever 289 characters are made of', () => {
    const step = fc.constantFrom(
      '.map(x, [x,x,x,x])',
      '.map(x, x + x)',
      '.map(x, [x] + [x])',
      '.map(x, [0,1,2].map(y, x))',
      '.map(x, string(x) + string(x))',
    )
    fc.assert(
      fc.property(
        fc.constantFrom('["a"]', 'inputs.ten', '[[1]]', '[inputs.s]'),
        fc.array(step, { maxLength: 16 }),
        (start, steps) => {
          expect(['ok', 'expression_failed', 'expression_too_expensive']).toContain(
            codeOf((start + steps.join('')).slice(0, 289)),
          )
        },
      ),
      { numRuns: 300 },
    )
  })
})

describe('an expression within reason is not', () => {
  it.each([
    ['texts of another length', 'inputs.l.all(x, inputs.s != inputs.doc)'],
    ['the same text', 'inputs.l.all(x, inputs.s == inputs.s)'],
    ['a loop over fifty thousand items', 'inputs.fifty.map(x, x).size() == 50000'],
    ['a loop over a thousand items', 'sum(inputs.l.map(x, x * 2)) == 999000'],
    ['a long text with a line added', 'size(inputs.doc + "\\n" + inputs.t + "\\n" + inputs.t) > 800000'],
    ['a hundred by a hundred', 'size(inputs.l.filter(x, x < 100).map(a, inputs.ten.map(b, a * b))) == 100'],
    ['a hundred conditions', Array.from({ length: 300 }, (_, i) => `inputs.n == ${i}`).join(' || ')],
    ['three hundred summands', Array.from({ length: 300 }, () => 'inputs.n').join(' + ') + ' == 600'],
  ])('%s', (_what, text) => {
    expect(compileExpression(text).evaluate(scope)).toBe(true)
  })

  it('each evaluation has its own budget', () => {
    const compiled = compileExpression('size(inputs.l.filter(x, x % 2 == 0))')
    for (let i = 0; i < 200; i++) expect(compiled.evaluate(scope)).toBe(500)
  })
})

describe('the budget of one evaluation', () => {
  const left = (spend: (evaluation: Evaluation) => void): Evaluation => {
    const evaluation = startEvaluation(scope, 'x')
    spend(evaluation)
    return evaluation
  }
  const codeOfSpending = (spend: (evaluation: Evaluation) => void): string => failureOf(() => left(spend)).code

  it('may be used up to its last step, element and character, and no further', () => {
    for (const [spend, limit] of [
      [spendSteps, MAX_STEPS],
      [spendElements, MAX_ELEMENTS],
      [spendText, MAX_TEXT],
    ] as const) {
      left((evaluation) => spend(evaluation, limit))
      expect(codeOfSpending((evaluation) => spend(evaluation, limit + 1))).toBe('expression_too_expensive')
    }
  })

  it('counts reading text by the thousand, and nothing for less', () => {
    expect(left((evaluation) => spendScan(evaluation, 1_000)).steps).toBe(MAX_STEPS)
    expect(left((evaluation) => spendScan(evaluation, 1_001)).steps).toBe(MAX_STEPS - 2)
  })

  it('counts the texts that are measured, also where they are never made', () => {
    const measured = left((evaluation) => {
      const fail = (reason: string): TuttiError => new TuttiError('expression_failed', reason)
      expect(findFunction('size')?.call({ args: ['x'.repeat(2_001)], evaluation, fail })).toBe(2_001)
    })
    expect(measured.steps).toBe(MAX_STEPS - 3)
  })

  it('counts a value that becomes text by what is written', () => {
    const spent = (value: JsonValue): number => MAX_TEXT - left((evaluation) => spendWritten(evaluation, value)).chars
    expect([spent('abc'), spent(1), spent(null), spent([]), spent({})]).toEqual([3, 8, 8, 8, 8])
    expect(spent({ ab: 'cde', n: [1, true, null] })).toBe(8 + (2 + 3 + 1) + (1 + (8 + 3 * 9) + 1))
  })

  it('bounds lists and objects that are given back; a text was paid for when it was made', () => {
    const text = (length: number): string => 'x'.repeat(length)
    const check = (value: JsonValue): void => checkResult(startEvaluation(scope, 'x'), value)
    for (const fine of [null, 1, text(MAX_RESULT + 1), [text(MAX_RESULT - 9)], { ab: text(MAX_RESULT - 11) }])
      check(fine)
    for (const large of [[text(MAX_RESULT - 8)], { ab: text(MAX_RESULT - 10) }])
      expect(failureOf(() => check(large)).code).toBe('expression_too_expensive')
    let lists: JsonValue = [text(1_000)]
    let objects: JsonValue = { a: text(1_000) }
    for (let i = 0; i < 60; i++) {
      lists = [lists, lists]
      objects = { a: objects, b: objects }
    }
    expect(failureOf(() => check(lists)).code).toBe('expression_too_expensive')
    expect(failureOf(() => check(objects)).code).toBe('expression_too_expensive')
  })

  it('names the expression when it is used up, the long ones by their beginning', () => {
    const message = (text: string): string =>
      failureOf(() => spendSteps(startEvaluation(scope, text), MAX_STEPS + 1)).message
    const eighty = 'abcdefgh'.repeat(10)
    expect(message(eighty)).toContain(`The expression "${eighty}" needs more than 100000 steps.`)
    expect(message(`${eighty}!`)).toContain(`The expression "${eighty.slice(0, 79)}…" needs`)
  })
})

describe('an expression that cannot be compiled safely is refused', () => {
  it.each([
    ['too long', `"${'a'.repeat(9000)}"`],
    ['parentheses', `${'('.repeat(4000)}1${')'.repeat(4000)}`],
    ['lists', `${'['.repeat(4000)}1${']'.repeat(4000)}`],
    ['negations', `${'!'.repeat(8000)}true`],
    ['signs', `${'- '.repeat(4000)}1`],
    ['differences', `1${'-1'.repeat(4000)}`],
    ['keys', `inputs${'.a'.repeat(4000)} + 1`],
    ['calls', `${'size('.repeat(1500)}1${')'.repeat(1500)}`],
    ['conditions', `${'true?1:'.repeat(1000)}1`],
    ['open brackets', '['.repeat(8000)],
  ])('%s', (_what, text) => {
    expect(codeOf(text)).toBe('expression_failed')
  })
})
