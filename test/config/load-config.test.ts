import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { describeConfig, listSecrets } from '../../src/config/describe-config.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import { resolveConfig } from '../../src/config/resolve-config.ts'
import { resolveOptions } from '../../src/config/resolve-options.ts'
import type { ConfigInput } from '../../src/contracts/config.ts'
import { TuttiError } from '../../src/contracts/errors.ts'

let cwd: string
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'tutti-config-'))
})
const load = (env: Record<string, string> = {}, options?: ConfigInput, strictVariables = true) =>
  loadConfig({ env, cwd, strictVariables, ...(options && { options }) })
const refusal = async (work: Promise<unknown>): Promise<TuttiError> => {
  const error: unknown = await work.then(
    () => undefined,
    (e: unknown) => e,
  )
  if (!(error instanceof TuttiError)) throw new Error(`expected a TuttiError, got ${String(error)}`)
  expect(error.code).toBe('invalid_config')
  return error
}

describe('precedence', () => {
  it('takes defaults when nothing is written anywhere', async () => {
    const { config, warnings } = await load()
    expect(config).toEqual(resolveConfig({}))
    expect(config.executor.stepTimeoutMs).toBe(30_000)
    expect(warnings).toEqual([])
  })
  it('puts an option over a variable, a variable over a file, and a file over the default', async () => {
    await writeFile(
      join(cwd, 'tutti.config.yaml'),
      'executor:\n  step_timeout: 1s\n  max_concurrency: 2\n  max_steps: 3\n',
    )
    const { config } = await load(
      { TUTTI_EXECUTOR_STEP_TIMEOUT: '2s', TUTTI_EXECUTOR_MAX_CONCURRENCY: '4' },
      { executor: { stepTimeoutMs: 3000 } },
    )
    expect(config.executor).toMatchObject({
      stepTimeoutMs: 3000,
      maxConcurrency: 4,
      maxSteps: 3,
      componentConcurrency: 64,
    })
  })
  it('lets a TUTTI_ variable win over the shared name, and the shared name over the GoMind alias', async () => {
    const { config } = await load({
      REDIS_URL: 'redis://shared',
      TUTTI_REDIS_URL: 'redis://own',
      GOMIND_CAPABILITY_TOP_K: '50',
      TUTTI_CAPABILITIES_TOP_K: '7',
    })
    expect(config.redis.url).toBe('redis://own')
    expect(config.capabilities.topK).toBe(7)
  })
  it('leaves an undefined option to the weaker sources', async () => {
    const options: ConfigInput = JSON.parse('{"executor":{}}')
    expect((await load({ TUTTI_EXECUTOR_MAX_STEPS: '9' }, options)).config.executor.maxSteps).toBe(9)
  })
})

