import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { JsonValue } from '../../src/contracts/json.ts'
import { parseLenientJson } from '../../src/util/lenient-json.ts'

const valueOf = (text: string): JsonValue | undefined => parseLenientJson(text)?.value
const PLAN = '{"steps": [{"name": "a", "inputs": {"q": "x"}}]}'
const plan = { steps: [{ name: 'a', inputs: { q: 'x' } }] }

describe('what stands around the JSON', () => {
  it.each([
    ['nothing', PLAN],
    ['a fence', `\`\`\`json\n${PLAN}\n\`\`\``],
    ['a fence without its end', `\`\`\`\n${PLAN}`],
    ['prose on both sides', `Sure! Here is the plan:\n${PLAN}\nLet me know.`],
    ['prose with braces and brackets', `I use {the plan} as in [1] and {{x}}: ${PLAN} (see {steps}).`],
    ['a hundred footnotes', `${'So it is [1], [2]. '.repeat(50)}${PLAN}`],
    ['an apostrophe before it', `Here's it: ${PLAN}`],
    ['thoughts', `<think>First {"steps": []}, no, wait.</think>${PLAN}`],
    ['thoughts whose beginning was cut', `maybe {"steps": [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12]}</think>\n${PLAN}`],
    ['thoughts that never end', `<think>I answer ${PLAN}`],
    ['a tool call tag', `<tool_call>\n${PLAN}\n</tool_call>`],
    ['one brace too many', `${PLAN}}}`],
    ['a byte order mark', `\uFEFF${PLAN}`],
  ])('ignores %s', (_what, text) => {
    expect(parseLenientJson(text)).toEqual({ value: plan })
  })

  it('prefers an object with steps to a longer one without', () => {
    expect(valueOf(`{"note": "${'long '.repeat(50)}"}\n${PLAN}`)).toEqual(plan)
  })

  it('takes the longest of several values otherwise', () => {
    expect(valueOf('Use [1] for {"a": 1} or {"a": 1, "b": 2}.')).toEqual({ a: 1, b: 2 })
  })

  it('finds nothing where nothing is', () => {
    for (const text of ['', 'I cannot do that.', 'a } b ] c', '{not really}']) expect(valueOf(text)).toBeUndefined()
  })
})

describe('what is nearly JSON', () => {
  it.each<[string, string, JsonValue]>([
    ['trailing commas', '{"a": [1, 2,], "b": 3,}', { a: [1, 2], b: 3 }],
    ['comments', '{"a": 1, // one\n /* two */ "b": 2, # three\n "c": [] }', { a: 1, b: 2, c: [] }],
    ['single quotes', "{'a': 'it\\'s', 'b': ['x']}", { a: "it's", b: ['x'] }],
    ['typographic quotes', '{“a”: “b”}', { a: 'b' }],
    ['keys without quotes', '{a: 1, b_c: 2, d-e: 3}', { a: 1, b_c: 2, 'd-e': 3 }],
    ['Python', "{'a': True, 'b': False, 'c': None}", { a: true, b: false, c: null }],
    ['line breaks in strings', '{"a": "x\ny"}', { a: 'x\ny' }],
    ['escapes of Markdown', '{"name": "get\\_weather"}', { name: 'get_weather' }],
    ['escapes that do not exist', '{"pattern": "\\d+\\.\\d"}', { pattern: '\\d+\\.\\d' }],
    ['a brace too many inside', '{"steps": [{"a": 1}}]}', { steps: [{ a: 1 }] }],
    ['a forgotten brace', '{"steps": [{"inputs": {"a": 1}]}', { steps: [{ inputs: { a: 1 } }] }],
    ['a forgotten bracket', '{"steps": [{"a": 1}, {"b": 2}}', { steps: [{ a: 1 }, { b: 2 }] }],
    ['a forgotten comma', '{"a": "x"\n "b": 2}', { a: 'x', b: 2 }],
    ['quotes inside strings', '{"a": "say "hi" to me", "b": 2}', { a: 'say "hi" to me', b: 2 }],
    [
      'references without quotes',
      '{"a": ${steps.x.output}, "b": {{s.response}}}',
      { a: '${steps.x.output}', b: '{{s.response}}' },
    ],
    ['large integers', '{"id": 12345678901234567890,}', { id: 12345678901234567890n }],
    ['a value that is missing', '{"a": 1, "b": , "c": 3}', { a: 1, c: 3 }],
    ['a prototype', '{"__proto__": {"x": 1}, "a": 1,}', { a: 1 }],
  ])('reads %s', (_what, text, value) => {
    const result = parseLenientJson(text)
    expect(result).toEqual({ value })
  })

  it('hands arithmetic on as an expression object instead of computing it (B11)', () => {
    expect(valueOf('{"amount": 100 * 468.28, "to": "EUR"}')).toEqual({
      amount: { expression: '100 * 468.28' },
      to: 'EUR',
    })
    expect(valueOf('{"a": "x" + "y", "b": f(1, 2), "c": NaN, "d": 007}')).toEqual({
      a: { expression: '"x" + "y"' },
      b: { expression: 'f(1, 2)' },
      c: { expression: 'NaN' },
      d: { expression: '007' },
    })
  })

  it.each([
    '*/5 * * * *',
    '2 * 3 * 4',
    '**kwargs**',
    'http://host//path?a=1#b',
    '```js\nlet a = {};\n```',
    '// not a comment, /* neither */ # nor this',
    'a } ] { [ b',
    'None, True, NaN',
    "it's {\"quoted\": 'x'}",
    '<think>kept</think>',
    'back\\slash \\_ and \\n',
  ])('never changes the inside of a string: %j (B12)', (text) => {
    const json = JSON.stringify({ steps: [{ value: text }] })
    const expected = { steps: [{ value: text }] }
    expect(valueOf(json)).toEqual(expected)
    expect(valueOf(`Here: ${json} done`)).toEqual(expected)
    expect(valueOf(`\`\`\`json\n${json.slice(0, -2)},], // end\n}\n\`\`\``)).toEqual(expected)
  })
})

