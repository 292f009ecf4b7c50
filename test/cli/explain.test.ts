import { mkdtemp, readFile, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { renderExplanation } from '../../src/cli/render/explanation.ts'
import { createPaint, displayWidth } from '../../src/cli/render/text.ts'
import { resolveConfig } from '../../src/config/resolve-config.ts'
import { tool } from '../../src/connectors/local/tool.ts'
import { createOrchestrator } from '../../src/create-orchestrator.ts'
import { createServer } from '../../src/server/index.ts'
import { createClock } from '../../src/util/clock.ts'
import { tutti } from './process.ts'

const PLAN = `name: trip
steps:
  - name: quote
    component: stock-service
    action: stock_quote
    inputs: {symbol: TSLA}
  - name: sum
    set: {price: "\${steps.quote.output.current_price}"}
`
async function folder(document = PLAN): Promise<string> {
  const cwd = await mkdtemp(join(tmpdir(), 'tutti-explain-'))
  await writeFile(join(cwd, 'plan.yaml'), document)
  return cwd
}

describe('tutti explain', () => {
  it('says what a document would do and calls nothing', async () => {
    const { code, out } = await tutti(['explain', 'plan.yaml'], { cwd: await folder() })
    expect(code).toBe(0)
    expect(out.split('\n')).toEqual([
      'trip (2 steps, 2 stages)',
      '├── stage 1',
      '│   └── quote: stock-service/stock_quote; reads',
      '└── stage 2',
      '    └── sum: transform; after quote',
      'critical path: quote → sum',
      'at most at once: 1',
      'time: unknown, for nothing is known of quote',
      'model calls: 0',
      'side effects: none, all steps only read',
      '',
    ])
  })

  it('draws it with --mermaid, and gives all of it with --json', async () => {
    const cwd = await folder()
    const [drawn, json] = await Promise.all([
      tutti(['explain', 'plan.yaml', '--mermaid'], { cwd }),
      tutti(['explain', 'plan.yaml', '--json'], { cwd }),
    ])
    expect(drawn.out).toMatch(/^flowchart TD\n {2}s0\["quote<br\/>stock-service\/stock_quote"\]\n/)
    expect(JSON.parse(json.out)).toMatchObject({ critical_path: ['quote', 'sum'], mermaid: drawn.out })
  })

  it('explains a document with faults, names them, and ends with 3', async () => {
    const cwd = await folder('steps:\n  - component: stock-service\n    action: stock_quot\n')
    const { code, out } = await tutti(['explain', 'plan.yaml'], { cwd })
    expect(code).toBe(3)
    expect(out).toContain('stock-service/stock_quot; NO SUCH ACTION')
    // Of what nobody knows, it is not said that it only reads.
    expect(out).toMatch(/^side effects: unknown of stock-service$/m)
    expect(out).toMatch(/\nerror: .*stock_quot/)
  })

  it('shows a run of a server beside what was to be expected of it', async () => {
    const echo = tool({
      name: 'echo',
      description: 'Echoes.',
      effect: 'read',
      input: { type: 'object' },
      execute: () => ({ ok: true }),
    })
    await using orchestrator = createOrchestrator({ tools: [echo] })
    const { runId } = await orchestrator.execute({ steps: [{ name: 'a', component: 'echo' }] })
    const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
    const config = resolveConfig({ server: { port: 0 } })
    const server = await createServer({ orchestrator, config, log, clock: createClock() })
    const url = `http://127.0.0.1:${server.port}`
    const [explained, shown, unknown] = await Promise.all([
      tutti(['explain', runId, '--server', url]),
      tutti(['runs', 'show', runId, '--explain', '--json', '--server', url]),
      tutti(['explain', `run_${'0'.repeat(32)}`, '--server', url]),
    ])
    expect(explained.out).toMatch(/ {4}└── a: echo; reads; succeeded in \d/)
    expect(explained.out).toContain(`run ${runId}: succeeded, steps `)
    expect(JSON.parse(shown.out)).toMatchObject({ actual: { run_id: runId }, steps: [{ actual: { attempts: 1 } }] })
    expect([unknown.code, unknown.err]).toEqual([2, expect.stringContaining('There is no run')])
    await server.close()
  })
})

describe('a lock', () => {
  it('is written beside the document, is the same each time, and holds until something changes', async () => {
    const cwd = await folder()
    const locked = await tutti(['validate', 'plan.yaml', '--lock'], { cwd })
    expect([locked.code, locked.out]).toEqual([0, 'plan.yaml  valid\nplan.yaml  locked in plan.lock\n'])
    const bytes = await readFile(join(cwd, 'plan.lock'), 'utf8')
    await tutti(['validate', 'plan.yaml', '--lock'], { cwd })
    expect(await readFile(join(cwd, 'plan.lock'), 'utf8')).toBe(bytes)
    expect(await tutti(['validate', 'plan.yaml', '--locked'], { cwd })).toMatchObject({
      code: 0,
      out: 'plan.yaml  valid, as locked\n',
    })
    expect((await tutti(['run', 'plan.yaml', '--locked', '--json'], { cwd })).code).toBe(0)
    // As if the component had asked for less when the plan was locked.
    await writeFile(
      join(cwd, 'plan.lock'),
      bytes
        .replace(/"symbol": "[^"]*"/, '"ticker": "string!"')
        .replace(/"input_schema": "\w{8}/, '"input_schema": "00000000'),
    )
    const checked = await tutti(['validate', 'plan.yaml', '--locked'], { cwd })
    expect(checked.code).toBe(3)
    expect(checked.out).toMatch(
      /plan\.yaml \/steps\/0 {2}error {2}"stock-service\/stock_quote" has no input "ticker" any more/,
    )
    const run = await tutti(['run', 'plan.yaml', '--locked'], { cwd })
    expect([run.code, run.out]).toEqual([3, ''])
    expect(run.err).toContain('"plan.yaml" is not run, for it is not as it was locked.')
  })

  it('is not written for a document with errors, and its absence is told with the way to make one', async () => {
    const cwd = await folder('steps:\n  - component: ghost\n    action: x\n')
    expect((await tutti(['validate', 'plan.yaml', '--lock'], { cwd })).code).toBe(3)
    const { code, err } = await tutti(['run', 'plan.yaml', '--locked'], { cwd })
    expect(code).toBe(2)
    expect(err).toContain('Write it with "tutti validate plan.yaml --lock"')
  })

  it('comes with a plan that is saved', async () => {
    const cwd = await folder()
    expect((await tutti(['plan', 'stock quote of Tesla', '--save', 'p.json', '--lock'], { cwd })).code).toBe(0)
    expect((await tutti(['validate', 'p.json', '--locked'], { cwd })).code).toBe(0)
    expect(await tutti(['ask', 'x', '--lock'], { cwd })).toMatchObject({ code: 2, out: '' })
  })
})

describe('an explanation on a terminal', () => {
  const text = [
    'plan (2 steps, 2 stages)',
    '├── stage 1',
    `│   ├── one: k/go; reads; after ${'a-step-name, '.repeat(12)}z`,
    '└── stage 2',
    `    └── two: ${'word '.repeat(30)}`,
    `critical path: ${Array.from({ length: 20 }, (_, i) => `step${i}`).join(' → ')}`,
    'trouble: \u001b[31mred\u001b[0m and \u202edear',
  ].join('\n')

  it('fits its width, and keeps the tree whole where a line goes on', () => {
    const lines = renderExplanation(text, createPaint(false), 60)
    expect(Math.max(...lines.map(displayWidth))).toBeLessThanOrEqual(60)
    expect(lines[3]).toMatch(/^│ {3}│ {5}a-step-name/)
    expect(lines.find((line) => /^ {10}word/.test(line))).toBeDefined()
    expect(lines.find((line) => /^ {15}→? ?step/.test(line))).toBeDefined()
    expect(lines.at(-1)).toBe('trouble: red and dear')
  })

  it('has colours where they are wanted', () => {
    expect(renderExplanation(text, createPaint(true), 60).at(-1)).toContain('\u001b[31mred and dear')
  })
})