describe('variables', () => {
  it.each([
    ['TUTTI_MODEL', 'openai:a,anthropic:b', (c: Loaded) => c.model.default, 'openai:a,anthropic:b'],
    ['TUTTI_MODEL_SELECT', 'openai:s', (c: Loaded) => c.model.select, 'openai:s'],
    ['TUTTI_MODEL_RE_RESOLVE', 'openai:r', (c: Loaded) => c.model.reResolve, 'openai:r'],
    ['TUTTI_PROFILE', 'production', (c: Loaded) => c.profile, 'production'],
    ['TUTTI_JOURNAL', 'memory:', (c: Loaded) => c.journal, 'memory:'],
    ['TUTTI_SERVER_PORT', '0', (c: Loaded) => c.server.port, 0],
    ['TUTTI_SERVER_PUBLIC_METRICS', 'true', (c: Loaded) => c.server.publicMetrics, true],
    ['TUTTI_SERVER_SHUTDOWN_TIMEOUT', '500ms', (c: Loaded) => c.server.shutdownTimeoutMs, 500],
    ['TUTTI_MODEL_TEMPERATURE', '0', (c: Loaded) => c.model.temperature, 0],
    ['TUTTI_REDIS_NAMESPACE', 'gomind, acme', (c: Loaded) => c.redis.namespaces, ['gomind', 'acme']],
    ['OPENAI_API_KEY', 'sk-1', (c: Loaded) => c.openai.apiKey, 'sk-1'],
    ['OPENAI_BASE_URL', 'http://m/v1', (c: Loaded) => c.openai.baseUrl, 'http://m/v1'],
    ['ANTHROPIC_API_KEY', 'ak-1', (c: Loaded) => c.anthropic.apiKey, 'ak-1'],
    ['ANTHROPIC_BASE_URL', 'http://a', (c: Loaded) => c.anthropic.baseUrl, 'http://a'],
    ['REDIS_URL', 'redis://r', (c: Loaded) => c.redis.url, 'redis://r'],
    ['GOMIND_ORCHESTRATOR_CACHE_ENABLED', 'false', (c: Loaded) => c.planner.cacheEnabled, false],
    ['GOMIND_ORCHESTRATOR_CACHE_TTL', '5m', (c: Loaded) => c.planner.cacheTtlMs, 300_000],
    ['GOMIND_ORCHESTRATOR_MAX_CONCURRENCY', '3', (c: Loaded) => c.executor.maxConcurrency, 3],
    ['GOMIND_ORCHESTRATOR_STEP_TIMEOUT', '45s', (c: Loaded) => c.executor.stepTimeoutMs, 45_000],
    ['GOMIND_SEMANTIC_RETRY_ENABLED', 'false', (c: Loaded) => c.recovery.semanticEnabled, false],
    ['GOMIND_SEMANTIC_RETRY_MAX_ATTEMPTS', '0', (c: Loaded) => c.recovery.semanticAttempts, 0],
    ['GOMIND_CAPABILITY_TOP_K', '50', (c: Loaded) => c.capabilities.topK, 50],
  ])('reads %s (B120)', async (name, text, pick, expected) => {
    expect(pick((await load({ [name]: text })).config)).toEqual(expected)
  })

  it.each([
    ['TUTTI_EXECUTOR_STEP_TIMEOUT', 'soon', 'a duration such as 500ms, 30s or 5m'],
    ['TUTTI_EXECUTOR_MAX_CONCURRENCY', '1.5', 'a whole number of at least 1'],
    ['TUTTI_EXECUTOR_MAX_CONCURRENCY', '0', 'a whole number of at least 1'],
    ['TUTTI_SERVER_PORT', '70000', 'a whole number of at least 0 and at most 65535'],
    ['TUTTI_PLANNER_CACHE_ENABLED', 'yes', 'true or false'],
    ['TUTTI_PROFILE', 'staging', 'one of development, production, testing'],
  ])('refuses %s=%s and says what it may be', async (name, text, allowed) => {
    const { message } = await refusal(load({ [name]: text }))
    expect(message).toContain(`variable "${name}"`)
    expect(message).toContain(text)
    expect(message).toContain(allowed)
  })
  it('treats an empty variable as unset', async () => {
    const { config } = await load({ TUTTI_SERVER_PORT: '', OPENAI_API_KEY: '  ', TUTTI_MODLE: '' })
    expect(config.server.port).toBe(8080)
    expect(config.openai.apiKey).toBeUndefined()
  })
  it('refuses an unknown TUTTI_ variable where variables are strict, naming the nearest', async () => {
    const { message } = await refusal(load({ TUTTI_MODLE: 'openai:x' }))
    expect(message).toBe('Unknown variable "TUTTI_MODLE". Did you mean "TUTTI_MODEL"?')
  })
  it('warns of an unknown TUTTI_ variable where they are not strict', async () => {
    const { warnings } = await load({ TUTTI_EXECUTOR_STEP_TIMEOUTS: '1s' }, undefined, false)
    expect(warnings).toEqual([
      'Unknown variable "TUTTI_EXECUTOR_STEP_TIMEOUTS". Did you mean "TUTTI_EXECUTOR_STEP_TIMEOUT"?',
    ])
  })
  it('ignores what Kubernetes injects for services, also where it looks like a setting', async () => {
    const { config, warnings } = await load({
      TUTTI_SERVICE_HOST: '10.0.0.1',
      TUTTI_SERVICE_PORT: '8080',
      TUTTI_SERVICE_PORT_HTTP: '8080',
      TUTTI_PORT: 'tcp://10.0.0.1:8080',
      TUTTI_PORT_8080_TCP: 'tcp://10.0.0.1:8080',
      TUTTI_PORT_8080_TCP_PROTO: 'tcp',
      TUTTI_PORT_8080_TCP_ADDR: '10.0.0.1',
      TUTTI_PORT_8080_TCP_PORT: '8080',
      TUTTI_SERVER_PORT: 'tcp://10.0.0.2:9090',
      TUTTI_SERVER_SERVICE_HOST: '10.0.0.2',
    })
    expect(config.server.port).toBe(8080)
    expect(warnings).toEqual([])
  })
  it("takes GoMind's variables for the external search, and no secret may stand in its address (B16)", async () => {
    const { config, warnings } = await load({
      GOMIND_CAPABILITY_SERVICE_URL: 'http://s:1/base',
      GOMIND_CAPABILITY_THRESHOLD: '0.75',
    })
    expect(config.capabilities).toMatchObject({ serviceUrl: 'http://s:1/base', threshold: 0.75 })
    expect(warnings).toEqual([])
    const refused = await refusal(load({ GOMIND_CAPABILITY_SERVICE_URL: 'http://u:hunter22@s' }))
    expect(refused.message).toMatch(/without credentials/)
    expect(refused.message).not.toContain('hunter22')
  })
  it('refuses an external search without an address, or with one that is none', async () => {
    expect((await refusal(load({ TUTTI_CAPABILITIES_PROVIDER: 'service' }))).message).toContain(
      'Set capabilities.service_url too.',
    )
    expect((await refusal(load({ GOMIND_CAPABILITY_SERVICE_URL: 'capability-service' }))).message).not.toContain(
      '"capability-service"',
    )
    expect((await refusal(load({ GOMIND_CAPABILITY_THRESHOLD: '7' }))).message).toContain('at most 1')
  })
  it('accepts the later variables whose value changes nothing, and refuses others', async () => {
    expect((await load({ TUTTI_WORKFLOWS_DIR: 'flows', TUTTI_ENGINE: 'in-process' })).warnings).toEqual([])
    expect((await refusal(load({ TUTTI_ENGINE: 'bullmq' }))).message).toMatch(/"bullmq", which is not supported yet/)
    expect((await refusal(load({ TUTTI_JOURNAL: 'redis://u:hunter22@h' }))).message).toMatch(/not supported yet/)
  })
})

