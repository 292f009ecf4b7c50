import { describe, expect, it } from 'vitest'
import { createAside, createLiveOutput } from '../../src/cli/live-output.ts'
import { renderPlanTree } from '../../src/cli/render/plan-tree.ts'
import { createRenderer, type Drawing, type RendererOptions } from '../../src/cli/render/renderer.ts'
import { cleanText, createPaint, displayWidth, fitText, paintLine, showDuration } from '../../src/cli/render/text.ts'
import { createWordWrap } from '../../src/cli/render/wrap.ts'
import type { ErrorInfo } from '../../src/contracts/errors.ts'
import type { RunFact } from '../../src/contracts/events.ts'
import type { PlanDocument, Step } from '../../src/contracts/plan.ts'
import type { RecoveryOption } from '../../src/contracts/run.ts'
import { responseOf, stamp, start, stepFacts } from '../telemetry/events.ts'

const plain = createPaint(false)
const call = (name: string, component: string, action: string, more: Partial<Step> = {}): Step => ({
  name,
  type: 'call',
  component,
  action,
  dependsOn: [],
  ...more,
})
const trip: PlanDocument = {
  steps: [
    call('stock', 'stock-service', 'stock_quote'),
    call('geo', 'geocoding-tool', 'geocode_location'),
    call('country', 'country-info-tool', 'get_country_info'),
    call('weather', 'weather-tool-v2', 'get_current_weather', { inputs: { lat: '${steps.geo.output.lat}' } }),
    call('convert', 'currency-tool', 'convert_currency', { dependsOn: ['stock', 'country'] }),
  ],
}
const planned: RunFact[] = [
  { type: 'run-start', request: 'A trip\nto Seoul', inputs: {}, principal: 'local' },
  { type: 'plan-start', offered: 6, hidden: 0 },
  { type: 'plan-end', document: { steps: trip.steps.slice(0, 2) }, way: 'model', issues: [], durationMs: 1234 },
]
const NOW = Date.parse('2026-01-01T00:00:00.000Z')

const play = (facts: readonly RunFact[], options: Partial<RendererOptions> = {}, nowMs = 0) => {
  const renderer = createRenderer({ paint: plain, columns: 100, live: false, streamAnswer: false, ...options })
  const drawings = stamp(facts).map((event) => renderer.on(event, NOW + nowMs))
  const lines = (pick: (d: Drawing) => readonly string[] | undefined) => drawings.flatMap((d) => pick(d) ?? [])
  return {
    renderer,
    drawings,
    print: lines((d) => d.print),
    after: lines((d) => d.after),
    answer: drawings.map((d) => d.answer ?? '').join(''),
  }
}

describe('a step that is being recovered', () => {
  const [begun, called, failed] = stepFacts('stock', { status: 'failed' })
  const recovering = (error: ErrorInfo, option: Pick<RecoveryOption, 'way' | 'what' | 'waitMs'>): string => {
    const decision: RunFact = {
      type: 'recovery',
      step: 'stock',
      component: 'stock-service',
      class: 'backend',
      error,
      options: [
        { way: 'refresh', feasible: false, why: 'x', cost: 'none', impact: 'none' },
        { ...option, feasible: true, why: 'x', cost: 'call', impact: 'none' },
      ],
      chosen: option.way,
      why: 'x',
    }
    const facts = [...planned, begun, called, failed, decision].filter((fact) => fact !== undefined)
    const { drawings } = play(facts, { live: true })
    return drawings.at(-1)?.block?.find((line) => line.includes('stock-service')) ?? ''
  }
  it('says what went wrong and what is done about it, in a few words', () => {
    const busy = { code: 'component_failed', message: 'long story', details: { status: 503 } } as const
    expect(recovering(busy, { way: 'retry', what: 'the same call', waitMs: 200 })).toMatch(
      /↻ stock .*503, again in 200 ?ms$/,
    )
    expect(recovering(busy, { way: 'fallback', what: 'fx-backup' })).toMatch(/503 ⇄ fx-backup stands in$/)
    const late = { code: 'component_timeout', message: 'long story' } as const
    expect(recovering(late, { way: 'retry', waitMs: 0 })).toMatch(/timeout, again at once$/)
  })
})

