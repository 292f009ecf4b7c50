import { performance } from 'node:perf_hooks'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PlanEvent } from '../../src/contracts/planner.ts'
import { stepHash } from '../../src/plan/diff.ts'
import { createStepStream } from '../../src/planner/stream-steps.ts'
import { demoOffer } from './demo-world.ts'
import { GOOD, news, plan, setup, step } from './planner-setup.ts'
import { collect } from './scripted-ask.ts'

const quote = (symbol: string, more: object = {}): object =>
  step('stock-service', 'stock_quote', { symbol }, { name: 'quote', ...more })
const pieces = (text: string, size = 7): string[] => text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? []

async function early(answers: readonly (string | readonly string[])[], more: Parameters<typeof setup>[0] = {}) {
  const { planner, askOf, model } = setup({ ...more, answers })
  const events: PlanEvent[] = await collect(planner.plan(askOf({ request: 'Do it', isEarlyWelcome: true })))
  const told = events.flatMap((event) => (event.type === 'step' ? [event] : []))
  const last = events.at(-1)
  if (last?.type !== 'document') throw new Error('no document')
  return { events, told, names: told.map((event) => event.step.name), document: last.document, model }
}

describe('steps of a plan that is still being written', () => {
  it('are told as soon as each is complete, before the answer has ended', async () => {
    const { events, told } = await early([
      pieces(plan(news(), quote('${steps.news.output.articles[0].title}', { name: 'then' }))),
    ])
    const order = events.map(({ type }) => type)
    expect(order.filter((type) => type === 'step')).toHaveLength(2)
    expect(order.lastIndexOf('delta')).toBeGreaterThan(order.lastIndexOf('step'))
    expect(order.indexOf('step')).toBeLessThan(order.length / 2 + 2)
    expect(told.map(({ plan: own }) => own.steps.map(({ name }) => name))).toEqual([['news'], ['news', 'then']])
    expect(told[1]?.step.dependsOn).toEqual(['news'])
  })

  it('are the same in content as in the plan in the end, with what could be mended mended', async () => {
    const answer = plan(
      news('{{ quote.output.symbol }}', { component: 'News-Tool', id: 'x', reasoning: 'why not' }),
      quote('TSLA', { symbol: 1 }),
    )
    const { told, document } = await early([answer.replace(',"symbol":1', '')])
    const hashes = new Set(document.steps.map((step) => stepHash(step)))
    expect(told.map((event) => event.step.component)).toEqual(['stock-service'])
    const renamed = await early([plan(news('x', { component: 'News-Tool', id: 'x', reasoning: 'why not' }))])
    expect(renamed.told[0]?.step).toEqual(renamed.document.steps[0])
    expect(renamed.told[0]?.step.component).toBe('news-tool')
    expect(told.every((event) => hashes.has(stepHash(event.step)))).toBe(true)
  })

  it('build only on steps that were told too, and bring those and nothing else', async () => {
    const { names, told } = await early([
      plan(
        quote('A', { name: 'one' }),
        step('ghost', 'go', {}, { name: 'two' }),
        news('${steps.two.output.x}', { name: 'three' }),
        news('${steps.later.output.symbol}', { name: 'four' }),
        quote('B', { name: 'later' }),
        news('${steps.one.output.symbol}', { name: 'five' }),
        news('x', { name: 'six', depends_on: ['three'] }),
      ),
      GOOD,
    ])
    expect(names.slice(0, 3)).toEqual(['one', 'later', 'five'])
    expect(told[2]?.plan.steps.map(({ name }) => name)).toEqual(['one', 'five'])
  })

  it.each([
    ['a component that was not offered', quote('A')],
    ['a missing input', news('x', { inputs: {} })],
    ['a wrong type', news('x', { inputs: { query: 'x', max_results: 'many' } })],
    ['an input of the plan', news('${inputs.query}')],
    ['a secret', news('${secrets.KEY}')],
    ['a reference in another syntax to what is not written yet', news('{{later.response.data.symbol}}')],
    ['a reference without braces', news('steps.later.output.symbol')],
    ['no name of its own', { component: 'news-tool', action: 'search_news', inputs: { query: 'x' } }],
    ['a digit more than a number can hold', news('x', { inputs: { query: 'x', max_results: 1 } })],
  ])('are not told with %s', async (what, bad) => {
    const offered = demoOffer.filter(({ component }) => component.name === 'news-tool')
    const text = plan(bad).replace('"max_results":1', '"max_results":9007199254740993')
    const { told } = await early([text, '{"steps": [], "reason": "no", "missing": ["x"]}'], { offered })
    expect({ what, told }).toEqual({ what, told: [] })
  })

  it('are told of corrections too', async () => {
    const { names, model } = await early([
      plan(quote('A', { name: 'first' }), step('ghost', 'go', {})),
      plan(quote('A', { name: 'first' }), news()),
    ])
    expect(names).toEqual(['first', 'first', 'news'])
    expect(model.asks.map(({ purpose }) => purpose)).toEqual(['plan', 'plan-repair'])
  })

  it('are not told when nobody wants them', async () => {
    const { planner, askOf } = setup({ answers: [GOOD] })
    const events = await collect(planner.plan(askOf()))
    expect(events.filter(({ type }) => type === 'step')).toEqual([])
  })

  it('are not told of a plan in a foreign format, which is read as a whole', async () => {
    const gomind = {
      steps: [
        {
          step_id: 'step-1',
          agent_name: 'news-tool',
          metadata: { capability: 'search_news', parameters: { query: 'x' } },
        },
      ],
    }
    const { told, document } = await early([JSON.stringify(gomind)])
    expect(told).toEqual([])
    expect(document.steps).toHaveLength(1)
  })

  it('stops telling where the answer is not plain JSON, and reads it as a whole in the end', async () => {
    const { names, document } = await early([
      '{"steps": [{"name": "news", "component": "news-tool", "action": "search_news", "inputs": {"query": "x"}}, // more\n {"name": "q", "component": "stock-service", "action": "stock_quote", "inputs": {"symbol": "A"}}]}',
    ])
    expect(names).toEqual(['news'])
    expect(document.steps.map(({ name }) => name)).toEqual(['news', 'q'])
  })

  it('are checked in time that does not grow with the square of a long plan', async () => {
    const steps = (n: number): string =>
      plan(...Array.from({ length: n }, (_, i) => quote('A', { name: `s${i}`, description: `${i}` })))
    const started = performance.now()
    const { names } = await early([steps(600)])
    expect(names).toHaveLength(32)
    expect(performance.now() - started).toBeLessThan(5_000)
  })
})

