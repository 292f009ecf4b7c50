import { describe, expect, it } from 'vitest'
import { awaitSources } from '../../src/cli/await-sources.ts'
import { createAside } from '../../src/cli/live-output.ts'
import type { SourceHealth } from '../../src/contracts/api.ts'
import { createManualClock } from '../support/manual-clock.ts'

const source = (name: string, state: SourceHealth['state']): SourceHealth => ({
  name,
  state,
  components: 0,
  capabilities: 0,
})

function setup(isTTY: boolean) {
  const written: string[] = []
  const stderr = { isTTY, columns: 60, write: (text: string) => written.push(text) }
  const started = Promise.withResolvers<void>()
  const clock = createManualClock()
  const aside = createAside(stderr)
  const sources = () => [source('mcp:slow', 'loading'), source('file:a', 'ready'), source('openapi:b', 'loading')]
  const orchestrator = { start: () => started.promise, catalog: { sources } }
  const done = awaitSources(orchestrator, { stderr, clock, color: false }, aside)
  return { written, started, clock, aside, done }
}

describe('a start-up that somebody watches', () => {
  it('says after a moment what it waits for, keeps log lines whole, and leaves nothing of it', async () => {
    const { written, started, clock, aside, done } = setup(true)
    await clock.advance(399)
    expect(written).toEqual([])
    await clock.advance(1)
    aside.write('warning: late\n')
    started.resolve()
    await done
    aside.write('after\n')
    const line = '  connecting to mcp:slow, openapi:b…'
    const clear = '\r\u001b[2K'
    expect(written).toEqual([line, `${clear}warning: late\n${line}`, clear, 'after\n'])
  })

  it('says nothing when it is quick, nor where nobody sees it', async () => {
    for (const [isTTY, ms] of [
      [true, 100],
      [false, 5_000],
    ] as const) {
      const { written, started, clock, done } = setup(isTTY)
      await clock.advance(ms)
      started.resolve()
      await done
      await clock.advance(5_000)
      expect(written).toEqual([])
    }
  })
})