describe('renderPlanTree', () => {
  it('does not say twice what a step calls', () => {
    const steps = [
      call('stock_quote', 'stock-service', 'stock_quote'),
      call('add', 'add', 'add'),
      call('x', 'sum', 'sum'),
    ]
    expect(renderPlanTree({ steps }, plain, 80)).toEqual([
      '├─ stock_quote  stock-service',
      '├─ add',
      '└─ x            sum',
    ])
  })
  it('puts each step under the last of those it waits for, and names the others', () => {
    expect(renderPlanTree(trip, plain, 100)).toEqual([
      '├─ stock       stock-service stock_quote',
      '├─ geo         geocoding-tool geocode_location',
      '│  └─ weather  weather-tool-v2 get_current_weather',
      '└─ country     country-info-tool get_country_info',
      '   └─ convert  currency-tool convert_currency  after stock',
    ])
  })
  it('loses no step of a plan that goes in a circle', () => {
    const circle = { steps: [call('a', 'x', 'y', { dependsOn: ['b'] }), call('b', 'x', 'y', { dependsOn: ['a'] })] }
    expect(renderPlanTree(circle, plain, 80)).toEqual(['└─ b     x y  after a', '   └─ a  x y'])
  })
  it('cuts a large plan and says how much is left', () => {
    const steps = Array.from({ length: 60 }, (_, i) => call(`s${i}`, 'x', 'y'))
    const lines = renderPlanTree({ steps }, plain, 80)
    expect(lines.length).toBe(41)
    expect(lines.at(-1)).toBe('   and 20 more')
  })
})

describe('createRenderer in a pipe', () => {
  it('prints the request, the plan, each step when it ends, the answer, and what it took', () => {
    const end: RunFact = {
      type: 'run-end',
      response: responseOf('succeeded', {
        answer: 'You can afford it.',
        usage: { modelCalls: 2, inputTokens: 100, outputTokens: 20, byPurpose: {} },
        timings: { planningMs: 0, executionMs: 0, synthesisMs: 0, totalMs: 2345 },
      }),
    }
    const geo = stepFacts('geo', { component: 'geocoding-tool', action: 'geocode_location', durationMs: 1500 })
    const { print, answer, after } = play([...planned, ...stepFacts('stock'), ...geo, end])
    expect(print).toEqual([
      'A trip to Seoul',
      '',
      'Plan  2 steps, written by the model, in 1.2 s',
      '├─ stock  stock-service stock_quote',
      '└─ geo    geocoding-tool geocode_location',
      '',
      '  ✓ stock  stock-service stock_quote            40 ms',
      '  ✓ geo    geocoding-tool geocode_location      1.5 s',
      '',
    ])
    expect(answer).toBe('You can afford it.\n')
    expect(after).toEqual(['', 'succeeded  2.3 s · 0 steps · 2 model calls, 120 tokens'])
  })
  it('says why a step failed or was skipped, and how often it was tried', () => {
    const error = { code: 'component_failed', message: 'HTTP 500\nfrom "stock-service"' } as const
    const attempt = (n: number): RunFact[] => [
      {
        type: 'attempt-start',
        step: 'stock',
        attempt: n,
        component: 'stock-service',
        action: 'stock_quote',
        inputs: {},
        idempotencyKey: 'k',
      },
      { type: 'attempt-end', step: 'stock', attempt: n, status: 'failed', error, durationMs: 1 },
    ]
    const { print } = play([
      ...planned,
      { type: 'step-start', step: 'stock' },
      ...attempt(1),
      ...attempt(2),
      { type: 'step-end', step: 'stock', status: 'failed', error, durationMs: 250 },
      { type: 'step-end', step: 'geo', status: 'skipped', skipReason: 'dependency-failed', durationMs: 0 },
    ])
    expect(print.slice(-2)).toEqual([
      '  ✗ stock  stock-service stock_quote           250 ms  2 tries  HTTP 500 from "stock-service"',
      '  – geo    geocoding-tool geocode_location             a step before it failed',
    ])
  })
  it('says that there is no plan when nothing fits; the reason is the answer', () => {
    const { print } = play([
      start,
      {
        type: 'plan-end',
        document: { steps: [], reason: 'No tool tells the time.' },
        way: 'model',
        issues: [],
        durationMs: 1,
      },
    ])
    expect(print.slice(-2)).toEqual(['No plan', ''])
  })
  it('names what is missing, what stood in, and errors of the run itself', () => {
    const response = responseOf('partial', {
      missing: ['the weather'],
      degraded: { reason: 'The model is away.', way: 'template' },
      errors: [
        { code: 'run_timeout', message: 'Too long.' },
        { code: 'component_failed', message: 'shown at its step', step: 'a' },
      ],
    })
    expect(play([start, { type: 'run-end', response }]).after).toEqual([
      'partial  1.0 s · 0 steps · no model call',
      '  missing: the weather',
      '  run_timeout Too long.',
      '  template: The model is away.',
    ])
  })
  it('does not repeat what the answer says is missing, nor what the command says of a model that is not configured', () => {
    const response = responseOf('partial', {
      answer: 'Not answered\n  - the weather',
      missing: ['the weather'],
      degraded: { reason: 'No model is configured.', way: 'template' },
    })
    expect(play([start, { type: 'run-end', response }], { quietWithoutModel: true }).after).toEqual([
      '',
      'partial  1.0 s · 0 steps · no model call',
    ])
  })
})

