// Plans that served, shown with similar requests of the same principal: a model learns a form fastest from what worked. Kept in
// memory, few for each principal, without the values that were asked for, and never with a secret or a long text in them.
import { LRUCache } from 'lru-cache'
import type { JsonValue } from '../contracts/json.ts'
import type { CatalogView } from '../contracts/parts.ts'
import type { PlanDocument, Step } from '../contracts/plan.ts'
import type { PlanAsk } from '../contracts/planner.ts'
import { inputsOf, isSecretSchema } from '../plan/capability-inputs.ts'
import { documentToWire } from '../plan/document.ts'
import { isJsonList, isJsonObject, stringifyJson } from '../util/json.ts'
import { nameKey } from '../util/name-key.ts'
import { compareText } from '../util/text.ts'
import { hideValues } from './example-values.ts'
import { STOP_WORDS, splitName, stem } from './local-planner/words.ts'
import type { EarlierPlan } from './prompt.ts'

export type ExampleAsk = Pick<PlanAsk, 'request' | 'principal' | 'view' | 'turns'>

export interface PlanExamples {
  /** A plan that served its request. What must not be shown again is not kept. */
  learn(ask: ExampleAsk, document: PlanDocument): void
  /** The plan of this request is no example. */
  forget(ask: ExampleAsk): void
  /** Plans of similar requests that call nothing but what is offered; the most similar first. */
  find(ask: Pick<PlanAsk, 'request' | 'principal' | 'offered'>): EarlierPlan[]
}

interface Example extends EarlierPlan {
  readonly words: ReadonlySet<string>
  /** What it calls. */
  readonly calls: readonly string[]
}

const MAX_PRINCIPALS = 500
const MAX_PER_PRINCIPAL = 100
const MAX_REQUEST_CHARS = 400
const MAX_PLAN_CHARS = 3_000
const MAX_TEXT_CHARS = 200
const MAX_STEPS = 12
/** Of the words of both requests, the share that they have in common. */
const LEAST_SIMILARITY = 0.34

export function createPlanExamples({ max }: { readonly max: number }): PlanExamples {
  const byPrincipal = new LRUCache<string, LRUCache<string, Example>>({ max: MAX_PRINCIPALS })
  const keyOf = (request: string): string => request.normalize('NFC').replace(/\s+/g, ' ').trim()
  return {
    learn({ request, principal, view, turns }, document) {
      // What a turn of a thread means, only the thread tells.
      if (max === 0 || turns.length > 0) return
      const example = exampleOf(keyOf(request), document, view)
      if (example === undefined) return
      const own = byPrincipal.get(principal) ?? new LRUCache<string, Example>({ max: MAX_PER_PRINCIPAL })
      own.set(keyOf(request), example)
      byPrincipal.set(principal, own)
    },
    forget({ request, principal }) {
      byPrincipal.get(principal)?.delete(keyOf(request))
    },
    find({ request, principal, offered }) {
      const own = max === 0 ? undefined : byPrincipal.get(principal)
      if (own === undefined) return []
      const words = wordsOf(request)
      const known = new Set(offered.map(({ component, capability }) => callKey(component.name, capability.name)))
      return [...own.values()]
        .map((example) => ({ example, similarity: similarityOf(words, example.words) }))
        .filter(
          ({ example, similarity }) => similarity >= LEAST_SIMILARITY && example.calls.every((call) => known.has(call)),
        )
        .sort((a, b) => b.similarity - a.similarity || compareText(a.example.request, b.example.request))
        .filter(({ example }, i, all) => all.findIndex((other) => other.example.request === example.request) === i)
        .slice(0, max)
        .map(({ example: { request: earlier, plan } }) => ({ request: earlier, plan }))
    },
  }
}

const callKey = (component: string, action: string): string => JSON.stringify([nameKey(component), nameKey(action)])

function exampleOf(request: string, document: PlanDocument, view: CatalogView): Example | undefined {
  const { steps } = document
  if (request.length > MAX_REQUEST_CHARS || steps.length === 0 || steps.length > MAX_STEPS) return undefined
  const calls: string[] = []
  for (const step of steps) {
    if (step.type !== 'call') continue
    const { component, action } = step
    // A plan that leaves open whom it calls teaches nothing about names.
    if (component === undefined || action === undefined || sendsSecret(step, view)) return undefined
    calls.push(callKey(component, action))
  }
  const { steps: plan } = documentToWire({ steps })
  if (plan === undefined || calls.length === 0 || !isShort(plan) || stringifyJson(plan).length > MAX_PLAN_CHARS)
    return undefined
  const hidden = hideValues(request, { steps: plan })
  if (hidden === undefined || !isJsonObject(hidden.plan)) return undefined
  return { request: hidden.request, plan: hidden.plan, words: wordsOf(request), calls }
}

/** Whether an input that is marked as secret is given, or one that refers to a secret, or that was one. */
function sendsSecret({ component = '', action = '', inputs }: Step, view: CatalogView): boolean {
  const capability = view.find(component, action)
  if (capability === undefined) return true
  if (inputs === undefined) return false
  if (/\bsecrets?[.[\s]/.test(stringifyJson(inputs))) return true
  const { properties } = inputsOf(capability)
  return typeof inputs === 'object' && Object.keys(inputs).some((name) => isSecretSchema(properties.get(name)))
}

function isShort(value: JsonValue): boolean {
  if (typeof value === 'string') return value.length <= MAX_TEXT_CHARS
  if (isJsonList(value)) return value.length <= MAX_STEPS * 2 && value.every(isShort)
  return !isJsonObject(value) || Object.values(value).every(isShort)
}

function wordsOf(request: string): ReadonlySet<string> {
  const words = splitName(request.slice(0, MAX_REQUEST_CHARS * 4)).filter((word) => !STOP_WORDS.has(word))
  return new Set(words.map(stem))
}

/** Dice: twice what is common over what both have. 0 when either says nothing. */
function similarityOf(a: ReadonlySet<string>, b: ReadonlySet<string>): number {
  if (a.size === 0 || b.size === 0) return 0
  let common = 0
  for (const word of a) if (b.has(word)) common++
  return (2 * common) / (a.size + b.size)
}
