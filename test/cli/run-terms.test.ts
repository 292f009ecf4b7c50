// --priority, --budget and --due-in, and how a run that came to the end of its budget looks in a terminal.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readBudget } from '../../src/cli/options.ts'
import { tutti } from './process.ts'

const QUOTES = `steps:
  - {name: first, component: stock-service, action: stock_quote, inputs: {symbol: TSLA}}
  - {name: second, component: stock-service, action: stock_quote, inputs: {symbol: AAPL}, depends_on: [first]}
`

let cwd: string
beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'tutti-terms-'))
  await writeFile(join(cwd, 'quotes.yaml'), QUOTES)
})
afterAll(() => rm(cwd, { recursive: true, force: true }))

describe('tutti run with a budget', () => {
  it('ends partial when the budget does not reach, shows what was not done, and exits as partial runs do', async () => {
    const json = await tutti(['run', 'quotes.yaml', '--json', '--budget', 'component_calls=1', '--priority', 'high'], {
      cwd,
    })
    expect(JSON.parse(json.out)).toMatchObject({
      status: 'partial',
      stop_reason: 'budget',
      budget: { limits: { component_calls: 1 }, exceeded: 'component_calls' },
    })
    expect(json.code).toBe(5)
    const shown = await tutti(['run', 'quotes.yaml', '--budget', 'component_calls=1', '--due-in', '5m'], { cwd })
    expect(shown.err).toContain('the budget did not reach for it')
    expect(shown.err).toContain('budget_exceeded')
    expect(shown.err).toContain('Not done: "second"')
  })
  it.each([
    [['--budget', 'calls=1'], /"calls=1" is none/],
    [['--budget', 'model_calls=0'], /number above 0/],
    [['--budget', 'tokens=1,tokens=2'], /given once/],
    [['--budget', 'wall_time=fast'], /duration such as 30s/],
    [['--budget', 'cost='], /number above 0/],
    [['--due-in', 'soon'], /duration such as 30s/],
    [['--priority', 'urgent'], /Allowed choices are critical, high, normal, low/],
  ])('refuses %j', async (options, told) => {
    const { code, err } = await tutti(['run', 'quotes.yaml', ...options], { cwd })
    expect(code).toBe(2)
    expect(err).toMatch(told)
  })
})

describe('--budget', () => {
  it('holds any of the limits', () => {
    expect(readBudget('model_calls=5, tokens=10000,cost=0.5,wall_time=2m,component_calls=20')).toEqual({
      modelCalls: 5,
      tokens: 10_000,
      cost: 0.5,
      wallTimeMs: 120_000,
      componentCalls: 20,
    })
  })
})
