import { beforeAll, describe, expect, it } from 'vitest'
import type { JsonValue } from '../../../src/contracts/json.ts'
import { bareExpression, endOfReference } from '../../../src/plan/expression/bare-expression.ts'
import { countCharacters } from '../../../src/plan/expression/values.ts'
import { compileExpression, loadExpressions } from '../../../src/plan/expression.ts'
import { createScope, failureOf } from '../expression-scope.ts'

const scope = createScope({
  inputs: {
    n: 3,
    zero: 0,
    nul: null,
    text: 'a,b,c',
    key: 'b',
    tool: 'fx-tool',
    nope: 'nope',
    big: 9007199254740993n,
    list: [3, 1, 2],
    object: { a: 2, b: 1, '0': 'zero' },
  },
  steps: { quote: { output: { price: 5 } } },
  components: { 'fx-tool': { healthy: true } },
})
const evaluate = (text: string): unknown => compileExpression(text).evaluate(scope)

beforeAll(loadExpressions)

describe('what an expression means', () => {
  it.each<[string, JsonValue]>([
    // order, at the border too
    [
      '[1 < 1, 1 <= 1, 1 > 1, 1 >= 1, 1 < 2, 2 <= 1, 2 > 1, 1 >= 2]',
      [false, true, false, true, true, false, true, false],
    ],
    ['["a" < "a", "a" <= "a", "a" > "a", "a" >= "a", "a" < "b", "b" < "a"]', [false, true, false, true, true, false]],
    // equality is by content and by kind
    ['[1 == "1", true == 1, null == 0, null == {}, {} == null, {} == [], [] == {}]', Array(7).fill(false)],
    ['["a" + "b" == "ab", "ab" == "ac", "a" == "ab", [1] == [2], [1, 2] == [1]]', [true, false, false, false, false]],
    ['[{"a": 1} == {"a": 1, "b": 2}, {"a": 1, "b": 1} == {"a": 1, "c": 1}]', [false, false]],
    ['[{"a": 1, "b": 2} == {"b": 2, "a": 1}, {"a": 1, "b": 2} == {"a": 1, "b": 3}]', [true, false]],
    [
      '[inputs.big == inputs.big + 0, inputs.big == "9007199254740993", {"a": null} == {"b": null}]',
      [false, false, false],
    ],
    // numbers
    ['[7 - 2, 7 * 2, 7 / 2, 7 % 2]', [5, 14, 3.5, 1]],
    ['[int("+42"), int("-42"), int(" 42 "), int(7), int(-2.9)]', [42, -42, 42, 7, -2]],
    ['[int("+9007199254740993"), int(inputs.big)]', [9007199254740993n, 9007199254740993n]],
    ['[double(" 1.5 "), double(".5"), double("5."), double("-1E+2"), double(inputs.n)]', [1.5, 0.5, 5, -100, 3]],
    ['[round(1.25, 1), round(1.5, 15), round(1e308, 15), round(inputs.big, 2)]', [1.3, 1.5, 1e308, 9007199254740993n]],
    ['[abs(3), abs(inputs.big), abs(-0.5)]', [3, 9007199254740993n, 0.5]],
    ['[min(5), max("a"), min(["b"]), max(1, 2, 3), min(3, 1, 2), min("b", "a")]', [5, 'a', 'b', 3, 1, 'a']],
    [
      '[bool(true), bool(false), bool("true"), bool("false"), bool("1"), bool("0")]',
      [true, false, true, false, true, false],
    ],
    // texts and lists
    ['[join(["a", "b"]), join(["a"], "-"), join([], "-"), ["a", 1, true].join(", ")]', ['ab', 'a', '', 'a, 1, true']],
    [
      '[[3].contains(3.0), [3].contains("3"), "a" in ["b"], 0 in inputs.object, "0" in inputs.object]',
      [true, false, false, false, true],
    ],
    [
      '[[1, 2, 3].exists_one(x, x > 2), [1].exists_one(x, x > 2), [1, 3, 4].exists_one(x, x > 2)]',
      [true, false, false],
    ],
    ['[{}, {"p": 3}].exists(r, r.p > 2)', true],
    ['[{}, {"p": 1}].all(r, r.p > 2)', false],
    // keys that are computed
    ['[inputs.object[inputs.zero], inputs.object[inputs.key], inputs.object[string(0)]]', ['zero', 1, 'zero']],
    ['[{"x": 1}].map(steps, steps[string("x")])', [1]],
    ['has(steps[inputs.nope].output) || has(inputs.object[inputs.big]) || has(inputs.zip[inputs.nul])', false],
    ['components[inputs.tool].healthy', true],
    ['steps.?quote.?output.?price.orValue(0) + steps.?nope.?output.orValue(1)', 6],
    // what may be absent
    ['[inputs.?n.hasValue(), inputs.?zip.hasValue(), inputs.?zip.or(inputs.?zap).orValue(3)]', [true, false, 3]],
    ['inputs.?zip.or(inputs.?n).value()', 3],
  ])('%s', (text, value) => {
    expect(evaluate(text)).toEqual(value)
  })

  it('counts characters of all languages, halves of one alone as one', () => {
    for (const [text, count] of [
      ['', 0],
      ['a😀b', 3],
      ['\ud800\udc00', 1],
      ['\udbff\udfff', 1],
      ['\ud83d', 1],
      ['\ud83dx', 2],
      ['\ude00\ude00', 2],
      ['\ud83d\ud83d\ude00', 2],
      ['\ud7ff\udc00', 2],
      ['\ue000\udc00', 2],
      ['\ud800\udbff', 2],
      ['\ud800\ue000', 2],
    ] as const)
      expect(countCharacters(text)).toBe(count)
  })
})

