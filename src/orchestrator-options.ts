// What a program may hand in, and how it is taken apart: settings for the configuration, models and parts for the wiring.
import { resolveOptions } from './config/resolve-options.ts'
import type { LocalTool } from './connectors/local/tool.ts'
import type { NoticeListener } from './contracts/api.ts'
import type { Config, ConfigInput } from './contracts/config.ts'
import type { RunEvent } from './contracts/events.ts'
import type { RunJournal } from './contracts/journal.ts'
import type { LanguageModel, Purpose } from './contracts/model.ts'
import type { Clock, Logger, Random, Source } from './contracts/parts.ts'
import { MODEL_SLOTS, type ModelSlot } from './providers/registry.ts'
import { createGuardedModel } from './providers/stream-guard.ts'
import type { OwnParts } from './wire-core.ts'

/** A model by name (`openai:NAME`, `anthropic:NAME`, a comma list for failover) or your own implementation. */
export type ModelChoice = string | LanguageModel
/** A model per purpose; settings such as `idleTimeoutMs` stand beside them. */
export type ModelChoices = Omit<NonNullable<ConfigInput['model']>, ModelSlot | 'default'> & {
  readonly [K in ModelSlot | 'default']?: ModelChoice | undefined
}

/**
 * Everything is optional: every setting of the configuration, and the parts that a program brings. What is left out comes from the
 * environment, then from the defaults. Durations are in milliseconds.
 */
export interface OrchestratorOptions extends Omit<ConfigInput, 'model' | 'journal' | 'sources'> {
  /** One model for everything, or one per purpose. Default: from the environment, else none (degraded). */
  readonly model?: ModelChoice | ModelChoices
  /** Functions of this process, made with `tool()`. */
  readonly tools?: readonly LocalTool[]
  /**
   * Where components come from, beside `tools` and the Redis of the configuration: sources that the program makes, or the block
   * `sources` of the configuration. The first source that offers a name keeps it.
   */
  readonly sources?: readonly Source[] | NonNullable<ConfigInput['sources']>
  /** `memory:` (default), or your own implementation. */
  readonly journal?: string | RunJournal
  /** Your own implementations of single parts; what is left out is built. */
  readonly parts?: OwnParts
  /** Sees every event of every run. What it throws is dropped. */
  readonly onEvent?: (event: RunEvent) => void
  /** Hears what people should know of, as the targets of `notify` do. What it throws is dropped. */
  readonly onNotice?: NoticeListener
  /** Default: silent. */
  readonly log?: Logger
  readonly clock?: Clock
  readonly random?: Random
}

/** Sources that the program makes, not the block of the configuration. */
export const isSourceList = (sources: OrchestratorOptions['sources']): sources is readonly Source[] =>
  Array.isArray(sources)

const isLanguageModel = (choice: unknown): choice is LanguageModel =>
  typeof choice === 'object' && choice !== null && 'stream' in choice && typeof choice.stream === 'function'

/** Models given as objects are taken out; all else is configuration, completed from the environment. */
export function readOptions(options: OrchestratorOptions): {
  config: Config
  models: (purpose: Purpose) => LanguageModel | undefined
} {
  const {
    model,
    tools: _t,
    sources,
    journal,
    parts: _p,
    onEvent: _o,
    onNotice: _n,
    log: _l,
    clock: _c,
    random: _r,
    ...settings
  } = options
  const choices: ModelChoices = typeof model === 'string' || isLanguageModel(model) ? { default: model } : (model ?? {})
  const named: Record<string, unknown> = {}
  const given = new Map<string, LanguageModel>()
  for (const [key, choice] of Object.entries(choices)) {
    if (isLanguageModel(choice)) given.set(key, choice)
    else if (choice !== undefined) named[key] = choice
  }
  const config = resolveOptions({
    ...settings,
    model: named,
    ...(typeof journal === 'string' && { journal }),
    ...(sources !== undefined && !isSourceList(sources) && { sources }),
  })
  return { config, models: (purpose) => given.get(MODEL_SLOTS[purpose]) ?? given.get('default') }
}

/** A model of the caller's own gets the same deadlines and limits as a vendor's; each is wrapped once. */
export function guardModels(
  clock: Clock,
  settings: Config['model'],
  limit: (model: LanguageModel) => LanguageModel,
): (model: LanguageModel | undefined) => LanguageModel | undefined {
  const wrapped = new Map<LanguageModel, LanguageModel>()
  return (model) => {
    if (model === undefined) return undefined
    const known = wrapped.get(model) ?? limit(createGuardedModel(model, clock, settings))
    wrapped.set(model, known)
    return known
  }
}
