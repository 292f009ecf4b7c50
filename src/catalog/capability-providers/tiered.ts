// A cheap model picks from one-line summaries; only what it picked is shown in full to the model that plans. Choosing nothing
// is a choice (trap B04). What it missed, a plan may still name: the planner then shows its schema and asks again (trap B05).
import { createHash } from 'node:crypto'
import { FENCE_RULE, fence } from '../../asking/fence.ts'
import { exactName, toOneLine } from '../../asking/render-capability.ts'
import type { OfferedCapability } from '../../contracts/capability.ts'
import { TuttiError, toTuttiError } from '../../contracts/errors.ts'
import type { JsonValue } from '../../contracts/json.ts'
import type { AskModel, CapabilityProvider, CatalogView, Logger } from '../../contracts/parts.ts'
import { createRunId } from '../../util/ids.ts'
import { isJsonObject, stringifyJson } from '../../util/json.ts'
import { nameKey } from '../../util/name-key.ts'
import { compareText } from '../../util/text.ts'
import { hasMoreThan, listFor, MAX_ALL } from './all.ts'
import { createAutoProvider } from './auto.ts'
import { fullName, MAX_HIDDEN, type Offer, type ProviderParts, type Query, whyHidden } from './provider-parts.ts'
import { searchOffers } from './search.ts'

export interface TieredProviderParts extends Omit<ProviderParts, 'catalog'> {
  readonly catalog: ProviderParts['catalog'] & Pick<CatalogView, 'component' | 'find'>
  readonly ask: AskModel
  readonly log: Logger
}

/** A search leaves so many where there are more: a summary is about 30 tokens. */
export const MAX_SUMMARIES = 500
const MAX_SUMMARY_CHARS = 160
/** Names of one answer that are looked up. */
const MAX_CHOSEN = 200
const MAX_METADATA_CHARS = 2_000

const SYSTEM = `You choose which capabilities a planner needs to see for a request. You are shown one line for each: component/action: what it does.
Answer with a JSON array of "component/action" texts, exactly as they are written in the list, the most important first.
Choose every capability that a plan for the request may need, also those that give what another one needs as an input (an id, a code, a position).
Leave out what has nothing to do with the request. Arithmetic and wording are done elsewhere and need no capability.
When nothing in the list can serve the request, answer with []: that is a good answer.
${FENCE_RULE}`

export function createTieredProvider(parts: TieredProviderParts): CapabilityProvider {
  const { ask, log, topK } = parts
  const embedded = createAutoProvider(parts)
  return {
    async offer(query) {
      // The plan has spoken since: what it was looking for is found by its words, and needs no second opinion.
      if (query.isWider === true) return await searchOffers(parts, query)
      const candidates = await listCandidates(parts, query)
      if (candidates.offered.length === 0) return candidates
      try {
        if (!ask.available('select'))
          throw new TuttiError(
            'no_model',
            'No model is configured for "select"; set TUTTI_MODEL_SELECT or TUTTI_MODEL.',
          )
        const answer = await askForChoice(parts, query, candidates.offered)
        return await offerChoice(parts, query, { candidates, names: readChoice(answer) })
      } catch (thrown) {
        query.signal.throwIfAborted()
        const error = toTuttiError(thrown)
        if (error.code === 'budget_exceeded') throw error
        log.warn('no model chooses among the summaries, capabilities are searched instead', { code: error.code })
        const reason = `No model chose among ${candidates.offered.length} summaries, so the best ${topK} of a search were offered: ${error.message}`
        return { ...(await embedded.offer(query)), degraded: { reason, way: 'search' } }
      }
    },
  }
}

/** Everything, or what a search finds near where that is too much; by name, so that the same list has the same bytes. */
async function listCandidates(parts: TieredProviderParts, query: Query): Promise<Offer> {
  if (!hasMoreThan(MAX_SUMMARIES, parts, query.principal)) {
    const { offered, hidden, withheld } = listFor(parts, query.principal)
    return { offered, hidden: [...hidden, ...withheld].slice(0, MAX_HIDDEN) }
  }
  const { closure: _, ...alone } = parts
  const { offered, hidden } = await searchOffers({ ...alone, topK: MAX_SUMMARIES }, query)
  const byName = (a: OfferedCapability, b: OfferedCapability): number =>
    compareText(a.component.name, b.component.name) || compareText(a.capability.name, b.capability.name)
  return { offered: [...offered].sort(byName), hidden }
}

