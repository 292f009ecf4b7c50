import { copyFile, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { describeConfig, listSecrets } from '../../src/config/describe-config.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import { resolveConfig } from '../../src/config/resolve-config.ts'
import { resolveOptions } from '../../src/config/resolve-options.ts'
import { listSettings } from '../../src/config/settings.ts'
import type { Config, ConfigInput } from '../../src/contracts/config.ts'
import { TuttiError } from '../../src/contracts/errors.ts'

let cwd: string
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'tutti-config-'))
})
const write = (text: string, name = 'tutti.config.yaml'): Promise<void> => writeFile(join(cwd, name), text)
const load = async (env: Record<string, string> = {}, options: ConfigInput = {}): Promise<Config> =>
  (await loadConfig({ env, cwd, strictVariables: true, options })).config
const messageOf = async (work: () => unknown): Promise<string> => {
  try {
    await work()
  } catch (error) {
    if (error instanceof TuttiError && error.code === 'invalid_config') return error.message
    throw error
  }
  throw new Error('nothing was refused')
}
const refusalOf = (text: string, env: Record<string, string> = {}): Promise<string> =>
  messageOf(async () => {
    await write(text)
    await load(env)
  })

describe('sections by name in a file', () => {
  it('renames our keys at every level and none of the names', async () => {
    await write(`
components:
  fx_service:
    max_queued: 5
    timeout: 20s
    rate_limit: {requests: 10, per: 1m}
    credentials: {type: client-credentials, token_url: "https://id.example/t", client_id: tutti, client_secret: abcdef}
    breaker: {error_percentage: 20, window: 10s, ramp: [0.5, 1], ramp_calls: 3}
    recovery:
      max_attempts: 2
      initial_wait: 50ms
      classes: {resource: {max_wait: 1m, strategy: retry}}
      fallbacks:
        - {component: other_one, inputs: {max_wait: {initial_wait: keep}, z: null}}
        - {value: {max_attempts: 1, per: 1m}}
        - {value: null}
models:
  "openai:gpt-4.1": {input_price: 2.5, tokens_per_minute: 1000}
quotas:
  team_a/alice: {max_runs: 2, budget: {wall_time: 90s, component_calls: 7}}
resources: {inventory: {big_gpu: 2}}
notify: {targets: {on_call: {url: "https://h.example/x", on: [breaker]}}, timeout: 2s}
`)
    const { components, models, quotas, resources, notify } = await load()
    expect(components).toEqual({
      fx_service: {
        maxQueued: 5,
        timeoutMs: 20_000,
        rateLimit: { requests: 10, perMs: 60_000 },
        credentials: {
          type: 'client-credentials',
          tokenUrl: 'https://id.example/t',
          clientId: 'tutti',
          clientSecret: 'abcdef',
        },
        breaker: { errorPercentage: 20, windowMs: 10_000, ramp: [0.5, 1], rampCalls: 3 },
        recovery: {
          maxAttempts: 2,
          initialWaitMs: 50,
          classes: { resource: { maxWaitMs: 60_000, strategy: 'retry' } },
          fallbacks: [
            { component: 'other_one', inputs: { max_wait: { initial_wait: 'keep' }, z: null } },
            { value: { max_attempts: 1, per: '1m' } },
            { value: null },
          ],
        },
      },
    })
    expect(models).toEqual({ 'openai:gpt-4.1': { inputPrice: 2.5, tokensPerMinute: 1000 } })
    expect(quotas).toEqual({ 'team_a/alice': { maxRuns: 2, budget: { wallTimeMs: 90_000, componentCalls: 7 } } })
    expect(resources.inventory).toEqual({ big_gpu: 2 })
    expect(notify).toMatchObject({ timeoutMs: 2000, targets: { on_call: { on: ['breaker'] } } })
  })

  it('reads the example of the reference', async () => {
    await copyFile('docs/reference/tutti.config.yaml', join(cwd, 'tutti.config.yaml'))
    const config = await load({ FX_TOKEN: 'token-of-fx', ON_CALL_SECRET: 'signing-secret' })
    expect(config.components['fx-service']?.credentials).toEqual({ type: 'bearer', token: 'token-of-fx' })
    expect(config.notify.targets['on-call']?.secret).toBe('signing-secret')
    expect(config.budget).toEqual({ cost: 0.5, wallTimeMs: 120_000 })
  })

  it('reads the spelling of code too, as programs write it', async () => {
    await write('export default { components: { fx: { rateLimit: { requests: 1, perMs: 500 } } } }', 'tutti.config.js')
    await write('{"type":"module"}', 'package.json')
    expect((await load()).components['fx']?.rateLimit).toEqual({ requests: 1, perMs: 500 })
  })

  it.each([
    [
      'components: {fx: {rate_limits: {}}}',
      'Unknown key "components.fx.rate_limits" in the file "tutti.config.yaml". Did you mean "components.fx.rate_limit"?',
    ],
    [
      'components: {fx: {recovery: {classes: {transient: {max_atempts: 2}}}}}',
      'Did you mean "components.fx.recovery.classes.transient.max_attempts"?',
    ],
    [
      'components: {fx: {recovery: {fallbacks: [{value: 1}, {componet: b}]}}}',
      'Unknown key "components.fx.recovery.fallbacks[1].componet"',
    ],
    ['models: {"openai:gpt-4.1": {price: 1}}', 'Unknown key "models."openai:gpt-4.1".price"'],
    [
      'components: {fx: {recovery: {classes: {transent: {max_attempts: 2}}}}}',
      '"components.fx.recovery.classes.transient"?',
    ],
    [
      'components: {fx: {credentials: {type: bearer, value: x}}}',
      '"components.fx.credentials.token" is missing; it must be text',
    ],
    [
      'components: {fx: {credentials: {type: basic}}}',
      'is "basic"; it must be one of bearer, header, client-credentials.',
    ],
    ['model: openai:x', '"model" of the file "tutti.config.yaml" must hold settings by name. There are: default, '],
    ['- sources', 'The file "tutti.config.yaml" must hold settings by name. There are: '],
    [
      'mcpServers: {a: {command: x}}',
      'Unknown key "mcpServers" in the file "tutti.config.yaml". Write it as "sources.mcpServers".',
    ],
    ['sources: {mcpServer: {}}', 'Did you mean "sources.mcpServers"?'],
    ['sources: {mcp_server: {}}', 'Did you mean "sources.mcp_servers"?'],
    ['components: [fx]', 'The section "components" of the file "tutti.config.yaml" must hold settings by name.'],
    ['components: {constructor: {cost: 1}}', '"constructor" cannot be a name'],
    ['components: {fx: {rate_limit: {requests: 1, per: 1s, perMs: 5}}}', 'stands there twice, in both spellings'],
  ])('refuses %s and names the path', async (text, message) => {
    expect(await refusalOf(text)).toContain(message)
  })

  it('says which value of which file is wrong, with what is allowed', async () => {
    expect(await refusalOf('components: {fx: {rate_limit: {requests: 1, per: soon}}}')).toBe(
      'The setting "components.fx.rateLimit.perMs" (from "components.fx.rate_limit.per" in the file "tutti.config.yaml") is "soon"; it must be a duration such as 500ms, 30s or 5m (more than 0, at most 24 days).',
    )
    expect(await refusalOf('components: {fx: {recovery: {fallbacks: []}}}')).toContain(
      'is a list; it must be a list with at least one entry.',
    )
  })
})

