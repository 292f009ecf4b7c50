// One A2A agent as a source: its card says what it can do, its skills are called as one message each.
import type { Client } from '@a2a-js/sdk/client'
import { LRUCache } from 'lru-cache'
import type { Component } from '../../contracts/capability.ts'
import { TuttiError, toTuttiError } from '../../contracts/errors.ts'
import type { Clock, Invoker, Logger, SkippedEntry, Source } from '../../contracts/parts.ts'
import type { A2aSpec } from '../../contracts/sources.ts'
import { createClock } from '../../util/clock.ts'
import { isJsonObject } from '../../util/json.ts'
import { hideSecrets } from '../../util/secrets.ts'
import { truncateText } from '../../util/text.ts'
import { classifyAddress, type PrivateAddresses } from '../http/addresses.ts'
import { createGuardedFetch } from '../http/guarded-fetch.ts'
import { createDigitKeeper } from '../http/keep-digits.ts'
import { createRequestProver, type RequestProver } from '../mcp/prove-requests.ts'
import { type ReadCard, readAgentCard } from './agent-card.ts'
import { statusError, withoutSecrets } from './agent-errors.ts'
import { type A2aSdk, loadSdk } from './load-sdk.ts'
import { runTask } from './run-task.ts'
import { readSkills, type SkillCapability } from './skill-capabilities.ts'

/** One A2A agent, and what its answers are bounded by. */
export interface A2aSourceOptions {
  /** Of the component. */
  readonly name: string
  readonly agent: A2aSpec
  /** Largest answer, bytes; of a stream, all that is kept of it. Default 10,000,000. */
  readonly maxResponseBytes?: number
  readonly clock?: Clock
  readonly log?: Logger
}

/** A card changes rarely: between two looks at it the agent is left alone. */
const CARD_TTL_MS = 60_000
/** Conversations of runs that are remembered. */
const MAX_CONTEXTS = 1_000
/** Longer names of conversations are not remembered, characters. */
const MAX_CONTEXT = 1_000

/** What was read of the agent last. */
interface Known {
  readonly read: ReadCard
  readonly client: Client
  readonly components: readonly Component[]
  readonly skillIds: ReadonlyMap<string, string>
  readonly skipped: readonly SkippedEntry[]
  readonly isStreaming: boolean
}

/** Where the address itself is a private one, that is meant. */
function privateByAddress(address: string): PrivateAddresses {
  const host = new URL(address).hostname.replace(/^\[|\]$/g, '')
  return host === 'localhost' || classifyAddress(host) === 'private' ? [host] : false
}

function parseAddress(address: string): URL {
  const url = URL.canParse(address) ? new URL(address) : undefined
  if (url !== undefined && (url.protocol === 'http:' || url.protocol === 'https:') && url.username === '') return url
  throw new TuttiError('invalid_config', 'The URL of an agent must be like "https://agents.example.com/planner".')
}

class Agent {
  readonly #options: A2aSourceOptions
  readonly #clock: Clock
  readonly #origin: string
  readonly #http: ReturnType<typeof createGuardedFetch>
  readonly prover: RequestProver
  readonly #contexts = new LRUCache<string, string>({ max: MAX_CONTEXTS })
  readonly #keeper = createDigitKeeper()
  #sdk: A2aSdk | undefined
  #known: Known | undefined
  #readAt = 0

  constructor(options: A2aSourceOptions) {
    const { agent, maxResponseBytes } = options
    this.#options = options
    this.#clock = options.clock ?? createClock()
    const { origin, searchParams } = parseAddress(agent.url)
    this.#origin = origin
    const given = [...Object.entries(agent.headers ?? {}), ...searchParams]
    this.prover = createRequestProver({ name: options.name, origin, given, clock: this.#clock, log: options.log })
    this.#http = createGuardedFetch({
      origin: this.#origin,
      privateAddresses: agent.privateAddresses ?? privateByAddress(agent.url),
      ...(maxResponseBytes !== undefined && { maxResponseBytes }),
    })
  }

  get skipped(): readonly SkippedEntry[] {
    return this.#known?.skipped ?? []
  }

