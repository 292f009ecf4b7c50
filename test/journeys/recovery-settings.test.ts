// Every setting of a recovery policy shows its effect from each place where it can be written: options, a file, a document.
import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { loadConfig } from '../../src/config/load-config.ts'
import type { JsonObject, JsonValue } from '../../src/contracts/json.ts'
import { recoveryPolicySchema } from '../../src/contracts/policy.ts'
import { createOrchestrator, type OrchestratorOptions, type RunEvent } from '../../src/index.ts'
import { createScriptedModel, type FakeAnswer, fakeSource, reply } from '../../src/testing/index.ts'
import { parseDuration } from '../../src/util/duration.ts'
import { createManualClock, type ManualClock } from '../support/manual-clock.ts'

/** What one run with the policy came to. */
interface Seen {
  /** Instances of the planned component, else the component. */
  readonly calls: readonly string[]
  readonly waits: readonly number[]
  readonly asked: number
  readonly output: JsonValue | undefined
  readonly escalations: readonly (readonly string[])[]
}

const camel = (key: string): string => key.replaceAll(/_(\w)/g, (_, letter: string) => letter.toUpperCase())

/** As programs write it: camelCase, milliseconds. */
function asOptions(value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map(asOptions)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value as JsonObject).map(([key, item]) =>
      /_wait$/.test(key) && typeof item === 'string'
        ? [`${camel(key)}Ms`, parseDuration(item) ?? item]
        : [camel(key), asOptions(item)],
    ),
  )
}

const PLACES = {
  options: async (policy: JsonObject) => ({
    options: { components: { T: { recovery: recoveryPolicySchema.parse(asOptions(policy)) } } },
  }),
  'a file': async (policy: JsonObject) => {
    const cwd = await mkdtemp(join(tmpdir(), 'tutti-recovery-'))
    const notify = { targets: { ops: { url: 'http://127.0.0.1:9/' } } }
    await writeFile(join(cwd, 'tutti.config.yaml'), JSON.stringify({ notify, components: { T: { recovery: policy } } }))
    return { options: (await loadConfig({ env: {}, cwd, strictVariables: true })).config }
  },
  'a document': async (policy: JsonObject) => ({ options: {}, recovery: { T: policy } }),
} satisfies Record<
  string,
  (policy: JsonObject) => Promise<{ readonly options: OrchestratorOptions; readonly recovery?: JsonObject }>
>

const rejected = reply(422, { error: 'no such page' })
const down = reply(500, { error: 'down' })

/** Two instances run, each in a region of its own, where the policy speaks of regions. */
async function see(
  place: keyof typeof PLACES,
  policy: JsonObject,
  failure: FakeAnswer,
  component = 'b/stand',
): Promise<Seen> {
  const { options, recovery }: { options: OrchestratorOptions; recovery?: JsonObject } = await PLACES[place](policy)
  const clock = createManualClock()
  const hasRegions = JSON.stringify(policy).includes('region')
  const [other = '', action = ''] = component.split('/')
  const source = fakeSource(
    {
      name: 't',
      instances: hasRegions ? 2 : 1,
      capabilities: {
        go: {
          run: ({ page }, { instance }, n) =>
            page === 1 || (n > 1 && instance.id === 't-2') ? { from: instance.id } : failure,
        },
      },
    },
    { name: other, capabilities: { [action]: { run: () => 'from b' } } },
  )
  const load = async (signal: AbortSignal) =>
    (await source.discovery.load(signal)).map((found) => ({
      ...found,
      instances: found.instances.map((instance) => ({ ...instance, region: instance.id === 't-2' ? 'eu' : 'us' })),
    }))
  const events: RunEvent[] = []
  const model = createScriptedModel({ 're-resolve': { should_retry: false, analysis: 'unknown' } })
  const tutti = createOrchestrator({
    notify: { targets: { ops: { url: 'http://127.0.0.1:9/' } } },
    ...options,
    model,
    clock,
    random: () => 1,
    sources: [{ ...source, discovery: { name: 'regions', load } }],
    onEvent: (event) => events.push(event),
  })
  const running = tutti.execute({
    steps: [{ name: 's', component: 't', action: 'go', inputs: { page: 0 } }],
    ...(recovery !== undefined && { recovery }),
  })
  const { steps } = await untilDone(running, clock)
  await untilDone(tutti.close(), clock)
  return {
    calls: source.calls.map((call) => (call.component === 't' ? call.instance : call.component)),
    waits: events.flatMap((event) => (event.type === 'attempt-end' ? (event.retryInMs ?? []) : [])),
    asked: model.calls.length,
    output: steps[0]?.output,
    escalations: events.flatMap((event) => (event.type === 'escalation' ? [event.notify] : [])),
  }
}

