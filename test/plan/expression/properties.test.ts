import fc from 'fast-check'
import { beforeAll, describe, expect, it } from 'vitest'
import { ABSENT } from '../../../src/contracts/compiled.ts'
import { TuttiError } from '../../../src/contracts/errors.ts'
import type { JsonValue } from '../../../src/contracts/json.ts'
import { compileExpression, loadExpressions } from '../../../src/plan/expression.ts'
import { compileValue, parsePath } from '../../../src/plan/reference.ts'
import { formatPath } from '../../../src/plan/scope-path.ts'
import { parseJson } from '../../../src/util/json.ts'
import { createScope } from '../expression-scope.ts'

beforeAll(loadExpressions)

const key = fc.oneof(
  fc.stringMatching(/^[a-z_][a-z0-9_]{0,6}$/),
  fc.constantFrom('in', 'true', 'null', 'namespace', 'größe', 'x-y', 'a b', '0x', 'constructor', 'content-type', ''),
)
const segment = fc.oneof(key, fc.nat({ max: 5 }))

describe('paths', () => {
  it('read back as they are written', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('inputs' as const, 'item' as const),
        fc.array(segment, { minLength: 1 }),
        (root, segments) => {
          const reference = parsePath(formatPath(root, segments))
          expect([...(reference?.name === undefined ? [] : [reference.name]), ...(reference?.path ?? [])]).toEqual(
            segments,
          )
        },
      ),
    )
  })

  it('find what stands there, on the short way and through the parser', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[A-Za-z_][A-Za-z0-9_-]{0,8}$/),
        fc.array(key, { maxLength: 5 }),
        fc.jsonValue(),
        (name, keys, leaf) => {
          fc.pre(!keys.includes('data') && !keys.includes('response'))
          const wrap = (inner: unknown, k: string): unknown => ({ [k]: inner })
          const output = keys.reduceRight<unknown>(wrap, leaf) as JsonValue
          const scope = createScope({ steps: { [name]: { output } } })
          const path = formatPath('steps', [name, 'output', ...keys])
          expect(compileExpression(path).evaluate(scope)).toEqual(leaf)
          expect(compileExpression(`(${path})`).evaluate(scope)).toEqual(leaf)
          expect(compileExpression(`has(${path})`).evaluate(scope)).toBe(true)
        },
      ),
    )
  })
})

describe('arithmetic', () => {
  const number = fc.oneof(
    fc.integer({ min: -1e6, max: 1e6 }),
    fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e9, max: 1e9 }),
  )

  it('is that of JSON numbers', () => {
    fc.assert(
      fc.property(number, number, number, (a, b, c) => {
        fc.pre(b !== 0 && c !== 0)
        const expected = [a + b * c, (a - b) / c, a % b, -a].map((x) => x || 0)
        fc.pre(expected.every(Number.isFinite))
        const scope = createScope({ inputs: { a, b, c } })
        const results = compileExpression(
          '[inputs.a + inputs.b * inputs.c, (inputs.a - inputs.b) / inputs.c, inputs.a % inputs.b, -inputs.a]',
        ).evaluate(scope)
        expect(results).toEqual(expected)
      }),
    )
  })

  it('orders like numbers do', () => {
    fc.assert(
      fc.property(fc.oneof(number, fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n })), number, (a, b) => {
        const scope = createScope({ inputs: { a, b } })
        expect(
          compileExpression('[inputs.a < inputs.b, inputs.a >= inputs.b, inputs.a == inputs.b]').evaluate(scope),
        ).toEqual([a < b, a >= b, a == b])
      }),
    )
  })

  it('writes numbers without exponent, and they read back the same', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (n) => {
        const text = compileExpression('string(inputs.n)').evaluate(createScope({ inputs: { n } }))
        expect(text).not.toMatch(/e/i)
        expect(Number(text)).toBe(n || 0)
      }),
    )
  })

  it('reads number literals as JSON does', () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true, min: 0 }), (n) => {
        const text = JSON.stringify(n)
        expect(compileExpression(text).evaluate(createScope())).toBe(parseJson(text))
      }),
    )
  })
})

