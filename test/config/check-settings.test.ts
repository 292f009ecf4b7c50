import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeEach, describe, expect, it } from 'vitest'
import { checkPolicyConditions } from '../../src/config/check-settings.ts'
import { loadConfig } from '../../src/config/load-config.ts'
import { resolveOptions } from '../../src/config/resolve-options.ts'
import { TuttiError } from '../../src/contracts/errors.ts'

let cwd: string
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'tutti-config-'))
})
const load = async (text: string): ReturnType<typeof loadConfig> => {
  await writeFile(join(cwd, 'tutti.config.yaml'), text)
  return await loadConfig({ env: {}, cwd, strictVariables: true })
}
const messageOf = async (work: () => unknown): Promise<string> => {
  try {
    await work()
  } catch (error) {
    if (error instanceof TuttiError && error.code === 'invalid_config') return error.message
    throw error
  }
  throw new Error('nothing was refused')
}

describe('settings that contradict each other, or can never be met', () => {
  it.each<[string, string, string]>([
    [
      'a ramp that does not rise',
      'breaker: {ramp: [0.5, 0.5, 1]}',
      '"breaker.ramp" (from "breaker.ramp" in the file "tutti.config.yaml") is 0.5, 0.5, 1; each share',
    ],
    [
      'a quota of a key that cannot be',
      'quotas: {payments/: {max_runs: 1}}',
      'is of a key that nobody has: write names',
    ],
    ['a ramp that ends early', 'components: {a: {breaker: {ramp: [0.1, 0.5]}}}', 'the last share must be 1'],
    [
      'a first wait above the longest',
      'recovery: {initial_wait: 10s, max_wait: 1s}',
      'is 10s, longer than the longest wait of 1s',
    ],
    [
      'the same of a component',
      'components: {a: {recovery: {initial_wait: 10s, max_wait: 1s}}}',
      '"components.a.recovery.initialWaitMs"',
    ],
    [
      'the same of a class',
      'components: {a: {recovery: {initial_wait: 10s, classes: {resource: {max_wait: 1s}}}}}',
      '"components.a.recovery.classes.resource.maxWaitMs"',
    ],
    ['a factor below 1', 'components: {a: {recovery: {factor: 0.5}}}', 'is 0.5; it must be a number of at least 1'],
    ['attempts without end', 'components: {a: {recovery: {max_attempts: 1000000000}}}', 'at least 1 and at most 100'],
    [
      'a token that no header can carry',
      'components: {a: {credentials: {type: bearer, token: "abc\\n"}}}',
      '"components.a.credentials.token"',
    ],
    [
      'a header that is of the connection itself',
      'components: {a: {credentials: {type: header, name: Host, value: x}}}',
      '"components.a.credentials.name"',
    ],
    [
      'a header name with a line end',
      'components: {a: {credentials: {type: header, name: "x\\r\\ny", value: x}}}',
      'cannot be the name of a header',
    ],
    [
      'an origin with a path',
      'components: {a: {credentials: {type: bearer, token: x, origins: ["https://a.test/pay"]}}}',
      'must be an origin such as https://host:8443, without a path',
    ],
    [
      'an origin that is none',
      'components: {a: {credentials: {type: bearer, token: x, origins: [a.test]}}}',
      '"components.a.credentials.origins[0]"',
    ],
    ['a limit of 0', 'components: {a: {max_concurrency: 0}}', 'is 0; it must be a whole number of at least 1'],
    ['a negative limit', 'quotas: {k: {max_runs: -1}}', 'is -1; it must be a whole number of at least 1'],
    ['an infinite weight', 'quotas: {k: {weight: .inf}}', 'is Infinity; it must be a number above 0'],
    ['a resource of NaN', 'resources: {inventory: {gpu: .nan}}', 'is NaN; it must be a number above 0'],
    ['a negative duration', 'components: {a: {timeout: -5s}}', 'is "-5s"; it must be a duration'],
    ['an endless budget', 'budget: {tokens: .inf}', 'is Infinity; it must be a whole number'],
    ['a budget of 0', 'budget: {wall_time: 0s}', 'is 0; it must be a duration such as 500ms, 30s or 5m (more than 0'],
    [
      'fallbacks in a circle',
      'components: {a: {recovery: {fallbacks: [{component: B}]}}, b: {recovery: {fallbacks: [{component: A}]}}}',
      '"components.a.recovery.fallbacks[0]" (from "components.a.recovery.fallbacks" in the file "tutti.config.yaml") closes a circle of fallbacks: a → b → a.',
    ],
    [
      'a fallback to itself',
      'components: {a: {recovery: {fallbacks: [{component: A}]}}}',
      'leads from "a" to itself with nothing changed',
    ],
    [
      'an empty fallback',
      'components: {a: {recovery: {fallbacks: [{when: error.status == 500}]}}}',
      'says nothing. Write "component"',
    ],
    [
      'a value with a component',
      'components: {a: {recovery: {fallbacks: [{value: 1, component: b}]}}}',
      'has "value" and "component", which contradict',
    ],
    [
      'a region with a component',
      'components: {a: {recovery: {fallbacks: [{region: eu, component: b}]}}}',
      'has "region" and "component"',
    ],
    [
      'inputs with a value',
      'components: {a: {recovery: {fallbacks: [{inputs: {x: 1}, value: 2}]}}}',
      'has "value" and "inputs"',
    ],
    [
      'an action alone',
      'components: {a: {recovery: {fallbacks: [{action: b}]}}}',
      'has an "action" without a "component"',
    ],
    [
      'references where none are read',
      'components: {a: {recovery: {fallbacks: [{inputs: {x: "${inputs.y}"}}]}}}',
      'are sent as they are',
    ],
    [
      'a when that does not parse',
      'components: {a: {recovery: {fallbacks: [{value: 1, when: "error.code =="}]}}}',
      '"components.a.recovery.fallbacks[0].when" cannot be used: The expression cannot be read',
    ],
    [
      'a when that reads the run',
      'components: {a: {recovery: {fallbacks: [{value: 1, when: "inputs.x == 1"}]}}}',
      'only the "error" can be read',
    ],
    [
      'a when of an unknown field',
      'components: {a: {recovery: {fallbacks: [{value: 1, when: "false && error.cod == \'x\'"}]}}}',
      'There is no "error.cod"',
    ],
    [
      'a when that is no condition',
      'components: {a: {recovery: {fallbacks: [{value: 1, when: error.status}]}}}',
      'gives true or false',
    ],
    [
      'needs above the inventory',
      'resources: {inventory: {gpu: 1}}\ncomponents: {a: {resources: {gpu: 2}}}',
      'is 2, more than the 1 that resources.inventory has',
    ],
    [
      'an unknown resource',
      'resources: {inventory: {gpu: 1}}\ncomponents: {a: {resources: {gpus: 1}}}',
      'Did you mean "gpu"?',
    ],
    [
      'an unknown target',
      'notify: {targets: {ops: {url: "https://h"}}}\ncomponents: {a: {recovery: {notify: [opps]}}}',
      'names "opps", which is none of notify.targets. Did you mean "ops"?',
    ],
    [
      'fail with attempts',
      'components: {a: {recovery: {classes: {permanent: {strategy: fail, max_attempts: 2}}}}}',
      'is 2, but the strategy of "permanent" is "fail"',
    ],
    [
      'a cost without prices',
      'budget: {cost: 1}',
      '"budget.cost" (from "budget.cost" in the file "tutti.config.yaml") is 1, but nothing has a price',
    ],
    ['a cost of a key without prices', 'quotas: {k: {budget: {cost: 1}}}', '"quotas.k.budget.cost"'],
    [
      'names that differ in case only',
      'components: {Fx: {cost: 1}, fx: {cost: 2}}',
      '"components.fx" stands there as "Fx" too',
    ],
    [
      'a webhook that is no address',
      'notify: {targets: {t: {url: "hooks.example/x"}}}',
      'begins with http:// or https://',
    ],
  ])('refuses %s, with place and reason', async (_, text, message) => {
    expect(await messageOf(() => load(text))).toContain(message)
  })

  it('refuses the same in options of a program', async () => {
    expect(await messageOf(() => resolveOptions({ quotas: { k: { weight: Number.NaN } } }, {}))).toContain(
      'The setting "quotas.k.weight" is NaN; it must be a number above 0.',
    )
    expect(await messageOf(() => resolveOptions({ executor: { stepTimeoutMs: Number.NaN } }, {}))).toContain('is NaN')
  })

  it('refuses a condition of a program when it starts, since the parser is loaded only then', async () => {
    const config = resolveOptions(
      { components: { a: { recovery: { fallbacks: [{ value: 1, when: 'error.cod == 1' }] } } } },
      {},
    )
    expect(await messageOf(() => checkPolicyConditions(config))).toContain(
      '"components.a.recovery.fallbacks[0].when" cannot be used: There is no "error.cod"',
    )
  })

  it('takes 0 as the longest wait for none, and a component that falls back to itself with other inputs', async () => {
    const { config } = await load(
      'components: {a: {cost: 1, recovery: {initial_wait: 1m, max_wait: 0s, fallbacks: [{component: a, inputs: {page: 1}}, {region: eu, when: error.status >= 500}]}}}\nbudget: {cost: 1}',
    )
    expect(config.components['a']?.recovery?.maxWaitMs).toBe(0)
  })
})
