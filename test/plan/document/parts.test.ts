import { describe, expect, it } from 'vitest'
import type { JsonObject, JsonValue } from '../../../src/contracts/json.ts'
import type { InputSpec } from '../../../src/contracts/plan.ts'
import { checkInputSpecs, collectInputNames, fitInput } from '../../../src/plan/document/input-spec.ts'
import { createJsonMap } from '../../../src/plan/document/json-map.ts'
import { copyJsonTree } from '../../../src/plan/document/json-tree.ts'
import { rewriteConditions } from '../../../src/plan/document/legacy-condition.ts'
import { legalKeysAt } from '../../../src/plan/document/schema.ts'
import { respellAsWire } from '../../../src/plan/document/table.ts'

describe('a value of code', () => {
  const told = (input: unknown): string[] => copyJsonTree(input).issues.map(({ code, pointer }) => `${code} ${pointer}`)

  it('is copied as JSON has it, without what is undefined', () => {
    const bare = Object.assign(Object.create(null) as object, { x: 1 })
    const input = { a: [1, 'x', true, null, 2n], b: undefined, c: bare }
    const { value, issues } = copyJsonTree(input)
    expect(value).toEqual({ a: [1, 'x', true, null, 2n], c: { x: 1 } })
    expect(value).not.toBe(input)
    expect(Object.keys(value as JsonObject)).toEqual(['a', 'c'])
    expect(issues).toEqual([])
    expect(copyJsonTree(null)).toEqual({ value: null, issues: [] })
  })

  it('is refused where JSON has no words for it, with its place', () => {
    class Point {}
    expect(told({ a: { b: [0, new Point()] }, s: Symbol('x'), f: Number.POSITIVE_INFINITY })).toEqual([
      'schema /a/b/1',
      'schema /s',
      'schema /f',
    ])
    expect(copyJsonTree(new Point()).issues[0]?.message).toContain('an object of a class (Point)')
    expect(told(JSON.parse('{"a": {"__proto__": 1}}'))).toEqual(['schema /a/__proto__'])
    expect(
      told({
        get a() {
          throw new Error('no')
        },
      }),
    ).toEqual(['schema '])
    expect(told(undefined)).toEqual(['schema '])
    expect(told([undefined])).toEqual(['schema /0'])
  })

  it('may nest 100 levels deep', () => {
    let value: unknown = 1
    for (let i = 0; i < 100; i++) value = { a: value }
    expect(told(value)).toEqual([])
    expect(told({ a: value })).toEqual(['limit /a/a/a/a'])
  })
})

describe('the places in a JSON text', () => {
  const text = '{"a": [1, {"b\\n": "x, ]"}], "c": {}, "d" : true ,"c": -1.50}'
  const { find, doubtful } = createJsonMap(text)

  it('are those of values, with their keys and how they were written', () => {
    expect(find([])).toMatchObject({ offset: 0, scalar: undefined })
    expect(find(['a'])).toMatchObject({ offset: text.indexOf('['), keyOffset: 1, scalar: undefined })
    expect(find(['a', 0])).toMatchObject({ offset: text.indexOf('1'), keyOffset: undefined, scalar: '1' })
    expect(find(['a', 1, 'b\n'])).toMatchObject({ offset: text.indexOf('"x'), keyOffset: 11, scalar: 'x, ]' })
    expect(find(['d'])).toMatchObject({ offset: text.indexOf('true'), keyOffset: text.indexOf('"d"'), scalar: 'true' })
    expect(find(['c'])).toMatchObject({ offset: text.indexOf('-1.50'), scalar: '-1.50' })
  })

  it('are those of the nearest parent for what is not there', () => {
    expect(find(['a', 7, 'x'])).toMatchObject({ offset: text.indexOf('['), scalar: undefined })
    expect(find(['a', 0, 'x'])).toMatchObject({ offset: text.indexOf('1'), scalar: undefined })
    expect(createJsonMap('  ').find(['a'])).toMatchObject({ offset: 0, scalar: undefined })
    expect(createJsonMap(' 5').find([])).toMatchObject({ offset: 1, scalar: '5' })
  })

  it('tell keys that stand there twice, in one object only', () => {
    expect(doubtful).toEqual([{ path: ['c'], kind: 'duplicate', offset: text.lastIndexOf('"c"') }])
    expect(createJsonMap('[{"a": 1}, {"a": {"a": 2}}]').doubtful).toEqual([])
    expect(createJsonMap('[0, {"__proto__": 1}]').doubtful).toEqual([
      { path: [1, '__proto__'], kind: 'proto', offset: 5 },
    ])
    expect(createJsonMap('{"a": ["a", "a"], "b": "a"}').doubtful).toEqual([])
  })
})