describe('options by name', () => {
  const refuse = (input: object): Promise<string> => messageOf(() => resolveOptions(input, {}))

  it('are refused as files are, and show no text where an object is due', async () => {
    expect(await refuse({ components: { a: { credentials: 'hunter22' } } })).toBe(
      'The setting "components.a.credentials" is a text; it must be an object of settings.',
    )
    expect(await refuse({ components: { a: { recovery: { notify: [5] } } } })).toContain(
      'notify[0]" is 5; it must be text',
    )
    expect(await refuse({ notify: { targets: { a: { url: 'https://x', on: ['breakr'] } } } })).toContain(
      '"notify.targets.a.on[0]" is "breakr"; it must be one of escalation,',
    )
    expect(await refuse({ components: { a: { credentials: { type: 'bearer', token: 't', name: 'x' } } } })).toContain(
      'Unknown setting "components.a.credentials.name".',
    )
  })

  it('reach no prototype by a name', () => {
    const { components } = resolveOptions(JSON.parse('{"components": {"__proto__": {"cost": 1}}}'), {})
    expect(components['cost']).toBeUndefined()
    expect(Object.getPrototypeOf(components)).toBe(Object.prototype)
  })
})

describe('variables and options beside them', () => {
  it('reads variables of the fixed sections, lists of numbers and durations too', async () => {
    const config = await load({
      TUTTI_EXECUTOR_PROCESS_CONCURRENCY: '7',
      TUTTI_BUDGET_TOKENS: '500',
      TUTTI_BUDGET_WALL_TIME: '2m',
      TUTTI_BREAKER_RAMP: '0.1, 0.5,1',
    })
    expect(config.executor.processConcurrency).toBe(7)
    expect(config.budget).toEqual({ tokens: 500, wallTimeMs: 120_000 })
    expect(config.breaker.ramp).toEqual([0.1, 0.5, 1])
    expect(await messageOf(() => load({ TUTTI_BREAKER_RAMP: '0.1,much' }))).toContain(
      '(from variable "TUTTI_BREAKER_RAMP") is "0.1,much"; it must be a list of numbers above 0 and at most 1',
    )
  })

  it('has no variables for sections by name', async () => {
    expect(listSettings().filter(({ isByName, variables }) => isByName && variables.length > 0)).toEqual([])
    expect(await messageOf(() => load({ TUTTI_COMPONENTS_FX_COST: '1' }))).toContain('Unknown variable')
  })

  it('lays options over the file name by name and key by key; lists and other credentials replace', async () => {
    await write(`
components:
  a: {cost: 1, max_concurrency: 3, breaker: {ramp: [0.5, 1], volume: 4}, credentials: {type: bearer, token: old-token}}
  b: {cost: 2}
`)
    const { components } = await load(
      {},
      {
        components: {
          a: { maxConcurrency: 9, breaker: { ramp: [1] }, credentials: { type: 'header', name: 'x-key', value: 'k' } },
          c: { cost: 3 },
        },
      },
    )
    expect(components).toEqual({
      a: {
        cost: 1,
        maxConcurrency: 9,
        breaker: { ramp: [1], volume: 4 },
        credentials: { type: 'header', name: 'x-key', value: 'k' },
      },
      b: { cost: 2 },
      c: { cost: 3 },
    })
  })

  it('accepts its own result as options again, as the command line hands it on', () => {
    const config = resolveConfig({ components: { a: { rateLimit: { requests: 2 } } }, budget: { tokens: 5 } })
    expect(resolveOptions(config, {})).toEqual(config)
  })
})