describe('what a failure says', () => {
  it.each([
    ['-"a"', '"-" needs a number, not a text.'],
    ['-[1]', 'not a list.'],
    ['-{"a": 1}', 'not an object.'],
    ['-inputs.nul', 'not null.'],
    ['-true', 'not a boolean.'],
    ['size(1)', 'size() needs a text, a list or an object, not a number.'],
    ['inputs.text - 1', '"-" needs two numbers, not a text and a number.'],
    ['1 * inputs.list', '"*" needs two numbers, not a number and a list.'],
    ['1 / 0', 'Division by zero.'],
    ['1 % 0', 'Division by zero.'],
    ['1e308 + 1e308', 'too large for a number'],
    ['-1e308 - 1e308', 'too large for a number'],
    ['sum([1e308, 1e308])', 'too large for a number'],
    ['1 + "a"', 'not a number and a text. string(x) turns a value into text.'],
    ['"a" + 1', 'not a text and a number. string(x) turns a value into text.'],
    ['1 in "a1"', 'not a text. A text is searched with text.contains(part).'],
    ['1 in inputs.nul', '"in" needs a list or an object on its right, not null.'],
    ['abs("x")', 'A number is needed here, not a text.'],
    ['trim(1)', 'A text is needed here, not a number. string(x) turns a value into text.'],
    ['sum("x")', 'A list is needed here, not a text.'],
    ['sum([1, null])', 'sum() needs a list of numbers; it holds null.'],
    ['join([{}])', 'the list holds an object.'],
    ['int("42x")', 'The text is not a number.'],
    ['int("x42")', 'The text is not a number.'],
    ['int("1.5")', 'The text is not an integer.'],
    ['double(true)', 'A number or a text is needed here, not a boolean.'],
    ['double("1e3x")', 'The text is not a number.'],
    ['round(1, -1)', 'round() takes 0 to 15 digits.'],
    ['round(1, 0.5)', 'round() takes 0 to 15 digits.'],
    ['round(1, 16)', 'round() takes 0 to 15 digits.'],
    ['max([null])', 'numbers only, or texts only'],
    ['min([1, 2], [0])', 'numbers only, or texts only'],
    ['min([])', 'An empty list has no smallest'],
    ['inputs.list[string(1)]', 'A list is read by a whole number from 0, not by a text.'],
    ['inputs.list[inputs.zero - 1]', 'not by a negative number or a fraction.'],
    ['inputs.list[1 / 2]', 'not by a negative number or a fraction.'],
    ['inputs.list[-inputs.big]', 'not by a negative number or a fraction.'],
    ['inputs.list[inputs.nul]', 'not by null.'],
    ['inputs.object[true]', 'A key is a text or a number, not a boolean.'],
    ['steps[inputs.n].output', 'A name is a text, not a number.'],
    ['inputs.zip[?"x"].orValue(1)', '"inputs.zip" is not there. "inputs" has'],
    ['inputs.?zip.orValue(inputs.zap)', '"inputs.zap" is not there.'],
    ['inputs.n ? 1 : 2', 'True or false is needed here, not a number. Compare it with something.'],
  ])('%s: %s', (text, reason) => {
    const error = failureOf(() => evaluate(text))
    expect(error.code).toBe('expression_failed')
    expect(error.message.split('\n')[0]).toContain(reason)
  })

  it('gives no hint where none helps', () => {
    expect(failureOf(() => evaluate('1 + inputs.nul')).message).toMatch(/not a number and null\.\n/)
    expect(failureOf(() => evaluate('1 in 2')).message).toMatch(/not a number\.\n/)
  })
})