describe('an input of a document', () => {
  const fit = (spec: InputSpec, given: JsonValue) => fitInput('x', spec, given, ['inputs', 'x'])

  it('is brought to its type and its values', () => {
    expect(fit({ type: 'integer' }, '5')).toEqual({ value: 5 })
    expect(fit({ type: 'any' }, '5')).toEqual({ value: '5' })
    expect(fit({ type: 'string', enum: ['USD'] }, 'usd')).toEqual({ value: 'USD' })
    expect(fit({ type: 'any', enum: [{ a: 1 }, [2]] }, { a: 1 })).toEqual({ value: { a: 1 } })
    expect(fit({ type: 'object' }, '{"a": 1}')).toEqual({ value: { a: 1 } })
  })

  it('is told with what was wanted; a secret one without its value', () => {
    expect(fit({ type: 'integer' }, 'many')).toMatchObject({
      issue: {
        code: 'wrong_type',
        pointer: '/inputs/x',
        message: 'Input "x" is "many"; a value of type integer is wanted.',
      },
    })
    expect(fit({ type: 'string', enum: ['kilometre', 'mile'] }, 'kilometer')).toMatchObject({
      issue: { code: 'not_in_enum', message: 'Input "x" is "kilometer"; allowed are kilometre, mile.' },
    })
    expect(fit({ type: 'string', enum: ['kilometre', 'mile'] }, 'kilometer')).toMatchObject({
      issue: { alternatives: ['kilometre', 'mile'] },
    })
    const secret = JSON.stringify([
      fit({ type: 'integer', secret: true }, 'hunter2'),
      fit({ type: 'any', enum: ['hunter1', 5], secret: true }, 'hunter2'),
    ])
    expect(secret).not.toContain('hunter2')
    expect(secret).toContain('a secret')
  })

  it('has a default that fits, unless it is null or none', () => {
    expect(checkInputSpecs({ a: { type: 'integer', default: null }, b: { type: 'integer' } })).toEqual([])
    expect(checkInputSpecs({ a: { type: 'integer', default: '5' } })).toEqual([])
    const [issue, ...more] = checkInputSpecs({ a: { type: 'integer', default: 'x' } })
    expect(issue).toMatchObject({
      pointer: '/inputs/a/default',
      message: expect.stringMatching(/^The default does not fit\. /) as string,
    })
    expect(more).toEqual([])
    expect(checkInputSpecs({ a: { type: 'any', default: 'x', secret: true } })).toMatchObject([{ code: 'secret_leak' }])
    expect(checkInputSpecs({ a: { type: 'any', default: 'x', secret: false } })).toEqual([])
  })

  it('is referred to by name, wherever a text says so', () => {
    const names = (value: unknown): string[] => {
      const found = new Set<string>()
      collectInputNames(value, found)
      return [...found]
    }
    expect(names({ a: ['${inputs.b} ${ inputs . größe2 }', { c: 'inputs[\'d e\'] + inputs["f"]' }], n: 1 })).toEqual([
      'b',
      'größe2',
      'd e',
      'f',
    ])
    expect(names('${inputs}')).toEqual(['*'])
    expect(names(['myinputs.x', 'a.inputs.x', '$inputs.x', 'inputs_x', 'in', null])).toEqual([])
  })
})