  async load(signal: AbortSignal): Promise<readonly Component[]> {
    const now = this.#clock.now()
    if (this.#known !== undefined && now - this.#readAt < CARD_TTL_MS) return this.#known.components
    this.#sdk ??= await loadSdk()
    const sdk = this.#sdk
    const http = { ...this.#http, fetch: this.#send }
    const read = await readAgentCard(this.#options.agent.url, { http, sdk, signal }).catch((thrown: unknown) => {
      throw toTuttiError(thrown, 'source_failed')
    })
    if (read.text !== this.#known?.read.text) this.#known = await this.#know(read, sdk)
    this.#readAt = now
    return this.#known.components
  }

  async #know(read: ReadCard, sdk: A2aSdk): Promise<Known> {
    const { agent } = this.#options
    const transport = { fetchImpl: this.#call, legacyCompat: { enabled: true } }
    const factory = new sdk.ClientFactory({
      transports: [new sdk.JsonRpcTransportFactory(transport), new sdk.RestTransportFactory(transport)],
    })
    const client = await factory.createFromAgentCard(read.card).catch((cause: unknown) => {
      throw new TuttiError('source_failed', `The agent card of "${this.#origin}" cannot be used.`, { cause })
    })
    const { skills, skipped } = readSkills(read.facts, agent.skills ?? {})
    const { capabilities, description, version } = read.facts
    return {
      read,
      client,
      components: Object.freeze([this.#componentOf(skills, { description, version })]),
      skillIds: new Map(skills.map(({ skillId, capability }) => [capability.name, skillId])),
      skipped,
      isStreaming: isJsonObject(capabilities) && capabilities['streaming'] === true,
    }
  }

  #componentOf(
    skills: readonly SkillCapability[],
    told: { readonly description: unknown; readonly version: unknown },
  ): Component {
    const { name, agent } = this.#options
    const { description, version } = told
    return {
      name,
      kind: 'agent',
      source: `a2a:${name}`,
      trust: 'configured',
      ...(typeof description === 'string' && { description: truncateText(description, 4_000) }),
      ...(typeof version === 'string' && version !== '' && { version: truncateText(version, 100) }),
      capabilities: skills.map(({ capability }) =>
        agent.timeoutMs === undefined ? capability : { timeoutMs: agent.timeoutMs, ...capability },
      ),
      instances: [{ id: this.#origin, address: this.#origin, health: 'unknown' }],
    }
  }

  /** With the headers of the configuration, which no call replaces. */
  readonly #send = async (url: string | URL, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers(init.headers)
    for (const [header, value] of Object.entries(this.#options.agent.headers ?? {})) headers.set(header, value)
    const fetch = this.prover.over((target, shown) => this.#http.fetch(target, shown))
    return await fetch(url, { ...init, headers })
  }

  /** For the SDK: what is no answer of the protocol ends here, by its status. */
  readonly #call: typeof fetch = async (input, init) => {
    const answer = await this.#send(input instanceof Request ? input.url : input, init)
    if (answer.ok) return this.#keeper.mark(answer)
    const text = await answer.text()
    if (answer.status !== 401 && answer.status !== 403 && answer.status !== 429 && isProtocolError(text))
      return new Response(text, { status: answer.status, headers: answer.headers })
    throw statusError(this.#options.name, answer.status, text)
  }

  readonly invoke: Invoker['invoke'] = async (call) => {
    const known = this.#known
    const sdk = this.#sdk
    const { name, maxResponseBytes = 10_000_000 } = this.#options
    const skillId = known?.skillIds.get(call.capability.name)
    if (known === undefined || sdk === undefined || skillId === undefined)
      throw new TuttiError('component_unavailable', `"${name}" no longer has the skill "${call.capability.name}".`, {
        details: { sent: false },
      })
    // An agent may say back what it was sent.
    const secrets = this.prover.secrets()
    const result = await runTask(call, {
      sdk,
      skillId,
      client: known.client,
      isStreaming: known.isStreaming,
      agent: name,
      contextId: this.#contexts.get(call.runId) ?? '',
      maxBytes: maxResponseBytes,
      keeper: this.#keeper,
      clock: this.#clock,
      onContext: (contextId) => {
        if (contextId.length <= MAX_CONTEXT) this.#contexts.set(call.runId, contextId)
      },
    }).catch((thrown: unknown) => {
      throw withoutSecrets(thrown, secrets)
    })
    return { ...result, body: hideSecrets(result.body, secrets) }
  }

  async close(): Promise<void> {
    await Promise.all([this.#http.close(), this.prover.close()])
  }
}

/** Whether a body is an error as JSON-RPC or the REST binding writes it. */
function isProtocolError(text: string): boolean {
  try {
    const body: unknown = JSON.parse(text)
    return typeof body === 'object' && body !== null && 'error' in body && typeof body.error === 'object'
  } catch {
    return false
  }
}

/**
 * An agent that speaks A2A (1.0 or 0.3, over JSON-RPC or HTTP+JSON). Its skills take `{message, data?}` and give
 * `{text, data?, files?}`. `load` throws `source_failed` when its card cannot be had or used.
 *
 * @throws TuttiError `invalid_config` for an unusable URL
 * @example createOrchestrator({ sources: [createA2aSource({ name: 'travel', agent: { url: 'https://travel.example' } })] })
 */
export function createA2aSource(options: A2aSourceOptions): Source {
  const agent = new Agent(options)
  return {
    discovery: {
      name: `a2a:${options.name}`,
      load: (signal) => agent.load(signal),
      skipped: () => agent.skipped,
      close: () => agent.close(),
    },
    invoker: {
      invoke: (call) => agent.invoke(call),
      refreshCredentials: (_component, signal) => agent.prover.refresh(signal),
      usePolicies: (policyOf) => agent.prover.use(policyOf(options.name)?.credentials),
    },
  }
}