describe('createRenderer on a terminal', () => {
  it('draws the steps in a block, the running ones with their time so far', () => {
    const { drawings, renderer } = play([...planned, { type: 'step-start', step: 'geo' }], { live: true }, 2000)
    expect(drawings[1]?.block).toEqual(['  planning…'])
    const block = ['├─ · stock  stock-service stock_quote', '└─ ▸ geo    geocoding-tool geocode_location      2.0 s']
    expect(drawings.at(-1)?.block).toEqual(block)
    expect(renderer.tick(NOW + 12_000)[1]).toContain('12 s')
  })
  it('leaves the steps standing before the answer streams, and ends the line after it', () => {
    const deltas: RunFact[] = ['Yes', ', \u001b[31mfine'].map((delta) => ({ type: 'answer-delta', delta }))
    const end: RunFact = { type: 'run-end', response: responseOf('succeeded', { answer: 'Yes, fine' }) }
    const { drawings, answer } = play([...planned, ...stepFacts('stock'), ...deltas, end], {
      live: true,
      streamAnswer: true,
    })
    expect(drawings.at(-3)).toEqual({
      print: [
        '├─ ✓ stock  stock-service stock_quote            40 ms',
        '└─ · geo    geocoding-tool geocode_location',
        '',
      ],
      answer: 'Yes',
    })
    expect(answer).toBe('Yes, fine\n')
    expect(drawings.at(-1)?.print).toEqual([])
  })
  it('shows the plan once: the tree in which the steps run', () => {
    const { print, drawings } = play(
      [
        start,
        { type: 'plan-end', document: trip, way: 'local', issues: [], durationMs: 5 },
        ...stepFacts('geo', { component: 'geocoding-tool', action: 'geocode_location' }),
        { type: 'step-start', step: 'weather' },
      ],
      { live: true },
      500,
    )
    expect(print.filter((line) => line.includes('geocoding-tool'))).toEqual([])
    expect(drawings.at(-1)?.block?.slice(1, 3)).toEqual([
      '├─ ✓ geo         geocoding-tool geocode_location          40 ms',
      '│  └─ ▸ weather  weather-tool-v2 get_current_weather     500 ms',
    ])
  })
  it('says how long it has been planning or answering, once that takes a while', () => {
    const { drawings, renderer } = play([...planned, ...stepFacts('stock'), ...stepFacts('geo')], { live: true })
    expect(drawings.at(-1)?.block?.at(-1)).toBe('  answering…')
    expect(renderer.tick(NOW + 2_500).at(-1)).toBe('  answering… 2.5 s')
  })
  it('keeps saying how recovery saved a step', () => {
    const repair: RunFact = { type: 'step-repair', step: 'geo', way: 're-resolve', reason: 'Tokio is not known.' }
    const delta: RunFact = { type: 'answer-delta', delta: 'x' }
    const { drawings } = play([...planned, repair, ...stepFacts('geo'), delta], { live: true })
    expect(drawings.at(-2)?.block?.[1]).toMatch(/40 ms {2}corrected$/)
    expect(drawings.at(-1)?.print?.at(-2)).toBe('  ↻ geo: corrected. Tokio is not known.')
  })
  it('cuts a request that is longer than a headline, at the width of the terminal', () => {
    const { print } = play(
      [{ type: 'run-start', request: 'many words '.repeat(100), inputs: {}, principal: 'local' }],
      {
        columns: 30,
      },
    )
    expect(print).toHaveLength(5)
    expect(print[3]).toMatch(/ …$/)
    for (const line of print) expect(displayWidth(line)).toBeLessThanOrEqual(30)
  })
  it('wraps the words of the answer at the width of the terminal, also while it streams', () => {
    const deltas: RunFact[] = ['- a list it', 'em of some', ' words'].map((delta) => ({ type: 'answer-delta', delta }))
    const end: RunFact = { type: 'run-end', response: responseOf('succeeded', { answer: 'x' }) }
    const { answer } = play([start, ...deltas, end], { live: true, streamAnswer: true, answerColumns: 14 })
    expect(answer).toBe('- a list item\n  of some\n  words\n')
  })
  it('shows those at work of a large plan, and counts the others', () => {
    const steps = Array.from({ length: 40 }, (_, i) => call(`s${i}`, 'x', 'y'))
    const facts: RunFact[] = [
      start,
      { type: 'plan-end', document: { steps }, way: 'given', issues: [], durationMs: 0 },
      ...stepFacts('s0'),
      { type: 'step-start', step: 's30' },
    ]
    const block = play(facts, { live: true }).drawings.at(-1)?.block ?? []
    expect(block.length).toBe(16)
    expect(block[0]).toContain('▸ s30')
    expect(block.at(-1)).toBe('  1 of 40 steps done')
  })
  it('keeps every line within the columns, so that the block can be erased', () => {
    const long = call('a'.repeat(60), 'b'.repeat(60), '天'.repeat(60))
    const { drawings } = play(
      [start, { type: 'plan-end', document: { steps: [long] }, way: 'given', issues: [], durationMs: 0 }],
      { live: true, columns: 40 },
    )
    for (const line of [...(drawings[1]?.block ?? []), ...(drawings[1]?.print?.slice(1) ?? [])])
      expect(displayWidth(line)).toBeLessThanOrEqual(40)
  })
})