describe('files', () => {
  it.each([
    ['tutti.config.yaml', 'planner:\n  cache_ttl: 90s\nredis:\n  namespaces: [a, b]\nprofile: testing\n'],
    [
      'tutti.config.json',
      '{"planner": {"cacheTtlMs": 90000}, "redis": {"namespaces": ["a", "b"]}, "profile": "testing"}',
    ],
    [
      'tutti.config.js',
      "export const config = { planner: { cacheTtlMs: 90_000 }, redis: { namespaces: ['a', 'b'] }, profile: 'testing' }",
    ],
    [
      'tutti.config.ts',
      "const ttl: number = 90_000\nexport default { planner: { cacheTtlMs: ttl }, redis: { namespaces: ['a', 'b'] }, profile: 'testing' }",
    ],
  ])('reads %s', async (name, text) => {
    await writeFile(join(cwd, 'package.json'), '{"type":"module"}')
    await writeFile(join(cwd, name), text)
    const { config } = await load()
    expect(config.planner.cacheTtlMs).toBe(90_000)
    expect(config.redis.namespaces).toEqual(['a', 'b'])
    expect(config.profile).toBe('testing')
  })
  it('refuses an unknown key with the file and the nearest key', async () => {
    await writeFile(join(cwd, 'tutti.config.yaml'), 'executor:\n  step_timout: 5s\n')
    expect((await refusal(load())).message).toBe(
      'Unknown key "executor.step_timout" in the file "tutti.config.yaml". Did you mean "executor.step_timeout"?',
    )
  })
  it('lists the legal keys where none resembles the wrong one', async () => {
    await writeFile(join(cwd, 'tutti.config.yaml'), 'notify:\n  slack: {}\n')
    expect((await refusal(load())).message).toBe(
      'Unknown key "notify.slack" in the file "tutti.config.yaml". There are: targets, timeout, max_attempts, max_queued.',
    )
  })
  it('refuses a duration without its unit where the key says none, and takes 0', async () => {
    await writeFile(join(cwd, 'tutti.config.yaml'), 'executor:\n  step_timeout: 30\n')
    expect((await refusal(load())).message).toBe(
      'The setting "executor.stepTimeoutMs" (from "executor.step_timeout" in the file "tutti.config.yaml") is 30; it must be a duration such as 500ms, 30s or 5m (at most 24 days).',
    )
    await writeFile(join(cwd, 'tutti.config.yaml'), 'recovery:\n  initial_wait: 0\nexecutor:\n  stepTimeoutMs: 30\n')
    expect((await load()).config).toMatchObject({ recovery: { initialWaitMs: 0 }, executor: { stepTimeoutMs: 30 } })
  })
  it('refuses an unknown section', async () => {
    await writeFile(join(cwd, 'tutti.config.json'), '{"executer": {}}')
    expect((await refusal(load())).message).toContain('Did you mean "executor"?')
  })
  it('names file and key of a wrong value', async () => {
    await writeFile(join(cwd, 'tutti.config.yaml'), 'server:\n  port: eighty\n')
    const { message } = await refusal(load())
    expect(message).toContain('"server.port" in the file "tutti.config.yaml"')
    expect(message).toContain('is "eighty"; it must be a whole number')
  })
  it('says which file it does not read when there are two', async () => {
    await writeFile(join(cwd, 'tutti.config.yaml'), 'profile: testing\n')
    await writeFile(join(cwd, 'tutti.config.json'), '{"profile": "production"}')
    const { config, warnings } = await load()
    expect(config.profile).toBe('testing')
    expect(warnings).toEqual(['The file "tutti.config.json" is not read: "tutti.config.yaml" comes before it.'])
  })
  it('names the place of a syntax error and quotes nothing of the file', async () => {
    await writeFile(join(cwd, 'tutti.config.yaml'), 'openai:\n  api_key: "sk-very-secret\n')
    const { message } = await refusal(load())
    expect(message).toMatch(
      /"tutti.config.yaml" cannot be read: line 3, column 1: missing char\. Look at the indentation/,
    )
    expect(message).not.toContain('sk-very')
  })
})

