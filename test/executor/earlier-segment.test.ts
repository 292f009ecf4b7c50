import { describe, expect, it } from 'vitest'
import type { StepView } from '../../src/contracts/compiled.ts'
import type { Step } from '../../src/contracts/plan.ts'
import { answer, call, createWorld, failure, type Handler } from './support.ts'

const fine: Handler = () => answer('fine')
const broken: Handler = () => failure(400, 'BAD', 'broken')
const tools = { 't/ok': fine, 't/bad': broken }
const ok = (name: string, dependsOn: string[] = [], more: Partial<Step> = {}): Step =>
  call(name, 't/ok', {}, { dependsOn, ...more })
const bad = (name: string, dependsOn: string[] = [], more: Partial<Step> = {}): Step =>
  call(name, 't/bad', {}, { dependsOn, ...more })

describe('an earlier segment', () => {
  const done = (output: string): StepView => ({
    status: 'succeeded',
    success: true,
    error: null,
    output,
    response: output,
  })
  const skipped: StepView = { status: 'skipped', success: false, error: null, output: null, response: null }
  const failed: StepView = {
    status: 'failed',
    success: false,
    error: { code: 'x', message: 'y' },
    output: null,
    response: null,
  }

  it('is not run again, and its results are there for what follows', async () => {
    const world = createWorld({ tools: { ...tools, 't/take': fine } })
    const ran = await world.run(
      { steps: [ok('a'), call('b', 't/take', { v: '${steps.a.output}' })] },
      { settled: new Map([['a', done('from before')]]) },
    )
    expect(world.calls).toMatchObject([{ target: 't/take', inputs: { v: 'from before' } }])
    expect(ran.of('step-end').map(({ step }) => step)).toEqual(['b'])
  })

  it('stops a workflow that says fail by what failed in it, unless that is covered', async () => {
    const go = async (more: Partial<Step>) => {
      const ran = await createWorld({ tools }).run(
        { name: 'flow', steps: [bad('f', [], more), ok('other')] },
        { settled: new Map([['f', failed]]) },
      )
      return ran.end('other').skipReason ?? ran.end('other').status
    }
    expect(await go({})).toBe('run-stopped')
    expect(await go({ onError: 'continue' })).toBe('succeeded')
  })

  it('keeps its failures and skips apart', async () => {
    const ran = await createWorld({ tools }).run(
      {
        steps: [
          bad('f'),
          ok('g', ['f']),
          ok('h', ['g']),
          ok('off', [], { if: 'false' }),
          ok('j', ['off']),
          ok('k', ['off', 'x']),
          ok('x'),
        ],
      },
      {
        settled: new Map([
          ['f', failed],
          ['g', skipped],
          ['off', skipped],
        ]),
      },
    )
    expect(
      Object.fromEntries(ran.of('step-end').map(({ step, status, skipReason }) => [step, skipReason ?? status])),
    ).toEqual({
      h: 'dependency-failed',
      j: 'dependency-skipped',
      x: 'succeeded',
      k: 'succeeded',
    })
  })
})