describe('what is told early', () => {
  /** What models write for a reference to step `at` of a plan, and for none. */
  const forms: readonly ((at: number) => string)[] = [
    () => 'x',
    () => 'steps',
    (at) => `\${steps.s${at}.output.symbol}`,
    (at) => `about \${steps.S${at}.output.symbol}`,
    (at) => `\${steps[${at}].output.symbol}`,
    (at) => `{{s${at}.output.symbol}}`,
    (at) => `{{step-${at + 1}.response.symbol}}`,
    (at) => `{{${at + 1}.output.symbol}}`,
    (at) => `{step-${at + 1}.response.symbol}`,
    (at) => `\${s${at}.output.symbol}`,
    (at) => `steps.s${at}.output.symbol`,
    (at) => `s${at}`,
    (at) => `<node-${at}>`,
  ]
  const written = fc.record({
    spelling: fc.constantFrom('exact', 'exact', 'loose'),
    form: fc.constantFrom(...forms),
    offset: fc.integer({ min: -4, max: 1 }),
    isNamed: fc.boolean(),
    waitsFor: fc.option(fc.integer({ min: -3, max: -1 })),
  })
  type Written = typeof written extends fc.Arbitrary<infer T> ? T : never

  function answerOf(items: readonly Written[]): string {
    const steps = items.map(({ spelling, form, offset, isNamed, waitsFor }, i) => {
      const isExact = spelling === 'exact'
      const at = Math.min(items.length - 1, Math.max(0, i + offset))
      const before = waitsFor === null ? -1 : i + waitsFor
      return {
        ...((isNamed || i < 4) && { name: `s${i}` }),
        component: isExact ? 'stock-service' : 'Stock_Service',
        action: isExact ? 'stock_quote' : 'STOCK-quote',
        inputs: { [isExact ? 'symbol' : 'Symbol']: at === i ? 'x' : form(at) },
        ...(before >= 0 && before < 4 && { depends_on: [`s${before}`] }),
      }
    })
    return plan(...steps)
  }

  it('is in the plan in the end exactly as it was told, whenever that plan is valid', async () => {
    let toldInAll = 0
    await fc.assert(
      fc.asyncProperty(fc.array(written, { minLength: 2, maxLength: 6 }), async (items) => {
        const { planner, askOf } = setup({ answers: [pieces(answerOf(items), 11)], planner: { maxRepairs: 0 } })
        const events = await collect(planner.plan(askOf({ request: 'Do it', isEarlyWelcome: true })))
        const last = events.at(-1)
        if (last?.type !== 'document' || last.issues.some(({ severity }) => severity === 'error')) return
        for (const event of events) {
          if (event.type !== 'step') continue
          toldInAll++
          expect(last.document.steps).toContainEqual(event.step)
        }
      }),
      { numRuns: 150 },
    )
    expect(toldInAll).toBeGreaterThan(100)
  })
})

describe('createStepStream', () => {
  const read = async (text: string, size: number): Promise<unknown[]> => {
    const stream = await createStepStream()
    return pieces(text, size).flatMap((piece) => stream.write(piece))
  }
  const answer =
    '{"steps": [{"name": "a", "inputs": {"t": "}] \\" {"}}, {"name": "b", "inputs": {"n": [1, {"x": null}]}}]}'
  const steps = (JSON.parse(answer) as { steps: unknown[] }).steps

  it.each([
    ['plain', answer],
    ['a fence', `\`\`\`json\n${answer}\n\`\`\``],
    ['prose before it', `Here is the plan:\n${answer}`],
    ['thoughts before it', `<think>maybe {"steps": [{"name": "no"}]} or so</think>\n${answer}`],
    ['thoughts in capitals', `\n<THINKING>{</THINKING>${answer}`],
  ])('reads steps from an answer with %s, however it is cut', async (_, text) => {
    for (const size of [1, 2, 3, 5, 8, 13, 1_000]) expect(await read(text, size)).toEqual(steps)
  })

  it('gives nothing that JSON.parse would not give, and never throws', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.dictionary(fc.string(), fc.jsonValue()), { maxLength: 4 }),
        fc.integer({ min: 1, max: 9 }),
        fc.nat(40),
        fc.string({ maxLength: 3 }),
        async (items, size, at, noise) => {
          const text = JSON.stringify({ steps: items })
          const whole = await read(text, size)
          const isExact = (item: unknown): boolean => !/\d{16}|e\+|__proto__/.test(JSON.stringify(item))
          expect(whole.filter(isExact)).toEqual((JSON.parse(text) as { steps: unknown[] }).steps.filter(isExact))
          await read(text.slice(0, at) + noise + text.slice(at), size)
        },
      ),
      { numRuns: 60 },
    )
  })

  it('lets no key reach a prototype', async () => {
    expect(await read('{"steps": [{"name": "a", "inputs": {"__proto__": {"x": 1}}}]}', 4)).toEqual([])
  })
})
