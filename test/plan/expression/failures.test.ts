import { beforeAll, describe, expect, it } from 'vitest'
import { compileExpression, loadExpressions } from '../../../src/plan/expression.ts'
import { createScope, failureOf } from '../expression-scope.ts'

const scope = createScope({
  inputs: { n: 3, text: 'a,b,c', nul: null, list: [3, 1, 2], object: { a: 2 } },
  secrets: { KEY: 'hunter2' },
})

beforeAll(loadExpressions)

describe('refusals at compile time', () => {
  it.each([
    ['', 0],
    ['1 +', 3],
    ['(1', 2],
    ['inputs.n inputs.n', 9],
    ['"open', 0],
    ['foo.bar', 0],
    ['1 + größer', 4],
    ['inputs.content-type', 15],
    ['steps', 0],
    ['steps.a', 0],
    ['steps.größe.x + 1', 12],
    ['1 + steps.a-b.outputs', 14],
    ['secrets', 0],
    ['secrets.KEY.x', 0],
    ['run.user', 0],
    ['components.x.address', 0],
    ['nope(1)', 0],
    ['size()', 0],
    ['size(1, 2)', 0],
    ['inputs.text.matches("a")', 0],
    ['inputs.list.map(x)', 0],
    ['inputs.list.map(1, 2)', 0],
    ['map(inputs.list, x, x)', 0],
    ['has(1)', 0],
    ['inputs.zip.orValue(1)', 0],
    ['1u', 0],
    ['b"x"', 0],
    ['cel.bind(x, 1, x)', 0],
    ['{"a" 1}', 5],
  ])('%j', (text, minOffset) => {
    const error = failureOf(() => compileExpression(text))
    expect(error.code).toBe('expression_failed')
    expect(error.details['offset']).toBeGreaterThanOrEqual(minOffset)
    expect(error.message).toContain('^')
  })

  it('points at the place in the text as written, also behind names with hyphens', () => {
    const text = 'steps.a-b.output["x-y"].größe + nope(1)'
    const error = failureOf(() => compileExpression(text))
    expect(error.details['offset']).toBe(text.indexOf('nope'))
  })
})

describe('failures', () => {
  it.each([
    'inputs.n + "1"',
    'inputs.text - 1',
    'inputs.n / 0',
    'inputs.n % 0',
    '1e308 * 10',
    'inputs.nul + 1',
    '[1] + 1',
    'inputs.n < "4"',
    'inputs.n && true',
    'inputs.n ? 1 : 2',
    '!inputs.n',
    '-inputs.text',
    '1 in inputs.text',
    'inputs.list["a"] + 1',
    'inputs.list[-1] + 1',
    'inputs.list[0.5] + 1',
    'inputs.object[null] + 1',
    'inputs.text.map(x, x)',
    'inputs.list.filter(x, x)',
    'int("12.5")',
    'int("yes")',
    'double("NaN")',
    'bool("yes")',
    'bool(1)',
    'sum(["1"])',
    'min([])',
    'max([1, "a"])',
    'join([[1]], "")',
    'round(1, 99)',
    'split(1, ",")',
    '{1: 2}',
    '{"__proto__": 1}',
    'steps[inputs.n].output',
  ])('%s fails with its place and a reason', (text) => {
    const error = failureOf(() => compileExpression(text).evaluate(scope))
    expect(error.code).toBe('expression_failed')
    expect(error.message).toMatch(/^\S.+\n.*\n\s*\^$/)
  })

  it('never tell a value, since it may be secret', () => {
    for (const text of [
      'secrets.KEY + 1',
      'inputs.object[secrets.KEY] + 1',
      'int(secrets.KEY)',
      'secrets.KEY ? 1 : 2',
      'steps[secrets.KEY].output',
    ]) {
      const error = failureOf(() => compileExpression(text).evaluate(scope))
      expect(error.message + JSON.stringify(error.details)).not.toContain('hunter2')
    }
  })
})