describe('what a refusal says', () => {
  it.each([
    ['inptus.n', 'Nothing is called "inptus". The nearest name is "inputs"'],
    ['inputs.list.map(price, prise)', 'The nearest name is "price"'],
    ['inputs.list.map(x, x) == x', 'Nothing is called "x".'],
    ['has()', 'has() takes one path'],
    ['has(inputs.n, inputs.n)', 'has() takes one path'],
    ['has(inputs)', 'has() takes one path'],
    ['inputs.?n.orValue()', 'orValue() takes one argument.'],
    ['inputs.?n.hasValue(1)', 'hasValue() takes no arguments.'],
    ['inputs.?n.value(1)', 'value() takes no arguments.'],
    ['inputs.text.trim().orValue(1)', 'orValue() needs a path that may be absent'],
    ['size(1, 2)', 'size() takes 1 arguments with the value it is called on, not 2.'],
    ['inputs.n.round(1, 2)', 'round() takes 1 to 2 arguments with the value it is called on, not 3.'],
    ['inputs.list.map()', 'map() takes a variable and an expression'],
    ['inputs.list.map(x)', 'map() takes a variable and an expression'],
    ['inputs.list.filter(x, true, x)', 'filter() takes a variable and an expression'],
    ['inputs.list.map(x, true, x, x)', 'map() takes a variable and an expression'],
  ])('%s: %s', (text, reason) => {
    const { code, message } = failureOf(() => compileExpression(text))
    expect(code).toBe('expression_failed')
    expect(message.split('\n')[0]).toContain(reason)
  })

  it('names the nearest functions and roots, for those who mend it', () => {
    const unknown = failureOf(() => compileExpression('inputs.text.trimm()'))
    expect(unknown.message).toMatch(/^There is no function "trimm"\. Nearest: trim, \w+, \w+\.\n/)
    expect(unknown.details['alternatives']).toContain('trim')
    expect(failureOf(() => compileExpression('inputz + 1')).details['alternatives']).toContain('inputs')
  })

  it('comes before operations within each other could end the stack', () => {
    const differences = (count: number): string => Array(count).fill('1').join(' - ')
    expect(evaluate(differences(300))).toBe(-298)
    expect(failureOf(() => compileExpression(differences(301))).message).toContain('at most 300 operations deep')
  })
})

describe('an if with ${}', () => {
  it.each([
    ['  inputs.a > 1 ', 'inputs.a > 1'],
    ['${ inputs.a }', 'inputs.a'],
    ['${ inputs.a } > 5', '(inputs.a) > 5'],
    ['a$b > ${c}', 'a$b > (c)'],
    ['({"a": ${c}}).a', '({"a": (c)}).a'],
    [`\${a} == "\${b}" || '\${c}' == \${d}`, `(a) == "\${b}" || '\${c}' == (d)`],
    [`\${a} == "\\"\${b}" && \${c}`, `(a) == "\\"\${b}" && (c)`],
    ['${a} + "open', '(a) + "open'],
    ['${a} + ${open', '(a) + ${open'],
    [`\${ {"a": '}'}.a }`, `{"a": '}'}.a`],
  ])('%s is %s', (text, bare) => {
    expect(bareExpression(text)).toBe(bare)
  })

  it('ends behind its own brace, whatever quotes and braces are inside', () => {
    expect(endOfReference(`x \${'}' + "}" + {}.a} y`, 2)).toBe(21)
    expect(endOfReference('${a', 0)).toBeUndefined()
    expect(endOfReference("${'a}", 0)).toBeUndefined()
  })
})
