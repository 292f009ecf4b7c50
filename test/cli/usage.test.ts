import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { tutti } from './process.ts'

const folder = () => mkdtemp(join(tmpdir(), 'tutti-usage-'))

describe('a mistake of use with --json', () => {
  it.each([
    [
      ['ask', '--json'],
      /^missing required argument 'request'\. Run "tutti ask --help" to see its arguments and options\.$/,
    ],
    [
      ['aks', 'x', '--json'],
      /^unknown command 'aks' \(Did you mean ask\?\)\. Run "tutti --help" to see its commands\.$/,
    ],
    [['runs', 'list', '--limit', 'x', '--json'], /whole number from 1 to 100\. Run/],
  ])('is a JSON document on standard output too: %j', async (args, message) => {
    const { code, out, err } = await tutti(args)
    expect(code).toBe(2)
    expect(JSON.parse(out)).toMatchObject({
      error: { code: 'invalid_request', message: expect.stringMatching(message) as string },
    })
    expect(err).not.toMatch(/^\s+at /m)
  })
})

describe('a mistake of use', () => {
  it.each([
    [['serve', '--prot', '1'], /Did you mean --port\?\)\nRun "tutti serve --help" to see its arguments and options\.$/],
    [['runs', 'list', '--frob'], /unknown option '--frob'\nRun "tutti runs list --help"/],
    [['catalog', 'frob'], /unknown command 'frob'\nRun "tutti catalog --help" to see its commands\.$/],
    [['--frob'], /unknown option '--frob'\nRun "tutti --help" to see its commands\.$/],
  ])('points to the help of the command that was called: %j', async (args, message) => {
    const { code, out, err } = await tutti(args)
    expect([code, out]).toEqual([2, ''])
    expect(err.trimEnd()).toMatch(message)
  })
})

describe('ask', () => {
  it('refuses --events where nothing is run', async () => {
    expect(await tutti(['ask', 'x', '--plan-only', '--events'])).toMatchObject({ code: 2, out: '' })
  })
  it('says before anything is run that the plan cannot be saved', async () => {
    const { code, out, err } = await tutti(['ask', 'weather in Seoul', '--save', join('no-such-folder', 'p.yaml')])
    expect([code, out]).toEqual([2, ''])
    expect(err).toContain('The plan cannot be written to')
    expect(err).not.toContain('Plan  ')
  })
  it('saves a plan that runs as it is', async () => {
    const cwd = await folder()
    expect((await tutti(['ask', 'stock quote of Tesla', '--save', 'p.yaml'], { cwd })).code).toBe(0)
    const again = await tutti(['run', 'p.yaml', '--json'], { cwd })
    expect([again.code, JSON.parse(again.out)]).toMatchObject([0, { status: 'succeeded' }])
  })
})

describe('demo', () => {
  it('exits 0 when the answer has gaps: it is a show', async () => {
    const { code, out } = await tutti(['demo', 'knit me a jumper', '--json'])
    expect([code, JSON.parse(out)]).toMatchObject([0, { status: 'partial' }])
  })
})

describe('run', () => {
  it('prints what the last steps gave when the document declares no outputs', async () => {
    const cwd = await folder()
    await writeFile(
      join(cwd, 'p.yaml'),
      'steps:\n  - {name: a, type: transform, set: {x: 1}}\n  - {name: b, type: transform, set: {y: "${steps.a.output.x + 1}"}}\n',
    )
    const { code, out } = await tutti(['run', 'p.yaml'], { cwd })
    expect([code, JSON.parse(out)]).toEqual([0, { b: { y: 2 } }])
  })
  it('gives inputs the type that the document declares', async () => {
    const cwd = await folder()
    await writeFile(
      join(cwd, 'p.yaml'),
      'name: p\ninputs: {n: integer, b: boolean, o: object}\nsteps: [{name: a, type: transform, set: {x: 1}}]\noutputs: {n: "${inputs.n + 1}", b: "${inputs.b}", o: "${inputs.o}"}\n',
    )
    const given = ['--input', 'n=41', '--input', 'b=true', '--input', 'o={"k":[1]}']
    const { code, out, err } = await tutti(['run', 'p.yaml', ...given], { cwd })
    expect(code, err).toBe(0)
    expect(JSON.parse(out)).toEqual({ n: 42, b: true, o: { k: [1] } })
    expect((await tutti(['run', 'p.yaml', '--input', 'n=abc'], { cwd })).code).toBe(2)
  })
})

describe('validate --json', () => {
  it('says of all files together whether they are valid', async () => {
    const cwd = await folder()
    await writeFile(join(cwd, 'p.yaml'), 'steps: [{name: a, type: transform, set: {x: 1}}]\n')
    expect(JSON.parse((await tutti(['validate', 'p.yaml', '--json'], { cwd })).out)).toMatchObject({ valid: true })
  })
})

describe('catalog list --json', () => {
  it('names the sources, so that an empty catalog explains itself', async () => {
    const { out } = await tutti(['catalog', 'list', '--json'], { env: { REDIS_URL: 'redis://127.0.0.1:1' } })
    expect(JSON.parse(out)).toMatchObject({ components: [], sources: [{ name: 'redis', state: 'failed' }] })
  })
})

describe('runs', () => {
  it('ask the server of the configuration unless another is named', async () => {
    const { err } = await tutti(['runs', 'list'], { env: { TUTTI_SERVER_HOST: '0.0.0.0', TUTTI_SERVER_PORT: '1' } })
    expect(err).toContain('No server answers at "http://127.0.0.1:1"')
  })
})
