// From the configured names to models: which vendor, which key, which list of fallbacks, for which purpose.
import type { Config } from '../contracts/config.ts'
import { TuttiError } from '../contracts/errors.ts'
import type { LanguageModel, Purpose } from '../contracts/model.ts'
import type { Clock, Logger, Random } from '../contracts/parts.ts'
import { nearest } from '../util/text.ts'
import { createAnthropic } from './anthropic.ts'
import { createFailoverModel } from './failover.ts'
import { createOpenAi } from './openai.ts'
import { createRetryingModel } from './retrying.ts'
import { createGuardedModel } from './stream-guard.ts'
import type { Vendor, VendorSettings } from './wire-model.ts'

export interface ModelsParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
  /** Puts the gate of its limits before a model. */
  readonly limit?: (model: LanguageModel) => LanguageModel
}

const VENDORS = ['openai', 'anthropic'] as const
type VendorName = (typeof VENDORS)[number]

/** Asked when only a key is configured, or a vendor without a name: current, and fit for planning at a modest price. */
export const DEFAULT_MODELS: Readonly<Record<VendorName, string>> = {
  openai: 'gpt-5.4-mini',
  anthropic: 'claude-sonnet-5-5',
}

const KEY_VARIABLES: Readonly<Record<VendorName, string>> = { openai: 'OPENAI_API_KEY', anthropic: 'ANTHROPIC_API_KEY' }
const MAKERS: Readonly<Record<VendorName, (settings: VendorSettings, clock: Clock) => Vendor>> = {
  openai: createOpenAi,
  anthropic: createAnthropic,
}
/** A purpose that may have a model of its own. */
export type ModelSlot = Exclude<
  keyof Config['model'],
  'default' | 'idleTimeoutMs' | 'timeoutMs' | 'maxAttempts' | 'temperature'
>
/** Whose model answers; what corrects a plan is the model that made it. */
export const MODEL_SLOTS: Readonly<Record<Purpose, ModelSlot>> = {
  plan: 'plan',
  'plan-repair': 'plan',
  select: 'select',
  fill: 'fill',
  're-resolve': 'reResolve',
  generate: 'generate',
  synthesize: 'synthesize',
}

/**
 * The model of each purpose as the configuration names it; undefined where none is configured. Connects to nothing and loads
 * no vendor's SDK before the first call.
 * @throws TuttiError `invalid_config` for unknown vendors, lists with gaps, and vendors whose key is missing
 */
export function createModels(config: Config, parts: ModelsParts): (purpose: Purpose) => LanguageModel | undefined {
  const vendors = new Map<VendorName, Vendor>()
  const single = new Map<string, LanguageModel>()
  const lists = new Map<string, LanguageModel>()

  const vendorOf = (vendor: VendorName, setting: string): Vendor => {
    const known = vendors.get(vendor)
    if (known !== undefined) return known
    const made = MAKERS[vendor](vendorSettings(config, vendor, setting), parts.clock)
    vendors.set(vendor, made)
    return made
  }
  const modelOf = (item: string, setting: string): LanguageModel => {
    const { vendor, name } = parseModelName(item, setting)
    const id = `${vendor}:${name}`
    const known = single.get(id)
    if (known !== undefined) return known
    const guarded = createGuardedModel(vendorOf(vendor, setting).model(name), parts.clock, config.model)
    // Within the retries, so that each attempt takes its turn; around the deadlines, so that waiting for it is not the model's time.
    const limited = parts.limit?.(guarded) ?? guarded
    const made = createRetryingModel(limited, { ...parts, maxAttempts: config.model.maxAttempts })
    single.set(id, made)
    return made
  }
  const resolve = (spec: string, setting: string): LanguageModel => {
    const known = lists.get(spec)
    if (known !== undefined) return known
    const models = spec.split(',').map((item) => modelOf(item.trim(), setting))
    const [first] = models
    const made = models.length === 1 && first !== undefined ? first : createFailoverModel(models, parts)
    lists.set(spec, made)
    return made
  }

  const fallback = config.model.default ?? defaultOf(config)
  const byPurpose = new Map<string, LanguageModel>()
  for (const [purpose, slot] of Object.entries(MODEL_SLOTS)) {
    const own = config.model[slot]
    const spec = own ?? fallback
    if (spec !== undefined) byPurpose.set(purpose, resolve(spec, own === undefined ? 'model.default' : `model.${slot}`))
  }
  return (purpose) => byPurpose.get(purpose)
}

/** With a key and nothing else the vendor's model answers; an address alone does not say which models are there. */
function defaultOf(config: Config): string | undefined {
  const vendor = VENDORS.find((name) => hasText(config[name].apiKey))
  return vendor === undefined ? undefined : `${vendor}:${DEFAULT_MODELS[vendor]}`
}

const hasText = (value: string | undefined): value is string => value !== undefined && value.trim() !== ''

/** The key of this vendor and of no other; servers of one's own may do without. */
export function vendorSettings(config: Config, vendor: VendorName, setting: string): VendorSettings {
  const { apiKey, baseUrl } = config[vendor]
  if (!hasText(apiKey) && !hasText(baseUrl)) {
    throw new TuttiError(
      'invalid_config',
      `"${setting}" asks for "${vendor}", which has no key. Set ${KEY_VARIABLES[vendor]}, or choose another model with TUTTI_MODEL.`,
      { details: { setting, variable: KEY_VARIABLES[vendor] } },
    )
  }
  if (hasText(baseUrl) && !/^https?:$/.test(URL.parse(baseUrl.trim())?.protocol ?? '')) {
    throw new TuttiError(
      'invalid_config',
      `"${vendor}.base_url" is no http or https address. Write it like "https://host/v1".`,
      {
        details: { setting: `${vendor}.base_url` },
      },
    )
  }
  return { ...(hasText(apiKey) && { apiKey: apiKey.trim() }), ...(hasText(baseUrl) && { baseUrl: baseUrl.trim() }) }
}

/** `openai:NAME`, or a vendor alone. Names may hold colons (`openai:llama3:8b`). */
function parseModelName(item: string, setting: string): { readonly vendor: VendorName; readonly name: string } {
  const colon = item.indexOf(':')
  const given = (colon === -1 ? item : item.slice(0, colon)).trim()
  const name = colon === -1 ? '' : item.slice(colon + 1).trim()
  const vendor = VENDORS.find((one) => one === given.toLowerCase())
  if (vendor !== undefined && (colon === -1 || name !== ''))
    return { vendor, name: name === '' ? DEFAULT_MODELS[vendor] : name }
  throw new TuttiError(
    'invalid_config',
    `"${setting}" ${faultOf(item, given, vendor)} Write "openai:NAME", "anthropic:NAME", or a comma list of them.`,
    {
      details: { setting, value: item },
    },
  )
}

function faultOf(item: string, given: string, vendor: VendorName | undefined): string {
  if (item === '') return 'has an empty place in its list.'
  if (vendor !== undefined) return `names no model after "${given}:".`
  if (!item.includes(':')) {
    const guess = /^claude/i.test(item) ? 'anthropic' : 'openai'
    return `says "${item}", which names no vendor. Did you mean "${guess}:${item}"?`
  }
  return `names the vendor "${given}", which is unknown. Did you mean "${nearest(given, VENDORS, 1)[0] ?? 'openai'}"?`
}
