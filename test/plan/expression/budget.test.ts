import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { TuttiError } from '../../../src/contracts/errors.ts'
import { compileExpression, loadExpressions } from '../../../src/plan/expression.ts'
import { createScope } from '../expression-scope.ts'

const thousand = Array.from({ length: 1000 }, (_, i) => i)
const scope = createScope({
  inputs: { l: thousand, s: 'x'.repeat(100_000), doc: 'a,'.repeat(400_000), ten: thousand.slice(0, 10), n: 2, t: 'x' },
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
  ])('%s', (_what, text) => {
    const start = performance.now()
    expect(codeOf(text)).toBe('expression_too_expensive')
    expect(performance.now() - start).toBeLessThan(2000)
  })

  it('even where failures are forgiven', () => {
    expect(codeOf('inputs.l.map(a, inputs.l.map(b, a)) == [] || true')).toBe('expression_too_expensive')
    expect(codeOf('[1].exists(x, inputs.l.map(a, inputs.l.map(b, a)) == [])')).toBe('expression_too_expensive')
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