describe('text', () => {
  const plain = fc.string({ unit: 'grapheme' }).filter((text) => !text.includes('${') && !text.endsWith('$'))

  it('around references is never changed, whatever they bring in', () => {
    fc.assert(
      fc.property(plain, fc.string(), plain, fc.string(), plain, (before, x, between, y, after) => {
        const scope = createScope({ inputs: { x, y } })
        const text = `${before}\${inputs.x}${between}\${inputs["y"]}${after}`
        fc.pre(before + between + after !== '')
        expect(compileValue(text).evaluate(scope)).toBe(before + x + between + y + after)
      }),
    )
  })

  it('in string literals survives', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme-ascii' }), (text) => {
        expect(compileExpression(JSON.stringify(text)).evaluate(createScope())).toBe(text)
        expect(compileValue(`\${${JSON.stringify(text)}}`).evaluate(createScope())).toBe(text)
      }),
    )
  })
})

describe('whatever is asked', () => {
  const scope = createScope({
    inputs: { n: 3, s: 'abc', l: [1, 2, { p: 'q' }], o: { a: 1, constructor: 2 }, z: null },
    steps: { 'a-b': { output: { x: 1 } } },
    index: 1,
    item: { p: 2 },
  })
  const settles = (text: string): void => {
    try {
      const value = compileExpression(text).evaluate(scope)
      expect(value === ABSENT || JSON.stringify(value) !== undefined).toBe(true)
    } catch (error) {
      expect(error).toBeInstanceOf(TuttiError)
      expect(['expression_failed', 'expression_too_expensive']).toContain((error as TuttiError).code)
    }
  }

  it('a tree of operations gives a value or a TuttiError', () => {
    const { tree } = fc.letrec<{ tree: string }>((tie) => ({
      tree: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        fc.constantFrom(
          'inputs.n',
          'inputs.s',
          'inputs.l',
          'inputs.o',
          'inputs.z',
          'inputs.zip',
          'steps.a-b.output.x',
          'index',
          'item.p',
          'x',
          '1',
          '2.5',
          '-1',
          '"a"',
          'true',
          'null',
          '[]',
          '{}',
          'inputs.o.constructor',
        ),
        fc
          .tuple(
            tie('tree'),
            fc.constantFrom('+', '-', '*', '/', '%', '==', '!=', '<', '>=', '&&', '||', 'in'),
            tie('tree'),
          )
          .map(([a, op, b]) => `(${a} ${op} ${b})`),
        fc
          .tuple(
            fc.constantFrom(
              'size',
              'string',
              'int',
              'double',
              'bool',
              'min',
              'max',
              'sum',
              'round',
              'abs',
              'trim',
              'has',
              'join',
              '!',
              '-',
            ),
            tie('tree'),
          )
          .map(([f, a]) => `${f}(${a})`),
        fc
          .tuple(tie('tree'), fc.constantFrom('map', 'filter', 'all', 'exists', 'exists_one'), tie('tree'))
          .map(([a, m, b]) => `${a}.${m}(x, ${b})`),
        fc
          .tuple(
            tie('tree'),
            fc.constantFrom(
              '.a',
              '.?a',
              '[0]',
              '[?0]',
              '.constructor',
              '.__proto__',
              '["a"]',
              '.orValue(1)',
              '.split("b")',
              '.contains("a")',
            ),
          )
          .map(([a, b]) => a + b),
        fc.tuple(tie('tree'), tie('tree'), tie('tree')).map(([a, b, c]) => `(${a} ? ${b} : [${c}, {"k": ${b}}])`),
      ),
    }))
    fc.assert(fc.property(tree, settles), { numRuns: 3000 })
  })

  it('garbage gives a TuttiError', () => {
    const token = fc.constantFrom(
      'steps',
      '.',
      '-',
      'a-b',
      '?',
      '[',
      ']',
      '(',
      ')',
      '{',
      '}',
      '"',
      "'",
      '0',
      '1e9',
      'in',
      'inputs',
      'n',
      ',',
      ':',
      '!',
      '/',
      '//',
      '\\',
      '\n',
      '$',
      'ü',
      'r"',
      '"""',
      'has(',
      '&&',
      '__proto__',
      '\u0000',
      '😀',
    )
    fc.assert(
      fc.property(
        fc.array(token, { maxLength: 30 }).map((tokens) => tokens.join('')),
        settles,
      ),
      { numRuns: 3000 },
    )
    fc.assert(fc.property(fc.string({ unit: 'binary', maxLength: 60 }), settles))
  })
})
