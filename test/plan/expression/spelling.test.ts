import { beforeAll, describe, expect, it } from 'vitest'
import { toParserText } from '../../../src/plan/expression/text.ts'
import { compileExpression, loadExpressions } from '../../../src/plan/expression.ts'
import { createScope, failureOf } from '../expression-scope.ts'

beforeAll(loadExpressions)

describe('our spelling of paths becomes the one of the parser', () => {
  it.each([
    // names with hyphens behind steps and components only
    ['steps.a-b.output', 'steps["a-b"].output'],
    ['steps.a.b-c', 'steps.a.b-c'],
    ['components.a-b.healthy', 'components["a-b"].healthy'],
    ['inputs.a-b', 'inputs.a-b'],
    ['steps.?a-b.?c', 'steps[?"a-b"].?c'],
    ['steps.0.output', 'steps["0"].output'],
    // keys that the parser would not take
    ['inputs.größe.x', 'inputs["größe"].x'],
    ['inputs.in.true.false.null.input', 'inputs["in"]["true"]["false"]["null"].input'],
    ['inputs.?in', 'inputs[?"in"]'],
    ['inputs.a$b._c.d1', 'inputs["a$b"]._c.d1'],
    ['inputs.list.0.12.?3', 'inputs.list[0][12][?3]'],
    ['inputs.007.1a', 'inputs["007"]["1a"]'],
    ['inputs . a . ? b', 'inputs .a .?b'],
    ['(inputs).größe + [1].0 + {"a": 1}.ä', '(inputs)["größe"] + [1][0] + {"a": 1}["ä"]'],
    ['a in b.in', 'a in b["in"]'],
    // numbers, texts and comments pass as they are
    ['1.5e3 + 0x1F - 2E-7 + 12.25', '1.5e3 + 0x1F - 2E-7 + 12.25'],
    [
      '"a.in" + \'steps.a-b\' + r"\\.ä" + """"b" .in""" + \'\'\'it\'s .in\'\'\'',
      '"a.in" + \'steps.a-b\' + r"\\.ä" + """"b" .in""" + \'\'\'it\'s .in\'\'\'',
    ],
    ['"a\\".in" + \'b\\\'.in\'', '"a\\".in" + \'b\\\'.in\''],
    ['"x".größe', '"x"["größe"]'],
    ['a // b.in "\n+ c.in', 'a   + c["in"]'],
    ['a   \t\n b', 'a b'],
  ])('%s is %s', (source, text) => {
    expect(toParserText(source).text).toBe(text)
  })

  it('and every place in it leads back to the source', () => {
    const source = 'steps.a-b.größe   + inputs.in'
    const { text, sourceOffset } = toParserText(source)
    expect(text).toBe('steps["a-b"]["größe"] + inputs["in"]')
    const back = (part: string): number => sourceOffset(text.indexOf(part))
    expect([back('steps'), back('["a-b"]'), back('["größe"]'), back('+'), back('inputs'), back('["in"]')]).toEqual([
      0,
      source.indexOf('.a-b'),
      source.indexOf('.größe'),
      source.indexOf('+'),
      source.indexOf('inputs'),
      source.indexOf('.in', 20),
    ])
    expect([sourceOffset(text.length), sourceOffset(10_000)]).toEqual([source.length, source.length])
    expect(toParserText('').sourceOffset(0)).toBe(0)
  })
})

describe('what would be too much for the parser', () => {
  const nested = (count: number): string => `${'('.repeat(count)}1${')'.repeat(count)}`

  it('is refused from 8193 characters, 101 brackets and 101 signs on', () => {
    const compiles = (text: string): void => expect(compileExpression(text).evaluate(createScope())).toBeDefined()
    compiles(`"${'a'.repeat(8190)}"`)
    expect(failureOf(() => compileExpression(`"${'a'.repeat(8191)}"`)).message).toContain('at most 8192 characters')
    for (const [fine, bad] of [
      [nested(100), nested(101)],
      [`${'['.repeat(100)}1${']'.repeat(100)}`, `${'['.repeat(101)}1${']'.repeat(101)}`],
      [`${'!'.repeat(100)}true`, `${'!'.repeat(101)}true`],
      [`${'- '.repeat(100)}1`, `${'- '.repeat(101)}1`],
    ] as const) {
      expect(() => toParserText(fine)).not.toThrow()
      const { message, details } = failureOf(() => toParserText(bad))
      expect(message).toContain('nests at most 100 levels deep')
      expect(details['offset']).toBe(bad.startsWith('-') ? 200 : 100)
    }
  })

  it('is counted by what is open at one place, not by what stands there in all', () => {
    for (const text of [
      Array(150).fill('(1)').join(' + '),
      Array(150).fill('[1]').join(' + '),
      Array(150).fill('{"a": 1}').join(' + '),
      Array(150).fill('!a').join(' && '),
      Array(150).fill('1').join(' - '),
    ])
      expect(() => toParserText(text)).not.toThrow()
  })
})
