import { describe, expect, it } from 'vitest'
import type { Issue } from '../../../src/contracts/plan.ts'
import { readDocument } from '../../../src/plan/document.ts'

const places = (issues: readonly Issue[]): string[] =>
  issues.map(({ code, severity, line, column }) => `${severity === 'warning' ? '?' : ''}${code} ${line}:${column}`)
describe('a broken document, and where', () => {
  it.each<[string, string, string[]]>([
    ['an unknown key of the document', 'stepz: []\nsteps: []\n', ['unknown_key 1:1', '?schema 2:8']],
    ['an unknown key of a step', 'steps:\n  - component: a\n    acton: b\n', ['unknown_key 3:5']],
    ['an unknown key of retry', 'steps:\n  - component: a\n    retry: {max_attempt: 2}\n', ['unknown_key 3:13']],
    ['an unknown key of wait', 'steps:\n  - type: wait\n    wait:\n      fro: 1s\n', ['unknown_key 4:7']],
    ['an unknown key of an input', 'inputs:\n  a: {typ: string}\nsteps: [{type: gate}]\n', ['unknown_key 2:7']],
    [
      'an unknown key of a fallback in a list',
      'steps:\n  - component: a\n    fallback:\n      - {component: b}\n      - {component: c, actoin: d}\n',
      ['unknown_key 5:24'],
    ],
    ['camelCase in a file', 'steps:\n  - component: a\n    dependsOn: []\n', ['unknown_key 3:5']],
    ['the same key twice', 'name: a\nname: b\nsteps: []\n', ['syntax 2:1']],
    ['the same key twice in JSON', '{"steps": [],\n "name": "a",\n "name": "b"}', ['syntax 3:2', 'schema 1:11']],
    ['a tab as indentation', 'steps:\n\t- component: a\n', ['syntax 2:1']],
    ['an unquoted if with "!"', 'steps:\n  - component: a\n    if: !inputs.x\n', ['syntax 3:9']],
    ['an empty if', 'steps:\n  - component: a\n    if:\n', ['bad_expression 3:8']],
    ['an if of nothing', 'steps:\n  - component: a\n    if: "${ }"\n', ['bad_expression 3:9']],
    [
      'an unquoted reference inside braces',
      'steps:\n  - component: a\n    inputs: {x: ${inputs.x}}\n',
      ['syntax 3:18', 'syntax 3:19', 'syntax 3:28'],
    ],
    ['no attempts (B101)', 'steps:\n  - component: a\n    retry: {max_attempts: 0}\n', ['schema 3:27']],
    ['a duration without unit', 'steps:\n  - component: a\n    timeout: 30\n', ['schema 3:14']],
    ['a duration in words', 'steps:\n  - component: a\n    timeout: 30 seconds\n', ['schema 3:14']],
    ['a wrong value of a choice', 'steps:\n  - component: a\n    on_error: ignore\n', ['schema 3:15']],
    ['a list where an object is due', 'steps:\n  - component: a\n    inputs: [1]\n', ['schema 3:13']],
    ['inputs that are a text and no reference', 'steps:\n  - component: a\n    inputs: all of it\n', ['schema 3:13']],
    ['a step that is no object', 'steps:\n  - fetch\n', ['schema 2:5']],
    ['a missing "steps"', 'name: x\n', ['schema 1:1']],
    ['a workflow without steps', 'name: x\nsteps: []\n', ['schema 2:8']],
    ['equal names', 'steps:\n  - name: a\n    component: x\n  - name: a\n    component: x\n', ['duplicate_name 4:11']],
    ['an empty name (B07)', 'steps:\n  - name: ""\n    component: x\n', ['empty_name 2:11']],
    ['a name with a dot', 'steps:\n  - name: a.b\n    component: x\n', ['bad_name 2:11']],
    ['a name that sets a prototype', 'steps:\n  - name: __proto__\n    component: x\n', ['bad_name 2:11']],
    ['a key that sets a prototype', 'steps:\n  - component: x\n    inputs: {__proto__: {a: 1}}\n', ['schema 3:14']],
    [
      'a key that sets a prototype, in JSON',
      '{"steps": [{"component": "x",\n "inputs": {"__proto__": 1}}]}',
      ['schema 2:13'],
    ],
    ['two components', 'steps:\n  - component: a\n    tool: b\n', ['schema 3:11']],
    ['a transform without set', 'steps:\n  - type: transform\n', ['schema 2:5']],
    ['a gate that calls', 'steps:\n  - type: gate\n    component: a\n', ['schema 3:16']],
    ['a prompt on a call', 'steps:\n  - component: a\n    prompt: hello\n', ['schema 3:13']],
    ['a wait for two things', 'steps:\n  - wait: {for: 1s, until: "2030-01-01"}\n', ['schema 2:11']],
    [
      'a default of the wrong type',
      'inputs:\n  n: {type: integer, default: many}\nsteps: [{type: gate}]\n',
      ['wrong_type 2:31'],
    ],
    ['an alias without anchor', 'steps: *nope\n', ['syntax 1:8', 'schema 1:8']],
    ['an alias that contains itself', 'steps: &s [*s]\n', ['syntax 1:12', 'schema 1:12']],
    ['more than one document', 'steps: []\n---\nsteps: []\n', ['syntax 2:1']],
    ['nothing', '  \n', ['syntax 1:1']],
    ['a text', 'hello\n', ['schema 1:1']],
    [
      'windows line ends and a byte order mark',
      '\uFEFFsteps:\r\n  - component: a\r\n    acton: b\r\n',
      ['unknown_key 3:5'],
    ],
    ['the place in JSON', '{\n  "steps": [\n    {"component": "a", "timeout": "soon"}\n  ]\n}', ['schema 3:35']],
  ])('%s', async (_, text, expected) => {
    const { document, issues } = await readDocument(text)
    expect(places(issues)).toEqual(expected)
    expect(document).toBeUndefined()
    for (const { message } of issues) expect(message).toMatch(/^["A-Z-].*[.:?}"]$/s)
  })

  it('suggests the nearest legal key', async () => {
    const { issues } = await readDocument('steps:\n  - componet: a\n    depend_on: []\n')
    expect(issues.map(({ pointer, alternatives }) => [pointer, alternatives[0]])).toEqual([
      ['/steps/0/componet', 'component'],
      ['/steps/0/depend_on', 'depends_on'],
    ])
  })

  it('says to quote an if that YAML reads as a tag', async () => {
    const { issues } = await readDocument('steps:\n  - component: a\n    if: !steps.a.success\n')
    expect(issues[0]?.message).toContain('Put it in quotes: if: "!steps.a.success')
  })

  it('tells all that is wrong at once, also in parts that do not depend on each other', async () => {
    const { issues } = await readDocument(
      'verison: 1\nsteps:\n  - component: a\n    timeout: x\n  - name: b\n  - name: b\n',
    )
    expect(issues.map(({ code }) => code)).toEqual(['schema', 'unknown_key', 'duplicate_name'])
  })
})