describe('createLiveOutput', () => {
  const record = () => {
    const written: string[] = []
    const to = (name: string) => ({ write: (text: string) => written.push(`${name}:${text}`) })
    return { written, output: createLiveOutput({ stdout: to('out'), stderr: to('err') }) }
  }
  it('erases exactly the block it drew', () => {
    const { written, output } = record()
    output.show({ block: ['a', 'b'] })
    output.show({ print: ['kept'], block: ['c'] })
    output.redraw(['d'])
    output.show({})
    expect(written).toEqual([
      'err:a\nb\n',
      'err:\r\u001b[2A\u001b[0Jkept\nc\n',
      'err:\r\u001b[1A\u001b[0Jd\n',
      'err:\r\u001b[1A\u001b[0J',
    ])
  })
  it('puts the answer on standard output, between the steps and the footer', () => {
    const { written, output } = record()
    output.show({ block: ['a'] })
    output.show({ print: ['steps'], answer: 'Yes.\n', after: ['footer'] })
    expect(written).toEqual(['err:a\n', 'err:\r\u001b[1A\u001b[0Jsteps\n', 'out:Yes.\n', 'err:footer\n'])
  })
  it('does not write progress into the middle of the answer', () => {
    const { written, output } = record()
    output.show({ answer: 'Ye' })
    output.show({ print: ['late'] })
    expect(written).toEqual(['out:Ye', 'err:\nlate\n'])
  })
})

describe('createAside', () => {
  it('lets log lines through whoever draws, so that they do not tear the block', () => {
    const written: string[] = []
    const aside = createAside({ write: (text) => written.push(text) })
    aside.write('a\n')
    aside.through = (text) => written.push(`above: ${text}`)
    aside.write('b\n')
    expect(written).toEqual(['a\n', 'above: b\n'])
  })
})

describe('createWordWrap', () => {
  const wrapped = (text: string, columns: number): string => {
    const wrap = createWordWrap(columns)
    return wrap.push(text) + wrap.end()
  }
  it('cuts no word, keeps the indent, and breaks between wide characters', () => {
    expect(wrapped('  one two three', 9)).toBe('  one two\n  three')
    expect(wrapped('unbreakable-word', 5)).toBe('unbreakable-word')
    expect(wrapped('서울시는 맑음', 6)).toBe('서울시\n는 맑\n음')
    expect(wrapped('a\n\nb  c', 20)).toBe('a\n\nb  c')
  })
  it('gives the same text whatever the pieces in which it comes', () => {
    const text = 'What is new in Seoul (The Sample Post, 2026-11-19)\n  - and a list of things\n'
    const wrap = createWordWrap(20)
    expect([...text].map((character) => wrap.push(character)).join('') + wrap.end()).toBe(wrapped(text, 20))
  })
})

describe('text', () => {
  it('takes control from foreign text: no escape sequences, no direction tricks; line ends stay', () => {
    expect(cleanText('a\u001b[31mb\u0007c\u202ed\r\ne\u009b2J')).toBe('abcd\ne2J')
  })
  it('counts wide characters as two columns and marks as none', () => {
    expect([displayWidth('서울'), displayWidth('e\u0301'), displayWidth('🎻'), displayWidth('abc')]).toEqual([
      4, 1, 2, 3,
    ])
    expect(fitText('서울시', 5)).toBe('서울…')
  })
  it('shows durations in the unit that reads best', () => {
    expect([0, 41.4, 999, 1_240, 9_940, 9_950, 59_400, 185_000].map(showDuration)).toEqual([
      '0 ms',
      '41 ms',
      '999 ms',
      '1.2 s',
      '9.9 s',
      '10 s',
      '59 s',
      '3 min 05 s',
    ])
  })
  it('paints without taking room', () => {
    const line = paintLine([['red', 'abcdef'], 'gh'], createPaint(true), 4)
    expect(line).toBe('\u001b[31mabc…\u001b[39m')
  })
})
