import { spawn } from 'node:child_process'
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { collectInput } from '../../src/cli/options.ts'
import { formatIssue, reportError } from '../../src/cli/report-error.ts'
import type { Terminal } from '../../src/cli/terminal.ts'
import { exitCodeOf } from '../../src/cli/watch-run.ts'
import { TuttiError } from '../../src/contracts/errors.ts'
import { badStep } from '../server/fake-orchestrator.ts'
import { startTestServer } from '../server/support.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { responseOf } from '../telemetry/events.ts'
import { MAIN, tutti } from './process.ts'

const record = () => {
  const written = { out: '', err: '' }
  const terminal: Terminal = {
    stdout: { write: (text) => (written.out += text) },
    stderr: { write: (text) => (written.err += text) },
    cwd: tmpdir(),
    color: true,
    clock: createManualClock(),
    onStop: () => () => undefined,
  }
  return { written, terminal }
}

describe('tutti as a process', () => {
  it('lists its commands with --help, exits 0 and uses no colours', async () => {
    const { code, out } = await tutti(['--help'])
    expect(code).toBe(0)
    for (const command of [
      'ask',
      'plan',
      'demo',
      'run',
      'validate',
      'explain',
      'schema',
      'catalog',
      'runs',
      'serve',
      'doctor',
    ]) {
      expect(out).toMatch(new RegExp(`^  ${command}\\b`, 'm'))
    }
    expect(out).not.toContain('\u001b[')
  })
  it.each([
    [['aks', 'x'], /unknown command 'aks'[\s\S]*Did you mean ask\?/],
    [['runs', 'explode'], /unknown command 'explode'/],
    [['validate', '--no-such-flag', 'x.yaml'], /unknown option '--no-such-flag'/],
    [['run'], /missing required argument 'file'/],
    [['ask'], /missing required argument 'request'/],
    [['ask', '  '], /The request is empty/],
    [['run', 'x.yaml', '--input', 'novalue'], /NAME=VALUE/],
    [['serve', '--port', '99999'], /whole number from 0 to 65535/],
    [['validate', 'no-such-file.yaml'], /"no-such-file.yaml" cannot be read: it does not exist\./],
    [['runs', 'list', '--server', 'http://127.0.0.1:1'], /No server answers at "http:\/\/127.0.0.1:1"/],
  ])('says what is wrong with %j and never shows a stack', async (args, message) => {
    const { code, err } = await tutti(args)
    expect(err).toMatch(message)
    expect(err).not.toMatch(/^\s+at /m)
    expect(code).toBe(args[0] === 'runs' && args[1] === 'list' ? 1 : 2)
  })
  it('refuses an unknown TUTTI_ variable with exit 2, naming both', async () => {
    const { code, err } = await tutti(['catalog', 'list'], { env: { TUTTI_MODLE: 'openai:x' } })
    expect(code).toBe(2)
    expect(err).toContain('Unknown variable "TUTTI_MODLE". Did you mean "TUTTI_MODEL"?')
  })
  it('finds nothing wrong without any setting, and says what is off', async () => {
    const { code, out } = await tutti(['doctor'])
    expect(code).toBe(0)
    expect(out).toMatch(/^– model .*local planner/m)
    expect(out).toMatch(/^– redis +REDIS_URL is not set\.$/m)
  })
  it('finds a Redis that does not answer, and shows no password', async () => {
    const { code, out, err } = await tutti(['doctor', '--json'], {
      env: { REDIS_URL: 'redis://me:hunter22@127.0.0.1:1' },
    })
    expect(code).toBe(1)
    expect(JSON.parse(out)).toMatchObject({ well: false, configuration: { redis: { url: 'redis://127.0.0.1:1' } } })
    expect(out).toMatch(/"name": "redis",\s+"status": "failed"/)
    expect(out + err).not.toContain('hunter22')
  })
  it('counts what is declared by name, and finds names that nothing stands behind', async () => {
    const cwd = await mkdtemp(join(tmpdir(), 'tutti-cli-'))
    const config = 'components: {news-tool: {cost: 1}, wether-tool: {cost: 1}}\nquotas: {payments: {weight: 2}}\n'
    await writeFile(join(cwd, 'tutti.config.yaml'), config)
    const { code, out } = await tutti(['doctor'], { cwd })
    expect(code).toBe(0)
    expect(out).toMatch(/^✓ policies +components: 2, models: 0, keys: 1, webhooks: 0$/m)
    expect(out).toMatch(/^! policies +components\.wether-tool has no effect: .* Did you mean "weather-tool-v2"\?$/m)
  })
  it('finds a model without the key of its vendor (B116)', async () => {
    const { code, out } = await tutti(['doctor'], { env: { TUTTI_MODEL: 'openai:x', ANTHROPIC_API_KEY: 'ak-12345' } })
    expect(code).toBe(1)
    expect(out).toMatch(/^✗ configuration .*OPENAI_API_KEY/m)
  })
  it('reports an error as a JSON document with --json', async () => {
    const { code, out } = await tutti(['catalog', 'list', '--json'], { env: { TUTTI_SERVER_PORT: 'x' } })
    expect(code).toBe(2)
    expect(JSON.parse(out)).toMatchObject({
      error: { code: 'invalid_config', message: expect.stringContaining('TUTTI_SERVER_PORT') as string },
    })
  })
  it('prints the JSON Schema of documents', async () => {
    const { code, out } = await tutti(['schema'])
    expect(code).toBe(0)
    expect(JSON.parse(out)).toMatchObject({ type: 'object', properties: { steps: { type: 'array' } } })
  })
  it('validates files against the demo components: 0 when valid, 3 when not, with the place', async () => {
    const cwd = await mkdtemp(join(tmpdir(), 'tutti-cli-'))
    await writeFile(
      join(cwd, 'good.yaml'),
      'name: good\nsteps:\n  - name: q\n    component: stock-service\n    action: stock_quote\n    inputs: {symbol: TSLA}\n',
    )
    await writeFile(
      join(cwd, 'bad.yaml'),
      'name: bad\nsteps:\n  - name: q\n    component: stok-service\n    action: stock_quote\n',
    )
    const good = await tutti(['validate', 'good.yaml'], { cwd })
    expect([good.code, good.out]).toEqual([0, 'good.yaml  valid\n'])
    expect(good.err).toContain('using the demo components')
    const bad = await tutti(['validate', 'good.yaml', 'bad.yaml', '--json'], { cwd })
    expect(bad.code).toBe(3)
    expect(JSON.parse(bad.out)).toMatchObject({
      files: [{ valid: true }, { file: 'bad.yaml', valid: false, issues: [{ code: 'unknown_component', line: 4 }] }],
    })
  })
  it('runs a file and prints its outputs', async () => {
    const cwd = await mkdtemp(join(tmpdir(), 'tutti-cli-'))
    await writeFile(
      join(cwd, 'q.yaml'),
      'name: q\ninputs: {s: {type: string, required: true}}\nsteps:\n  - name: q\n    component: stock-service\n    action: stock_quote\n    inputs: {symbol: "${inputs.s}"}\noutputs: {symbol: "${steps.q.output.symbol}"}\n',
    )
    const run = await tutti(['run', 'q.yaml', '--input', 's=TSLA'], { cwd })
    expect(run.code, run.err).toBe(0)
    expect(JSON.parse(run.out)).toEqual({ symbol: 'TSLA' })
    expect(run.err).toMatch(/✓ q {2}/)
    expect((await tutti(['run', 'q.yaml'], { cwd })).code).toBe(2)
  })
  it('prints every event of a run as a JSON line, seq without gaps', async () => {
    const { code, out, err } = await tutti(['demo', 'Get the stock quote for symbol TSLA', '--events'])
    expect([0, 5], err).toContain(code)
    const events = out
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { seq: number; type: string })
    expect(events[0]?.type).toBe('run-start')
    expect(events.at(-1)?.type).toBe('run-end')
    expect(events.map((event) => event.seq)).toEqual(events.map((_, i) => i + 1))
  })
})

