// What single settings cannot know: contradictions between them, names that nothing stands behind, needs that can never be met.
import type { Config } from '../contracts/config.ts'
import { TuttiError } from '../contracts/errors.ts'
import type { BudgetSpec, ComponentPolicy, CredentialsSpec, RecoveryPolicy } from '../contracts/policy.ts'
import {
  checkConditions,
  checkPolicy,
  checkWaits,
  findFallbackCircles,
  findNameClashes,
  hasPrices,
  type PolicyFault,
  showCircle,
} from '../plan/policy.ts'
import { isFreeHeaderName, isHeaderValue } from '../util/header-text.ts'
import { didYouMean } from '../util/text.ts'
import { checkSources } from './check-sources.ts'
import { checkTemplate } from './check-template.ts'
import type { SettingPath } from './setting-path.ts'
import { placeOf } from './wrong-value.ts'

/** Continues "The setting "a.b" (from ...) ...". */
type Fault = PolicyFault

/** All faults, each with its place. Pure: conditions of policies are looked at by {@link checkPolicyConditions}. */
export function checkSettings(config: Config): Fault[] {
  const { components, notify, recovery, breaker } = config
  return [
    ...checkWaits(recovery, recovery, ['recovery']),
    ...checkRamp(breaker.ramp, ['breaker', 'ramp']),
    ...checkNames(config),
    ...Object.entries(components).flatMap(([name, policy]) => checkComponent(name, policy, config)),
    ...findFallbackCircles(recoveriesOf(components)).map((circle) => ({
      path: ['components', circle.component, 'recovery', 'fallbacks', circle.index],
      message: `closes a circle of fallbacks: ${showCircle(circle)}. Take one of them out.`,
    })),
    ...Object.entries(notify.targets).flatMap(([name, { url }]) =>
      checkAddress(url, ['notify', 'targets', name, 'url']),
    ),
    ...checkKeys(config),
    ...checkPrices(config),
    ...checkSources(config.sources),
    ...checkTemplate(config.planner),
    ...checkChoosing(config),
  ]
}

/** As keys of requests are written: any other would never be met. */
const checkKeys = ({ quotas }: Config): Fault[] =>
  Object.keys(quotas)
    .filter((key) => !/^[^/]+(?:\/[^/]+)*$/.test(key))
    .map((key) => ({
      path: ['quotas', key],
      message: 'is of a key that nobody has: write names with slashes between them, such as "payments/alice".',
    }))

const checkChoosing = ({ capabilities: { provider, serviceUrl } }: Config): Fault[] => [
  ...(provider === 'service' && serviceUrl === undefined
    ? [
        {
          path: ['capabilities', 'provider'],
          message: 'is "service", and no service is known. Set capabilities.service_url too.',
        },
      ]
    : []),
  ...(serviceUrl === undefined ? [] : checkBase(serviceUrl, ['capabilities', 'serviceUrl'])),
]

const recoveriesOf = (components: Config['components']): Record<string, RecoveryPolicy> =>
  Object.fromEntries(
    Object.entries(components).flatMap(([name, { recovery }]) => (recovery === undefined ? [] : [[name, recovery]])),
  )

function checkNames({ components, models, notify, resources, sources }: Config): Fault[] {
  const sections: readonly (readonly [SettingPath, object])[] = [
    [['components'], components],
    [['models'], models],
    [['notify', 'targets'], notify.targets],
    [['resources', 'inventory'], resources.inventory],
    [['sources', 'mcpServers'], sources.mcpServers],
    [['sources', 'openapi'], sources.openapi],
    [['sources', 'a2a'], sources.a2a],
    [['sources', 'http'], sources.http],
  ]
  return sections.flatMap(([path, names]) =>
    findNameClashes(Object.keys(names)).map(({ name, other }) => ({
      path: [...path, name],
      message: `stands there as "${other}" too: the case of letters does not tell names apart. Keep one.`,
    })),
  )
}

function checkComponent(name: string, policy: ComponentPolicy, config: Config): Fault[] {
  const path = ['components', name]
  const { recovery, breaker, credentials, resources = {} } = policy
  return [
    ...(recovery === undefined
      ? []
      : checkPolicy(name, recovery).map((fault) => ({ ...fault, path: [...path, 'recovery', ...fault.path] }))),
    ...(recovery?.notify ?? []).flatMap((target, i) => checkTarget(target, config, [...path, 'recovery', 'notify', i])),
    ...(breaker?.ramp === undefined ? [] : checkRamp(breaker.ramp, [...path, 'breaker', 'ramp'])),
    ...(credentials === undefined ? [] : checkCredentials(credentials, [...path, 'credentials'])),
    ...Object.entries(resources).flatMap(([resource, need]) =>
      checkNeed(resource, need, config.resources.inventory, [...path, 'resources', resource]),
    ),
  ]
}

