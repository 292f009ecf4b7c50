// The search of an external service, in three layers: repetitions and a pause after failures, a breaker that a program may
// bring, and the search of this process when all of that has failed. What is shown to a model comes from the catalog alone:
// the service says which components, never what is in the prompt.

import type { OfferedCapability } from '../../contracts/capability.ts'
import type { CapabilityAnswer, CapabilityBreaker, CapabilityService } from '../../contracts/capability-service.ts'
import type { Config } from '../../contracts/config.ts'
import { TuttiError, toTuttiError } from '../../contracts/errors.ts'
import type { CapabilityProvider, CatalogView, Clock, Logger, Random } from '../../contracts/parts.ts'
import { type BackoffPolicy, backoffMs } from '../../resilience/retry.ts'
import { formatDuration } from '../../util/duration.ts'
import { createAutoProvider } from './auto.ts'
import {
  fullName,
  type Hidden,
  MAX_HIDDEN,
  type Offer,
  type ProviderParts,
  type Query,
  whyHidden,
} from './provider-parts.ts'

export interface ServiceProviderParts extends Omit<ProviderParts, 'catalog'> {
  readonly catalog: ProviderParts['catalog'] & Pick<CatalogView, 'component' | 'find'>
  readonly service: CapabilityService
  readonly settings: Pick<Config['capabilities'], 'threshold'>
  readonly breaker?: CapabilityBreaker | undefined
  readonly clock: Clock
  readonly random: Random
  readonly log: Logger
}

/** A way of choosing that has something of its own to be well or ill. */
export interface ServiceProvider extends CapabilityProvider {
  /** Asks the service where nothing is known of it since a moment ago. */
  state(): Promise<{ readonly isWell: boolean; readonly message: string }>
  close(): Promise<void>
}

const RETRIES = 3
const BACKOFF: BackoffPolicy = { initialWaitMs: 200, factor: 2, maxWaitMs: 2_000 }
/** A pause that the service asks for is only waited for when it is short. */
const LONGEST_PAUSE_MS = 2_000
const FAILURES_BEFORE_PAUSE = 5
const COOLDOWN_MS = 30_000
/** Agents are named whole, and may offer much. */
const MAX_OFFERED = 200
const PROBE_MS = 1_000
const KNOWN_FOR_MS = 10_000

export function createServiceProvider(parts: ServiceProviderParts): ServiceProvider {
  const { service, clock, log } = parts
  const embedded = createAutoProvider(parts)
  const guard = createCooldown(parts)
  let known: { readonly at: number; readonly error?: TuttiError } | undefined
  let probing: Promise<void> | undefined

  const note = (error?: TuttiError): void => {
    known = { at: clock.now(), ...(error !== undefined && { error }) }
  }
  const probe = async (): Promise<void> => {
    const controller = new AbortController()
    const stop = clock.after(PROBE_MS, () =>
      controller.abort(
        new TuttiError('component_timeout', `It gave no answer to GET /health in ${formatDuration(PROBE_MS)}.`),
      ),
    )
    try {
      await service.probe(controller.signal)
      note()
    } catch (thrown) {
      note(toTuttiError(thrown, 'component_unavailable'))
    } finally {
      stop()
      probing = undefined
    }
  }
  return {
    async offer(query) {
      let answer: CapabilityAnswer
      try {
        answer = await guard.ask(query)
        note()
        return await offerAnswer(parts, query, answer)
      } catch (thrown) {
        query.signal.throwIfAborted()
        const error = toTuttiError(thrown, 'component_unavailable')
        if (error.code !== 'breaker_open') note(error)
        log.warn('the capability service does not serve, capabilities are searched here', {
          code: error.code,
          error: error.message,
        })
        const offer = await embedded.offer(query)
        const reason = `The capability service did not serve, so capabilities were searched in this process: ${error.message}`
        const hidden = [{ name: 'capability service', why: reason }, ...offer.hidden].slice(0, MAX_HIDDEN)
        return { ...offer, hidden, degraded: { reason, way: 'search' } }
      }
    },
    async state() {
      if (known === undefined || clock.now() - known.at > KNOWN_FOR_MS) await (probing ??= probe())
      const error = guard.whyPaused() ?? known?.error
      return error === undefined
        ? { isWell: true, message: `answers at ${service.origin}` }
        : { isWell: false, message: `Capabilities are searched in this process: ${error.message}` }
    },
    close: () => service.close(),
  }
}