describe('Ctrl-C', () => {
  it('cancels the run, shows what was reached, and exits 130', async () => {
    const cwd = await mkdtemp(join(tmpdir(), 'tutti-cli-'))
    await writeFile(
      join(cwd, 'long.yaml'),
      'name: long\nsteps:\n  - {name: done, type: transform, set: {x: 1}}\n  - {name: w, type: wait, wait: {for: 1h}}\n',
    )
    const child = spawn(process.execPath, [MAIN, 'run', 'long.yaml', '--events'], {
      env: { PATH: process.env.PATH ?? '' },
      cwd,
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    let out = ''
    let interrupted = false
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      out += text
      if (interrupted || !/"type":"step-start","step":"w"/.test(out)) return
      interrupted = true
      child.kill('SIGINT')
    })
    expect(await new Promise((resolve) => child.on('close', resolve))).toBe(130)
    const last = JSON.parse(out.trim().split('\n').at(-1) ?? '') as unknown
    expect(last).toMatchObject({
      type: 'run-end',
      response: {
        status: 'cancelled',
        steps: [
          { name: 'done', status: 'succeeded' },
          { name: 'w', status: 'cancelled' },
        ],
      },
    })
  })
})

describe('a closed pipe', () => {
  it('ends the program without a word', async () => {
    const child = spawn('sh', ['-c', '"$0" "$1" catalog list --json | head -c 10', process.execPath, MAIN], {
      env: { PATH: process.env.PATH ?? '' },
      cwd: tmpdir(),
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let err = ''
    child.stderr.setEncoding('utf8').on('data', (text: string) => (err += text))
    await new Promise((resolve) => child.on('close', resolve))
    expect(err).toBe(
      'No components are configured: using the demo components. Set REDIS_URL, or list your sources in tutti.config.yaml, to use yours.\n',
    )
  })
})

describe('runs', () => {
  it('are listed, shown, followed and cancelled on a server', async () => {
    await using t = await startTestServer()
    await t.send('POST', '/runs', { request: 'x' })
    const on = ['--server', t.server.url]
    expect((await tutti(['runs', 'list', ...on])).out).toMatch(/^run_1 +running/)
    expect(JSON.parse((await tutti(['runs', 'show', 'run_1', ...on])).out)).toMatchObject({ run_id: 'run_1' })
    expect(await tutti(['runs', 'show', 'none', ...on])).toMatchObject({
      code: 2,
      err: expect.stringContaining('There is no run "none"') as string,
    })
    expect((await tutti(['runs', 'cancel', 'run_1', ...on])).code).toBe(0)
    expect(t.orchestrator.cancelled).toEqual(['run_1'])
    t.orchestrator.end('run_1')
    const events = await tutti(['runs', 'events', 'run_1', ...on])
    expect(
      events.out
        .trim()
        .split('\n')
        .map((line) => (JSON.parse(line) as { type: string }).type),
    ).toEqual(['run-start', 'run-end'])
  })
})

describe('exit codes', () => {
  it.each([
    ['succeeded', 0],
    ['failed', 1],
    ['cancelled', 1],
    ['waiting', 4],
    ['partial', 5],
  ] as const)('are %s: %i', (status, code) => {
    expect(exitCodeOf(responseOf(status))).toBe(code)
  })
  it.each([
    ['invalid_inputs', 2],
    ['invalid_config', 2],
    ['invalid_document', 3],
    ['no_model', 1],
    ['internal', 1],
  ] as const)('are of the error %s: %i', (code, exit) => {
    expect(reportError(new TuttiError(code, 'x'), record().terminal, false)).toBe(exit)
  })
})

describe('reportError', () => {
  it('names each issue with its place and what is possible', () => {
    const { written, terminal } = record()
    const issue = { ...badStep, line: 3, column: 5 }
    reportError(
      new TuttiError('invalid_document', 'The document has 1 error.', { details: { issues: [issue] } }),
      terminal,
      false,
    )
    expect(written.err).toBe(
      'error: The document has 1 error.\n  3:5  error  There is no component "weathr". Possible: weather-tool.\n',
    )
    expect(formatIssue(issue, 'a.yaml')).toMatch(/^a\.yaml:3:5 {2}error/)
    expect(formatIssue(badStep, 'a.yaml')).toMatch(/^a\.yaml \/steps\/0\/component {2}error/)
  })
})

describe('collectInput', () => {
  it('takes text as text, and objects and lists as JSON', () => {
    const inputs = ['n=42', 'o={"a":[1]}', 'eq=a=b', '__proto__={"x":1}'].reduce(
      (all, text) => collectInput(text, all),
      {},
    )
    expect(Object.entries(inputs)).toEqual([
      ['n', '42'],
      ['o', { a: [1] }],
      ['eq', 'a=b'],
      ['__proto__', { x: 1 }],
    ])
    expect(Reflect.get({}, 'x')).toBeUndefined()
  })
  it.each(['x', '=x', 'o={broken'])('refuses "%s"', (text) => {
    expect(() => collectInput(text)).toThrow()
  })
})