function checkRamp(ramp: readonly number[], path: SettingPath): Fault[] {
  const shown = `is ${ramp.join(', ')};`
  if (ramp.some((share, i) => i > 0 && share <= (ramp[i - 1] ?? 0)))
    return [{ path, message: `${shown} each share must be larger than the one before.` }]
  return ramp.at(-1) === 1 ? [] : [{ path, message: `${shown} the last share must be 1, the whole traffic.` }]
}

function checkNeed(
  name: string,
  need: number,
  inventory: Config['resources']['inventory'],
  path: SettingPath,
): Fault[] {
  const there = Object.hasOwn(inventory, name) ? inventory[name] : undefined
  if (there === undefined) {
    const hint = didYouMean(name, Object.keys(inventory))
    return [{ path, message: `names a resource that resources.inventory does not have.${hint} Add it there.` }]
  }
  if (need <= there) return []
  return [{ path, message: `is ${need}, more than the ${there} that resources.inventory has: it could never be met.` }]
}

function checkTarget(name: string, { notify }: Config, path: SettingPath): Fault[] {
  if (Object.hasOwn(notify.targets, name)) return []
  const hint = didYouMean(name, Object.keys(notify.targets))
  return [{ path, message: `names "${name}", which is none of notify.targets.${hint}` }]
}

function checkAddress(url: string, path: SettingPath): Fault[] {
  const protocol = URL.canParse(url) ? new URL(url).protocol : undefined
  if (protocol === 'http:' || protocol === 'https:') return []
  return [{ path, message: 'must be an address that begins with http:// or https://.' }]
}

/** Values are secrets: they are not shown. */
function checkCredentials(spec: CredentialsSpec, path: SettingPath): Fault[] {
  const faults = (spec.origins ?? []).flatMap((origin, i) => checkOrigin(origin, [...path, 'origins', i]))
  if (spec.type === 'client-credentials') return [...checkAddress(spec.tokenUrl, [...path, 'tokenUrl']), ...faults]
  const [key, value] = spec.type === 'bearer' ? (['token', spec.token] as const) : (['value', spec.value] as const)
  if (!isHeaderValue(value))
    faults.push({
      path: [...path, key],
      message: 'cannot stand in a header: it holds a line end, or a character that no header has. Look at its end.',
    })
  if (spec.type === 'header' && !isFreeHeaderName(spec.name))
    faults.push({ path: [...path, 'name'], message: 'cannot be the name of a header that is added to a call.' })
  return faults
}

/** A path would promise more than is kept: whatever runs at an origin can read what any path of it is sent. */
function checkOrigin(text: string, path: SettingPath): Fault[] {
  const [fault] = checkAddress(text, path)
  if (fault !== undefined) return [fault]
  const { username, pathname, search, hash } = new URL(text)
  if (username === '' && pathname === '/' && search === '' && hash === '') return []
  return [{ path, message: 'must be an origin such as https://host:8443, without a path.' }]
}

/** What stands below it is asked for, so there can be nothing behind it. */
function checkBase(text: string, path: SettingPath): Fault[] {
  const [fault] = checkAddress(text, path)
  if (fault !== undefined) return [fault]
  const { username, password, search, hash } = new URL(text)
  if (username + password + search + hash === '') return []
  return [{ path, message: 'must be an address such as http://host:8080/base, without credentials or query.' }]
}

function checkPrices({ budget, quotas, models, components }: Config): Fault[] {
  if (hasPrices(models, components)) return []
  const budgets: readonly (readonly [SettingPath, BudgetSpec | undefined])[] = [
    [['budget'], budget],
    ...Object.entries(quotas).map(([key, quota]) => [['quotas', key, 'budget'], quota.budget] as const),
  ]
  return budgets.flatMap(([path, spec]) =>
    spec?.cost === undefined
      ? []
      : [
          {
            path: [...path, 'cost'],
            message: `is ${spec.cost}, but nothing has a price. Set models.MODEL.inputPrice and outputPrice, or components.NAME.cost.`,
          },
        ],
  )
}

/**
 * Every `when` of every component's policy; apart from the rest, since the parser of expressions is loaded for it.
 * @throws TuttiError `invalid_config`
 */
export async function checkPolicyConditions({ components }: Pick<Config, 'components'>): Promise<void> {
  const messages: string[] = []
  for (const [name, { recovery }] of Object.entries(components)) {
    if (recovery === undefined) continue
    for (const { path, message } of await checkConditions(recovery))
      messages.push(`${placeOf(['components', name, 'recovery', ...path], undefined)} cannot be used: ${message}`)
  }
  if (messages.length > 0)
    throw new TuttiError('invalid_config', messages.join(' '), { details: { problems: messages } })
}