async function untilDone<T>(work: Promise<T>, clock: ManualClock): Promise<T> {
  let isDone = false
  void work.finally(() => (isDone = true)).catch(() => undefined)
  while (!isDone) await clock.advance(20)
  return await work
}

const once = { max_attempts: 1 }
const slow = { max_attempts: 4, initial_wait: '100ms' }

describe.each(Object.keys(PLACES) as (keyof typeof PLACES)[])('a policy of recovery in %s', (place) => {
  it.each<[string, JsonObject, FakeAnswer, Partial<Seen>]>([
    ['max_attempts', { max_attempts: 2 }, down, { calls: ['t-1', 't-1'] }],
    ['backoff: fixed', { ...slow, backoff: 'fixed' }, down, { waits: [100, 100, 100] }],
    ['backoff: linear', { ...slow, backoff: 'linear' }, down, { waits: [100, 200, 300] }],
    ['factor', { ...slow, factor: 3 }, down, { waits: [100, 300, 900] }],
    ['max_wait', { ...slow, max_wait: '250ms' }, down, { waits: [100, 200, 250] }],
    ['classes, their attempts', { classes: { backend: once } }, down, { calls: ['t-1'] }],
    [
      'classes, their waits',
      { ...slow, classes: { backend: { initial_wait: '1s', backoff: 'fixed' } } },
      down,
      { waits: [1000, 1000, 1000] },
    ],
    ['classes, another one', { classes: { resource: once }, max_attempts: 2 }, down, { calls: ['t-1', 't-1'] }],
    [
      'strategy: fail',
      { classes: { backend: { strategy: 'fail' } }, fallbacks: [{ value: 1 }] },
      down,
      { calls: ['t-1'], output: undefined },
    ],
    [
      'strategy: fallback',
      { classes: { backend: { strategy: 'fallback' } }, fallbacks: [{ value: 1 }] },
      down,
      { calls: ['t-1'], output: 1 },
    ],
    [
      'fallbacks, component and action',
      { ...once, fallbacks: [{ component: 'b', action: 'stand' }] },
      down,
      { calls: ['t-1', 'b'] },
    ],
    ['fallbacks, inputs', { ...once, fallbacks: [{ inputs: { page: 1 } }] }, down, { output: { from: 't-1' } }],
    ['fallbacks, region', { ...once, fallbacks: [{ region: 'eu' }] }, down, { output: { from: 't-2' } }],
    ['fallbacks, value', { ...once, fallbacks: [{ value: { none: true } }] }, down, { output: { none: true } }],
    [
      'fallbacks, when',
      {
        ...once,
        fallbacks: [
          { value: 1, when: 'error.status == 404' },
          { value: 2, when: 'error.class == "backend"' },
        ],
      },
      down,
      { output: 2 },
    ],
    ['semantic: false', { semantic: false }, rejected, { asked: 0 }],
    ['semantic, by default', { max_attempts: 3 }, rejected, { asked: 1 }],
    ['escalate_after and notify', { ...once, escalate_after: 1, notify: ['ops'] }, down, { escalations: [['ops']] }],
    ['escalate_after, more than that', { ...once, escalate_after: 2, notify: ['ops'] }, down, { escalations: [] }],
  ])('shows the effect of %s', async (_, policy, failure, expected) => {
    expect(await see(place, policy, failure)).toMatchObject(expected)
  })

  it.each([
    [true, ['t-1', 'c']],
    [false, ['t-1']],
  ])('shows the effect of equivalents: %s', async (equivalents, calls) => {
    expect((await see(place, { ...once, equivalents }, down, 'c/go')).calls).toEqual(calls)
  })
})