describe('a document as code has it', () => {
  it('is spelled as files have it, at every level', () => {
    expect(
      respellAsWire({
        apiVersion: 1,
        timeoutMs: 5,
        onError: { strategy: 'fail' },
        steps: [
          { dependsOn: ['a'], timeoutMs: 1, deadlineMs: 2, outputSchema: {}, kind: 'agent', component: 'x' },
          { retry: { maxAttempts: 2, initialWaitMs: 3, maxWaitMs: '4s' }, wait: { forMs: 6, timeoutMs: 7 } },
          'text',
        ],
        budget: { wallTimeMs: 1000 },
      }),
    ).toEqual({
      api_version: 1,
      timeout: '5ms',
      on_error: { strategy: 'fail' },
      steps: [
        { depends_on: ['a'], timeout: '1ms', deadline: '2ms', output_schema: {}, agent: 'x' },
        { retry: { max_attempts: 2, initial_wait: '3ms', max_wait: '4s' }, wait: { for: '6ms', timeout: '7ms' } },
        'text',
      ],
      budget: { wall_time: '1s' },
    })
  })

  it('keeps what is in both spellings, and says a kind only beside a component', () => {
    const step = (given: JsonObject): unknown => (respellAsWire({ steps: [given] }).steps as JsonValue[])[0]
    for (const same of [
      { timeoutMs: 1, timeout: '1s' },
      { kind: 'other', component: 'x' },
      { kind: 'tool' },
      { kind: 'tool', component: 'x', tool: 'y' },
      { kind: 'agent', component: 'x', agent: 'y' },
      { retry: 5, wait: 'x' },
    ])
      expect(step(same)).toEqual(same)
    const plain = { steps: 'x', budget: 5 }
    expect(respellAsWire(plain)).toEqual(plain)
  })

  it('has its own keys at every place', () => {
    const has = (path: (string | number)[], ...keys: string[]): void => {
      expect(legalKeysAt(path)).toEqual(expect.arrayContaining(keys))
    }
    has([], 'steps', 'name')
    has(['on_error'], 'strategy')
    has(['budget'], 'wall_time')
    has(['recovery', 'fx'], 'max_attempts')
    has(['inputs', 'a'], 'type', 'secret')
    has(['steps', 0], 'component', 'for_each')
    has(['steps', 0, 'retry'], 'max_attempts')
    has(['steps', 0, 'wait'], 'until')
    has(['steps', 0, 'concurrency'], 'key', 'limit')
    has(['steps', 0, 'fallback'], 'value', 'component')
    has(['steps', 0, 'fallback', 1], 'value', 'component')
    for (const path of [['outputs'], ['inputs'], ['inputs', 'a', 'enum'], ['steps', 0, 'inputs'], ['steps']])
      expect(legalKeysAt(path)).toEqual([])
  })
})

describe('a condition of the older form', () => {
  const rewrite = (...steps: JsonValue[]) => {
    const { value, issues } = rewriteConditions({ steps })
    return { steps: value.steps, issues: issues.map(({ code, pointer, step }) => [code, pointer, step]) }
  }

  it('is said with if, together with the one that is there', () => {
    expect(rewrite({ name: 'a', condition: 'x > 1', if: '${y}' })).toEqual({
      steps: [{ name: 'a', if: '(x > 1) && (y)' }],
      issues: [],
    })
    expect(rewrite({ name: 'a', condition: { if: '${x}' }, if: ' ' }, 'text')).toEqual({
      steps: [{ name: 'a', if: 'x' }, 'text'],
      issues: [],
    })
    expect(rewrite({ name: 'a', condition: null })).toEqual({ steps: [{ name: 'a' }], issues: [] })
  })

  it('makes the steps it names wait for it, each once', () => {
    expect(
      rewrite(
        { name: 'a', condition: { if: 'x', then: ['b', 'c'], else: 'd' } },
        { name: 'b', depends_on: 'z' },
        { name: 'c', depends_on: ['a'], if: 'y' },
        { name: 'd' },
        { name: 'e', condition: { if: 'v', then: null, else: ['d'] } },
      ),
    ).toEqual({
      steps: [
        { name: 'a' },
        { name: 'b', if: 'x', depends_on: ['z', 'a'] },
        { name: 'c', if: '(x) && (y)', depends_on: ['a'] },
        { name: 'd', if: '(!(v)) && (!(x))', depends_on: ['a', 'e'] },
        { name: 'e' },
      ],
      issues: [],
    })
  })

  it.each<[string, JsonObject, [string, string]]>([
    ['without an if', { then: 'b' }, ['schema', '/steps/0/condition']],
    ['with an empty if', { if: ' ' }, ['schema', '/steps/0/condition']],
    ['with an unknown key', { if: 'x', otherwise: 'b' }, ['schema', '/steps/0/condition/otherwise']],
    ['that names no step', { if: 'x', then: 'ghost' }, ['unknown_dependency', '/steps/0/condition/then']],
    ['with steps inside', { if: 'x', else: [{ component: 'k' }] }, ['not_supported', '/steps/0/condition/else']],
  ])('is refused %s', (_, condition, [code, pointer]) => {
    expect(rewrite({ name: 'a', condition }, { name: 'b' }).issues).toEqual([[code, pointer, 'a']])
  })

  it('is refused as a list, and for a step without a name that others should wait for', () => {
    expect(rewrite({ condition: [] }).issues).toEqual([['schema', '/steps/0/condition', undefined]])
    expect(rewrite({ condition: { if: 'x', then: 'b' } }, { name: 'b' }).issues).toEqual([
      ['not_supported', '/steps/0/condition/then', undefined],
    ])
    const none = { steps: 'x' }
    expect(rewriteConditions(none).value).toBe(none)
  })
})
