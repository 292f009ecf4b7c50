import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { parsePlan, yamlPlanIn } from '../../src/planner/parse-plan.ts'

const plan = { steps: [{ name: 'news', component: 'news-tool', action: 'search_news', inputs: { query: 'x' } }] }
const text = JSON.stringify(plan)

describe('parsePlan', () => {
  it.each([
    ['plain JSON', text],
    ['a fence', `\`\`\`json\n${text}\n\`\`\``],
    ['prose around it', `Sure! Here is the plan:\n\n${text}\n\nLet me know if {anything} is unclear.`],
    ['thoughts before it', `<think>maybe {"steps": []}?</think>${text}`],
    ['single quotes and bare keys', text.replaceAll('"', "'").replaceAll("'name'", 'name')],
    ['a trailing comma', text.replace(/\}\]\}$/, '},]}')],
    ['the list of steps alone', JSON.stringify(plan.steps)],
    ['a plan inside an object', JSON.stringify({ plan })],
  ])('reads %s', (_, answer) => {
    expect(parsePlan(answer).value).toEqual(plan)
  })

  it('never changes the inside of a string (B12)', () => {
    const strange =
      '*/5 * * * * and 2 * 3 * 4 and **kwargs** http://h/a//b {"a":"}{"} // no, /* none */ ,] \'s\' "d" ```json\n{}\n``` \t end'
    const one = JSON.stringify({ steps: [{ name: 'a', inputs: { q: strange } }] })
    for (const answer of [one, `\`\`\`json\n${one}\n\`\`\``, `Plan: ${one} done.`]) {
      expect(parsePlan(answer).value).toEqual({ steps: [{ name: 'a', inputs: { q: strange } }] })
    }
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 60 }), (q) => {
        const value = { steps: [{ name: 'a', inputs: { q } }] }
        expect(parsePlan(JSON.stringify(value)).value).toEqual(value)
      }),
    )
  })

  it('refuses a plan that broke off, though what is left of it looks whole', () => {
    expect(parsePlan(text.slice(0, -12)).issue?.message).toContain('broke off')
    expect(parsePlan(`${text.slice(0, -2)}, {"name": "second", "comp`).issue?.message).toContain('broke off')
  })

  it('drops remarks beside the plan, and no other unknown key', () => {
    const [one] = plan.steps
    const said = {
      reasoning: 'Because.',
      retries: 3,
      steps: [{ ...one, thought: 'News!', inputs: { query: 'x', notes: 'kept' } }],
    }
    expect(parsePlan(JSON.stringify(said)).value).toEqual({
      retries: 3,
      steps: [{ ...one, inputs: { query: 'x', notes: 'kept' } }],
    })
  })

  it('drops what is said about a step, and takes its id as its name where it has no other', () => {
    const [one] = plan.steps
    const { name: _, ...nameless } = one ?? { name: '' }
    const steps = [
      { ...one, id: 1, reason: 'News!' },
      { ...nameless, id: 'second', why: 'More.' },
    ]
    expect(parsePlan(JSON.stringify({ steps })).value).toEqual({ steps: [one, { ...nameless, name: 'second' }] })
    expect(parsePlan('{"steps": [], "reason": "No clock."}').value).toEqual({ steps: [], reason: 'No clock.' })
  })

  it('says what is wrong with an answer that is no plan', () => {
    expect(parsePlan('  ').issue?.message).toContain('empty')
    expect(parsePlan('I cannot do that.').issue?.message).toContain('"I cannot do that."')
    expect(parsePlan('[1, 2]').issue?.message).toContain('not a plan')
    expect(parsePlan('"steps"').issue?.code).toBe('syntax')
  })

  it.each([
    ['one step alone', '{"component": "w", "action": "now", "inputs": {"city": "Paris"}}'],
    ['inputs by another name', '{"steps": [{"component": "w", "action": "now", "parameters": {"city": "Paris"}}]}'],
    [
      'numbered steps',
      '{"steps": [{"step": 1, "component": "w", "action": "now", "args": {"city": "Paris"}}], "goal": "x"}',
    ],
  ])('reads a plan with %s', (_, answer) => {
    expect(parsePlan(answer).value).toEqual({ steps: [{ component: 'w', action: 'now', inputs: { city: 'Paris' } }] })
  })

  it('does not choose between two kinds of inputs', () => {
    const steps = [
      { component: 'w', action: 'now', parameters: { a: 1 }, args: { a: 2 } },
      { component: 'w', action: 'now', inputs: { a: 1 }, args: { a: 2 } },
    ]
    expect(parsePlan(JSON.stringify({ steps })).value).toEqual({ steps })
  })

  it('takes one missing thing for a list of one, and null for no steps', () => {
    expect(parsePlan('{"steps": [], "reason": "Where?", "missing": "the city"}').value).toEqual({
      steps: [],
      reason: 'Where?',
      missing: ['the city'],
    })
    expect(parsePlan('{"steps": null, "reason": "no"}').value).toEqual({ steps: [], reason: 'no' })
    expect(parsePlan('{"steps": null}').value).toEqual({ steps: null })
  })

  it('finds a plan in YAML, and in nothing that only speaks of steps', () => {
    const plan = 'steps:\n  - component: w\n    inputs: {city: Paris}\n'
    expect(yamlPlanIn(plan)).toBe(plan)
    expect(yamlPlanIn(`Here it is:\n\`\`\`yaml\n${plan}\`\`\`\nDone.`)).toBe(plan)
    expect(yamlPlanIn(`Here it is:\n\n${plan}`)).toBe(plan)
    expect(yamlPlanIn('The steps: look, then book.')).toBeUndefined()
    expect(yamlPlanIn('steps: none')).toBeUndefined()
    expect(yamlPlanIn('x'.repeat(200_000))).toBeUndefined()
  })

  it('takes no steps without a reason for an honest "cannot" (B03)', () => {
    expect(parsePlan('{"steps": []}').value).toEqual({
      steps: [],
      reason: 'Nothing that is offered can serve this request.',
    })
    expect(parsePlan('{"steps": [], "reason": "No clock.", "missing": ["a clock"]}').value).toEqual({
      steps: [],
      reason: 'No clock.',
      missing: ['a clock'],
    })
  })

  const calls = {
    steps: [
      { name: 'search_news', action: 'search_news', inputs: { query: 'a, (b) = "c"', limit: 3 } },
      { name: 'search_news_2', action: 'search_news', inputs: { query: "it's", tags: ['x', 'y'] } },
      { name: 'now', action: 'now', inputs: {} },
    ],
  }
  const listed = [
    { name: 'search_news', arguments: { query: 'a, (b) = "c"', limit: 3 } },
    { name: 'search_news', arguments: { query: "it's", tags: ['x', 'y'] } },
    { name: 'now', arguments: {} },
  ]

  it.each([
    ['names and arguments', JSON.stringify(listed)],
    ['names and arguments in a fence', `Here:\n\`\`\`json\n${JSON.stringify(listed)}\n\`\`\``],
    [
      'APIs and parameters',
      JSON.stringify(
        listed.map(({ name, arguments: parameters }) => ({ api: name, parameters, responses: ['API_0'] })),
      ),
    ],
    [
      'vendor calls, whose arguments are JSON text',
      JSON.stringify({
        tool_calls: listed.map(({ name, arguments: args }, i) => ({
          id: `call_${i}`,
          type: 'function',
          function: { name, arguments: JSON.stringify(args) },
        })),
      }),
    ],
    ['the name as the only key', JSON.stringify(listed.map(({ name, arguments: inputs }) => ({ [name]: inputs })))],
    ['tags', listed.map((call) => `<tool_call>\n${JSON.stringify(call)}\n</tool_call>`).join('\n')],
    [
      'tags that carry the name',
      listed.map(({ name, arguments: inputs }) => `<function=${name}>${JSON.stringify(inputs)}</function>`).join(''),
    ],
    [
      'code in a list',
      `[search_news(query='a, (b) = "c"', limit=3), search_news(query="it's", tags=['x', "y"]), now()]`,
    ],
    [
      'lines of code',
      `\`\`\`python\nsearch_news(query='a, (b) = "c"', limit=3)\nx = search_news(query="it's", tags=['x', "y"]);\nnow()\n\`\`\``,
    ],
  ])('reads a list of calls: %s', (_, answer) => {
    expect(parsePlan(answer).value).toEqual(calls)
  })

  it('takes nothing else for a list of calls', () => {
    expect(parsePlan('I would call search_news(query="x") first.').issue).toBeDefined()
    expect(parsePlan('[search_news("x")]').value).toEqual({ steps: [{ expression: 'search_news("x")' }] })
    const steps = [{ name: 'a', component: 'news-tool', inputs: { query: 'x' } }]
    expect(parsePlan(JSON.stringify(steps)).value).toEqual({ steps })
  })
})