describe('resolveConfig', () => {
  it('names key, value, and what is allowed', () => {
    expect(() => resolveConfig({ executor: { maxConcurrency: 0 } })).toThrow(
      'The setting "executor.maxConcurrency" is 0; it must be a whole number of at least 1.',
    )
  })
  it('names the nearest setting for an unknown one', () => {
    const input: ConfigInput = JSON.parse('{"executor": {"maxConcurency": 1}, "plannr": {}}')
    expect(() => resolveConfig(input)).toThrow(/"executor.maxConcurency". Did you mean "executor.maxConcurrency"\?/)
    expect(() => resolveConfig(input)).toThrow(/"plannr". Did you mean "planner"\?/)
  })
  it('never shows the value of a secret setting', () => {
    const input: ConfigInput = JSON.parse(
      '{"openai": {"apiKey": ["sk-very-secret"]}, "redis": {"url": {"p": "hunter22"}}}',
    )
    let message = ''
    try {
      resolveConfig(input)
    } catch (error) {
      message = String(error)
    }
    expect(message).toContain('"openai.apiKey" has a value that cannot be used')
    expect(message).not.toMatch(/sk-very-secret|hunter22/)
  })
})

describe('resolveOptions', () => {
  it('completes the options of a program from the environment and ignores unknown variables', () => {
    const env = { TUTTI_MODEL: 'openai:env', TUTTI_MODLE: 'x', REDIS_URL: 'redis://r' }
    const config = resolveOptions({ model: { default: 'openai:option' } }, env)
    expect(config.model.default).toBe('openai:option')
    expect(config.redis.url).toBe('redis://r')
  })
})

describe('describeConfig', () => {
  const config = resolveConfig({
    openai: { apiKey: 'sk-very-secret', baseUrl: 'https://user:gatepass@gw/v1?key=abc' },
    redis: { url: 'redis://:p%40ssword@r:6379/2' },
    server: { apiKeys: 'ops:admin:key-of-ops,ci:run:key:with:colons' },
  })
  it('names secrets as set, and shows addresses without credentials', () => {
    const shown = describeConfig(config)
    expect(shown.openai).toEqual({ apiKey: '[set]', baseUrl: 'https://gw/v1' })
    expect(shown.redis).toMatchObject({ url: 'redis://r:6379/2' })
    expect(shown.journal).toBe('memory:')
    expect(JSON.stringify(shown)).not.toMatch(/secret|gatepass|abc|ssword|key-of-ops|colons/)
  })
  it('lists every secret for redaction, passwords also decoded', () => {
    expect(listSecrets(config).sort()).toEqual(
      ['gatepass', 'key-of-ops', 'key:with:colons', 'p%40ssword', 'p@ssword', 'sk-very-secret'].sort(),
    )
  })
})

type Loaded = Awaited<ReturnType<typeof loadConfig>>['config']
