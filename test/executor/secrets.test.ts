import { describe, expect, it } from 'vitest'
import { fix, schema } from './recovery-support.ts'
import { answer, call, createWorld, failure } from './support.ts'

describe('secrets', () => {
  it('reach the component, and neither events nor prompts', async () => {
    const world = createWorld({
      tools: {
        't/go': {
          inputs: schema,
          on: ({ q, amount }) =>
            amount === 2 ? answer({ echo: q ?? null }) : failure(400, 'BAD', `key ${JSON.stringify(q)} refused`),
        },
      },
      model: { 're-resolve': fix({ amount: 2, q: '[secret key]' }) },
    })
    const ran = await world.run(
      {
        inputs: { key: { type: 'string', secret: true } },
        steps: [call('go', 't/go', { q: '${inputs.key}', amount: 1 })],
      },
      { inputs: { key: 's3cr3t-value' }, secrets: new Map([['key', 's3cr3t-value']]) },
    )
    expect(world.callsOf('t/go').map(({ inputs }) => inputs['q'])).toEqual(['s3cr3t-value', 's3cr3t-value'])
    expect(ran.end('go')).toMatchObject({ status: 'succeeded', output: { echo: '[secret key]' } })
    expect(JSON.stringify(ran.events)).not.toContain('s3cr3t')
    expect(JSON.stringify(world.asked.map(({ messages }) => messages))).not.toContain('s3cr3t')
  })

  it('do not stand among the limits where a key of concurrency holds one, nor do keys without measure', async () => {
    const names: string[] = []
    const world = createWorld({
      tools: {
        't/go': () => {
          names.push(...world.executor.limits().flatMap(({ kind, name }) => (kind === 'concurrency' ? [name] : [])))
          return answer({})
        },
      },
    })
    const keyed = (key: string) => ({ ...call('go', 't/go'), concurrency: { key: `of ${key}`, limit: 1 } })
    const inputs = { key: { type: 'string' as const, secret: true } }
    await world.run(
      { inputs, steps: [keyed('${inputs.key}')] },
      { inputs: { key: 's3cr3t-value' }, secrets: new Map([['key', 's3cr3t-value']]) },
    )
    await world.run({ steps: [keyed('x'.repeat(100_000))] })
    await world.run({ steps: [keyed('alice')] })
    expect(names).toEqual([
      expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
      'of alice',
    ])
  })

  it('leave alone what the run itself counts, also when they are as short as a number', async () => {
    const ran = await createWorld({ tools: { 't/go': () => failure(403, 'succeeded', 'key 1 refused') } }).run(
      { inputs: { key: { type: 'string', secret: true } }, steps: [call('go', 't/go', { q: '${inputs.key}' })] },
      { inputs: { key: '1' }, secrets: new Map([['key', '1']]) },
    )
    expect(ran.of('attempt-start', 'go')).toMatchObject([{ attempt: 1, inputs: { q: '[secret key]' } }])
    expect(ran.end('go').error).toMatchObject({ code: 'component_unauthorized' })
    expect(ran.end('go').error?.message).toContain('key [secret key] refused')
  })
})