describe('hostile documents', () => {
  it('refuses more than the given size', async () => {
    const { issues } = await readDocument(`steps: []\nreason: ${'x'.repeat(1_000_000)}\n`)
    expect(issues).toMatchObject([{ code: 'limit', line: 1, column: 1 }])
  })

  it('refuses aliases that stand for more than they hold', async () => {
    const lines = Array.from(
      { length: 12 },
      (_, i) =>
        `${String.fromCharCode(98 + i)}: &${String.fromCharCode(98 + i)} [${`*${String.fromCharCode(97 + i)},`.repeat(9)}]`,
    )
    const started = performance.now()
    const { issues } = await readDocument(`a: &a [x,x,x,x,x,x,x,x,x]\n${lines.join('\n')}\nsteps: []\n`)
    expect(issues.some(({ code }) => code === 'limit')).toBe(true)
    expect(performance.now() - started).toBeLessThan(2_000)
  })

  it.each([
    ['JSON', `{"steps": ${'['.repeat(5_000)}${']'.repeat(5_000)}}`],
    ['YAML', `steps: ${'['.repeat(300)}${']'.repeat(300)}`],
  ])('refuses nesting without end: %s', async (_, text) => {
    const { document, issues } = await readDocument(text)
    expect(document).toBeUndefined()
    expect(issues.some(({ code }) => code === 'limit')).toBe(true)
  })

  it('refuses objects that contain themselves, and what is not JSON', async () => {
    const inputs: Record<string, unknown> = { f: () => 1, n: Number.NaN, m: new Map() }
    const { issues } = await readDocument({ steps: [{ component: 'a', inputs }] })
    expect(issues.map(({ pointer }) => pointer)).toEqual([
      '/steps/0/inputs/f',
      '/steps/0/inputs/n',
      '/steps/0/inputs/m',
    ])
    inputs['self'] = inputs
    expect((await readDocument({ steps: [{ component: 'a', inputs }] })).issues.map(({ code }) => code)).toContain(
      'limit',
    )
  })

  it('leaves every prototype alone', async () => {
    await readDocument('{"steps": [], "__proto__": {"polluted": 1}, "constructor": {"prototype": {"polluted": 1}}}')
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })
})