describe('a text that broke off', () => {
  it('keeps what was finished and leaves out the half value, since half an amount looks like a whole one', () => {
    expect(parseLenientJson('{"steps": [{"name": "a"}, {"name": "b", "inputs": {"amount": 10')).toEqual({
      value: { steps: [{ name: 'a' }, { name: 'b', inputs: {} }] },
      truncated: true,
    })
    expect(parseLenientJson('{"a": 1, "b": "hal')?.value).toEqual({ a: 1 })
    expect(parseLenientJson('{"a": 1, "b')?.value).toEqual({ a: 1 })
  })
})

describe('whatever is written', () => {
  it('is read or not, without an error', () => {
    const token = fc.constantFrom(
      '{',
      '}',
      '[',
      ']',
      '"',
      "'",
      ',',
      ':',
      '\\',
      '/',
      '*',
      '#',
      '\n',
      'a',
      '1',
      '<think>',
      '</think>',
      '(',
      '`',
      '${',
    )
    fc.assert(
      fc.property(fc.array(token, { maxLength: 60 }), (tokens) => {
        const result = parseLenientJson(tokens.join(''))
        expect(result === undefined || 'value' in result).toBe(true)
      }),
      { numRuns: 2000 },
    )
  })

  it('keeps its strings when commas and comments are added', () => {
    fc.assert(
      fc.property(
        fc.dictionary(fc.stringMatching(/^[a-z]{1,8}$/), fc.string({ unit: 'grapheme' }), { minKeys: 1 }),
        (members) => {
          const body = Object.entries(members).map(([key, value]) => `${key}: ${JSON.stringify(value)}, // note\n`)
          expect(valueOf(`Look: {${body.join('')}} ok`)).toEqual(members)
        },
      ),
    )
  })

  it.each([
    ['openers', '{"a":['.repeat(50_000)],
    ['broken objects', '{x '.repeat(50_000)],
    ['comments', `{"a": ${'"/*'.repeat(50_000)}`],
    ['tags', '<think>'.repeat(50_000)],
    ['calls', "[a('".repeat(50_000)],
  ])('takes no more than moments for %s without end', (_what, text) => {
    const start = performance.now()
    parseLenientJson(text)
    expect(performance.now() - start).toBeLessThan(2000)
  })
})
