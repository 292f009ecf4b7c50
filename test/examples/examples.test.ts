import { readdirSync } from 'node:fs'
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

  it('has no example that is not run here', () => {
    const files = readdirSync(fileURLToPath(new URL('../../examples', import.meta.url)))
    expect(files.sort()).toEqual(['quick-start.ts', 'run-a-plan.ts', 'test-your-app.ts', 'weather-tool.ts'])
  })
})