describe('secrets by name', () => {
  const config = resolveConfig({
    components: {
      a: { credentials: { type: 'bearer', token: 'token-of-a' } },
      b: { credentials: { type: 'header', name: 'x-key', value: 'value-of-b' } },
      c: {
        credentials: {
          type: 'client-credentials',
          tokenUrl: 'https://u:pass-of-c@id.example/t?k=query-of-c',
          clientId: 'tutti',
          clientSecret: 'secret-of-c',
        },
        recovery: { fallbacks: [{ value: { token: 'no secret' } }] },
      },
    },
    notify: {
      targets: {
        t: {
          url: 'https://user-of-t:pass-of-t@h.example/services/hook-path-of-t?sig=query-of-t',
          secret: 'secret-of-t',
        },
      },
    },
  })

  it('are shown nowhere', () => {
    const shown = describeConfig(config)
    expect(JSON.stringify(shown)).not.toMatch(/(token|value|secret|query|pass|user|path)-of/)
    expect(shown.components).toMatchObject({
      a: { credentials: { type: 'bearer', token: '[set]' } },
      c: {
        credentials: { tokenUrl: 'https://id.example/t' },
        recovery: { fallbacks: [{ value: { token: 'no secret' } }] },
      },
    })
    expect(shown.notify).toMatchObject({ targets: { t: { url: 'https://h.example/…', secret: '[set]' } } })
  })

  it('are known to whoever writes logs', () => {
    expect(listSecrets(config)).toEqual(
      expect.arrayContaining([
        'token-of-a',
        'value-of-b',
        'secret-of-c',
        'pass-of-c',
        'secret-of-t',
        'user-of-t',
        'pass-of-t',
        'query-of-t',
      ]),
    )
  })

  it('come from the environment where the file says {env: NAME}, and are missed by that name', async () => {
    const text = 'components: {a: {credentials: {type: bearer, token: {env: TOKEN_OF_A}}}}'
    expect(await refusalOf(text)).toBe(
      'The setting "components.a.credentials.token" in the file "tutti.config.yaml" is to come from the variable "TOKEN_OF_A", which is not set.',
    )
    expect((await load({ TOKEN_OF_A: ' t-1 ' })).components['a']?.credentials).toEqual({ type: 'bearer', token: 't-1' })
    expect(await refusalOf('openai: {api_key: {env: K, else: x}}')).toContain('must be text, or {env: NAME}')
    expect(await refusalOf('profile: {env: K}', { K: 'testing' })).toContain('it must be one of development')
  })

  it('come from the environment where an address holds one, and are not taken from the name of a variable', async () => {
    const text = 'notify: {targets: {t: {url: {env: HOOK}, secret: "12345678"}}}'
    expect((await load({ HOOK: 'https://h.example/x' })).notify.targets['t']).toBeUndefined()
    await write(text)
    expect((await load({ HOOK: 'https://h.example/x' })).notify.targets['t']?.url).toBe('https://h.example/x')
    expect(await refusalOf('notify: {targets: {t: {url: "https://h", secret: "${ALERTS_SECRET}"}}}')).toBe(
      'The setting "notify.targets.t.secret" in the file "tutti.config.yaml" looks like the name of a variable. Write {env: ALERTS_SECRET}.',
    )
  })

  it.each([
    'components: {a: {credentials: {type: bearer, token: [hunter22]}}}',
    'components: {a: {credentials: {type: client-credentials, token_url: "hunter22", client_id: a, client_secret: hunter22}}}',
    'notify: {targets: {t: {url: "ftp://hunter22@h/?hunter22"}}}',
    'notify: {targets: {t: {url: "https://h", secret: hunter2}}}',
    'notify: {targets: {t: {url: "https://h", secret: ""}}}',
  ])('are not in the error about them: %s', async (text) => {
    const message = await refusalOf(text)
    expect(message).toMatch(/"(components\.a\.credentials|notify\.targets\.t)\./)
    expect(message).not.toContain('hunter2')
  })
})
