import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, vi } from 'vitest'

/** Runs an example as users would, and gives what it printed. */
async function runExample(name: string): Promise<unknown[][]> {
  const log = vi.spyOn(console, 'log').mockImplementation(() => undefined)
  await import(`../../examples/${name}.ts`)
  return log.mock.calls
}

describe('the examples', () => {
  it('answers a request with a function of ours (quick-start)', async () => {
    expect(await runExample('quick-start')).toEqual([['succeeded'], ['Weather · Seoul\n  celsius 21 · sky clear']])
  })

  it('offers two of ten thousand capabilities, with the reasons (ten-thousand-tools)', async () => {
    expect(await runExample('ten-thousand-tools')).toEqual([
      ['get_weather', '|', expect.stringContaining('weather')],
      ['locate_city', '|', 'helper of get_weather: it requires it'],
      [[{ name: 'wipe_weather.wipe_weather', why: '"ann" may not use it' }]],
    ])
  })

  it('runs a plan whose amount is computed from the step before (run-a-plan)', async () => {
    expect(await runExample('run-a-plan')).toEqual([['succeeded', { won: 65_091_615 }]])
  })

  it('serves a component over HTTP (weather-tool)', async () => {
    const [[line] = []] = await runExample('weather-tool')
    const url = /^weather-tool listens at (http:\/\/\S+)$/.exec(String(line))?.[1]
    const answered = await fetch(`${url}/api/capabilities/get_weather`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"city": "Seoul"}',
    })
    expect(answered.status).toBe(200)
    expect(JSON.stringify(await answered.json())).toContain('"celsius":21')
  })

  it('tests an application with a scripted model and a fake component, a recovery included (test-your-app)', async () => {
    expect(await runExample('test-your-app')).toEqual([['as expected']])
  })

  it('believes a notice that is signed, and no other (verify-webhook)', async () => {
    const [genuine, forged] = await runExample('verify-webhook')
    expect(genuine?.slice(0, 2)).toEqual(['genuine', 'run-failed'])
    expect(forged?.slice(0, 2)).toEqual(['forged', 'run-failed'])
    const guide = readFileSync(fileURLToPath(new URL('../../docs/guides/notices.md', import.meta.url)), 'utf8')
    const example = readFileSync(fileURLToPath(new URL('../../examples/verify-webhook.ts', import.meta.url)), 'utf8')
    const shown = /function isGenuine[\s\S]*?\n}\n/
    expect(shown.exec(guide)?.[0]).toBe(shown.exec(example)?.[0])
  })

  it('calls what was overloaded again, and says why (recovery-retry)', async () => {
    const decision = { class: 'backend', chosen: 'retry', next: 'retry', why: expect.stringContaining('1 of 3 calls') }
    expect(await runExample('recovery-retry')).toEqual([[['failed', 'succeeded']], [[decision]]])
  })

  it('asks another instance (recovery-other-instance)', async () => {
    expect(await runExample('recovery-other-instance')).toEqual([['succeeded', '2 instances were asked']])
  })

  it('corrects inputs that were refused (recovery-corrected-inputs)', async () => {
    expect(await runExample('recovery-corrected-inputs')).toEqual([
      [{ capital: 'Paris' }, ['re-resolve']],
      [[{ code: 'France' }, { code: 'FR' }]],
    ])
  })

  it('takes the fallback that a step declares (recovery-fallback)', async () => {
    const [[output, component] = [], [repairs] = []] = await runExample('recovery-fallback')
    expect([output, component]).toEqual([{ won: 1390 }, 'slow-fx'])
    expect(repairs).toEqual([
      'fallback: "fast-fx/rate" answered HTTP 500: down for the night. "slow-fx/rate" stands in.',
    ])
  })

  it('follows a policy by class of error, and tells what it weighed (recovery-policy)', async () => {
    const [[attempts] = [], [options] = []] = await runExample('recovery-policy')
    expect(attempts).toEqual(['fast-fx failed', 'slow-fx succeeded'])
    expect(options).toContain('retry no: The policy says "fallback" for errors of this class.')
    expect(options).toContain('fallback yes: The policy declares it for this error.')
  })

  it('marks an answer in which a value stands in (recovery-degraded)', async () => {
    expect(await runExample('recovery-degraded')).toEqual([
      ['succeeded', { items: [] }, true],
      [{ reason: 'A declared value stands in for the result of "suggest".', way: 'fallback-value' }],
    ])
  })

  it('tells people once that a component fails again and again (recovery-escalation)', async () => {
    expect(await runExample('recovery-escalation')).toEqual([['payments: 3 failed steps in a row']])
  })

  it('prints in the order of priority, share, due time and turns (limits-order)', async () => {
    const [[order] = []] = await runExample('limits-order')
    const alarm = ['alarm 1', 'alarm 2', 'alarm 3', 'alarm 4']
    const [first, ...others] = String(order).split(', ')
    expect(first).toBe('draft 1')
    expect(others.slice(0, 4)).toEqual(alarm)
    expect(others.slice(4, 10)).toEqual(['due 1', 'author 1', 'due 2', 'due 3', 'author 2', 'due 4'])
    expect(others.slice(-3)).toEqual(['draft 2', 'draft 3', 'draft 4'])
  })

  it('takes what it needs of resources, in fractions (limits-resources)', async () => {
    const shown = await runExample('limits-resources')
    expect(shown.slice(0, 3).map(([line]) => line)).toEqual([
      'gpu: 1.5 of 2, 0 wait',
      'memory_gb: 12 of 16, 0 wait',
      'licence: 3 of 3, 2 wait',
    ])
    expect(shown.at(-1)).toEqual(['succeeded'])
  })

  it('sheds what is optional when the budget does not reach for all (budget)', async () => {
    expect(await runExample('budget')).toEqual([
      ['partial', 'budget', { limits: { cost: 0.5 }, used: { cost: 0.5, componentCalls: 2 }, exceeded: 'cost' }],
      [['y2023 budget', 'y2024 succeeded', 'y2025 succeeded']],
    ])
  })

  it('calls a tool of an MCP server that others wrote (bring-mcp)', async () => {
    const [first, [capabilities] = []] = await runExample('bring-mcp')
    expect(first).toEqual(['succeeded', { found: [] }])
    expect(capabilities).toEqual(expect.arrayContaining(['create_entities: write', 'search_nodes: read']))
    expect(String(capabilities)).not.toContain('delete_entities')
  })

  it('calls an operation of an OpenAPI document with its key, and tells what was left out (bring-openapi)', async () => {
    const [first, [source, skipped] = []] = await runExample('bring-openapi')
    expect(first).toEqual(['succeeded', { total: 120 }])
    expect(source).toBe('openapi:shop')
    expect(skipped).toMatchObject([
      { name: expect.stringContaining('addScan'), why: expect.stringContaining('application/x-scan') },
    ])
  })

  it('asks an A2A agent (bring-a2a)', async () => {
    expect(await runExample('bring-a2a')).toEqual([
      ['succeeded', { text: 'Train at nine. You asked: A weekend in Busan', train: 'KTX 21' }],
    ])
  })

  it('has no example that is not run here', () => {
    const files = readdirSync(fileURLToPath(new URL('../../examples', import.meta.url)))
    expect(files.filter((file) => file.endsWith('.ts')).sort()).toEqual([
      'bring-a2a.ts',
      'bring-mcp.ts',
      'bring-openapi.ts',
      'budget.ts',
      'limits-order.ts',
      'limits-resources.ts',
      'quick-start.ts',
      'recovery-corrected-inputs.ts',
      'recovery-degraded.ts',
      'recovery-escalation.ts',
      'recovery-fallback.ts',
      'recovery-other-instance.ts',
      'recovery-policy.ts',
      'recovery-retry.ts',
      'run-a-plan.ts',
      'ten-thousand-tools.ts',
      'test-your-app.ts',
      'verify-webhook.ts',
      'weather-tool.ts',
    ])
  })
})