/** Layers 1 and 2: repeats what may pass, and after five requests that failed asks nothing for a while. */
function createCooldown({ service, topK, settings, breaker, clock, random }: ServiceProviderParts) {
  let failures = 0
  let pausedUntil = 0
  const ask = ({ request, metadata, signal }: Query): Promise<CapabilityAnswer> =>
    service.find({
      query: request,
      ...(metadata !== undefined && { metadata }),
      topK,
      threshold: settings.threshold,
      signal,
    })
  const repeat = async (query: Query): Promise<CapabilityAnswer> => {
    for (let attempt = 1; ; attempt++) {
      try {
        return await ask(query)
      } catch (thrown) {
        const error = toTuttiError(thrown, 'component_unavailable')
        const asked = typeof error.details.retryAfterMs === 'number' ? error.details.retryAfterMs : 0
        // A deadline that passed has cost the request its whole length already.
        const isPassing = error.retryable && error.code !== 'component_timeout' && asked <= LONGEST_PAUSE_MS
        if (!isPassing || attempt > RETRIES || query.signal.aborted) throw error
        await clock.sleep(backoffMs(BACKOFF, attempt, random, asked), query.signal)
      }
    }
  }
  const whyPaused = (): TuttiError | undefined => {
    const leftMs = pausedUntil - clock.now()
    if (leftMs <= 0) return undefined
    return new TuttiError(
      'breaker_open',
      `The capability service at "${service.origin}" failed ${FAILURES_BEFORE_PAUSE} times and is not asked for ${formatDuration(Math.ceil(leftMs / 1_000) * 1_000)}.`,
    )
  }
  return {
    whyPaused,
    async ask(query: Query): Promise<CapabilityAnswer> {
      const paused = whyPaused()
      if (paused !== undefined) throw paused
      try {
        const answer = await (breaker === undefined ? repeat(query) : breaker(() => repeat(query)))
        failures = 0
        return answer
      } catch (thrown) {
        if (!query.signal.aborted && ++failures >= FAILURES_BEFORE_PAUSE) {
          failures = 0
          pausedUntil = clock.now() + COOLDOWN_MS
        }
        throw thrown
      }
    },
  }
}

/** What the catalog knows of the agents that were named; those that it does not know are passed over. */
async function offerAnswer(
  parts: ServiceProviderParts,
  { principal }: Query,
  { agents }: CapabilityAnswer,
): Promise<Offer> {
  const { catalog, filter, closure, service } = parts
  const hits: OfferedCapability[] = []
  const hidden: Hidden[] = []
  const hide = (name: string, why: string): void => {
    if (hidden.length < MAX_HIDDEN) hidden.push({ name, why })
  }
  let isAnyKnown = false
  for (const { name, capabilities: spokenOf } of agents) {
    const component = catalog.component(name)
    if (component === undefined) {
      hide(name, 'the capability service names it, and the catalog does not know it')
      continue
    }
    isAnyKnown = true
    const named = spokenOf.flatMap((action) => catalog.find(name, action) ?? [])
    const visible = (named.length > 0 ? named : component.capabilities).filter(({ internal }) => internal !== true)
    for (const capability of visible) {
      const why = whyHidden(component, capability, principal, filter)
      if (why !== undefined) hide(fullName(component, capability), why)
      else if (hits.length === MAX_OFFERED) hide(fullName(component, capability), `more than ${MAX_OFFERED} were named`)
      else hits.push({ component, capability, why: 'found by the capability service' })
    }
  }
  if (agents.length > 0 && !isAnyKnown)
    throw new TuttiError(
      'bad_response',
      `The capability service at "${service.origin}" names no component of the catalog.`,
    )
  const mayOffer = (component: OfferedCapability['component'], capability: OfferedCapability['capability']): boolean =>
    whyHidden(component, capability, principal, filter) === undefined
  const offered = closure === undefined ? hits : await closure({ hits, limit: hits.length + parts.topK, mayOffer })
  return { offered, hidden }
}