function summaryOf({ component, capability }: OfferedCapability): string {
  const about = capability.description === '' ? (component.description ?? '') : capability.description
  const text = toOneLine(about, MAX_SUMMARY_CHARS)
  return `${exactName(component.name)}/${exactName(capability.name)}${text === '' ? '' : `: ${text}`}`
}

function askForChoice(
  { ask }: TieredProviderParts,
  query: Query,
  offered: readonly OfferedCapability[],
): Promise<JsonValue> {
  const { request, metadata, signal, run } = query
  const text = offered.map(summaryOf).join('\n')
  const createId = (): string => createHash('sha256').update(text).digest('hex').slice(0, 24)
  const list = fence('The capabilities', text, { maxChars: Infinity, createId })
  const about =
    metadata === undefined
      ? ''
      : `${fence('Facts about the caller', stringifyJson(metadata), { maxChars: MAX_METADATA_CHARS })}\n\n`
  return ask.json({
    purpose: 'select',
    system: SYSTEM,
    messages: [
      { role: 'user', content: list },
      { role: 'assistant', content: 'I will choose from this list only.' },
      {
        role: 'user',
        content: `${about}Choose what a plan for this request may need. Answer with a JSON array.\n\n${request}`,
      },
    ],
    // JSON modes give objects only, and an array is what is wanted.
    json: false,
    runId: run?.runId ?? createRunId(),
    signal,
    emit: run?.emit ?? (() => undefined),
    ...(run?.budget !== undefined && { budget: run.budget }),
  })
}

/** The names in the answer: texts, or objects that say component and action; an object around the array is passed over. */
function readChoice(answer: JsonValue): string[] {
  const inner = isJsonObject(answer) ? Object.values(answer).find((value) => Array.isArray(value)) : answer
  if (!Array.isArray(inner))
    throw new TuttiError(
      'model_output_invalid',
      'The model that chooses capabilities answered with something that is no array.',
    )
  return inner.slice(0, MAX_CHOSEN).flatMap((one: JsonValue) => {
    if (typeof one === 'string') return [one.trim()]
    if (!isJsonObject(one)) return []
    const { component, action = one['capability'] } = one
    return typeof component === 'string' && typeof action === 'string' ? [`${component}/${action}`] : []
  })
}

async function offerChoice(
  { closure, catalog, filter, topK }: TieredProviderParts,
  { principal }: Query,
  { candidates, names }: { readonly candidates: Offer; readonly names: readonly string[] },
): Promise<Offer> {
  const shown = new Map(candidates.offered.map((one) => [keyOf(one.component.name, one.capability.name), one]))
  // Names may be shown in quotes, and a component alone means what it can do.
  const chosen = new Set<OfferedCapability>()
  const unknown: string[] = []
  for (const name of names) {
    const found = shown.get(nameKey(name.replaceAll('"', '')))
    const component = found === undefined ? catalog.component(name) : undefined
    const all = candidates.offered.filter(
      (one) => component !== undefined && nameKey(one.component.name) === nameKey(name),
    )
    if (found !== undefined) chosen.add(found)
    else if (all.length > 0 && all.length <= MAX_ALL) for (const one of all) chosen.add(one)
    else unknown.push(toOneLine(name, 80))
  }
  const hits = [...chosen].map((one) => ({ ...one, why: 'chosen by the model from the summaries' }))
  const offered =
    closure === undefined
      ? hits
      : await closure({
          hits,
          limit: hits.length + topK,
          mayOffer: (component, capability) => whyHidden(component, capability, principal, filter) === undefined,
        })
  const hidden = [
    ...unknown.map((name) => ({ name, why: 'the model chose it, and it is not in the list' })),
    ...candidates.hidden,
    ...candidates.offered
      .filter((one) => !chosen.has(one))
      .slice(0, MAX_HIDDEN)
      .map(({ component, capability }) => ({
        name: fullName(component, capability),
        why: 'the model did not choose it',
      })),
  ]
  return { offered, hidden: hidden.slice(0, MAX_HIDDEN) }
}

const keyOf = (component: string, action: string): string => nameKey(`${component}/${action}`)
