// What the planning model is told, assembled from the texts in prompts/. Rules are system text and never change; the catalog comes
// next and changes only when the offered capabilities do; then earlier plans, conversation and request. So a vendor's prompt cache
// hits for everything that is stable, and the same ask gives the same bytes.
import { createHash } from 'node:crypto'
import { FENCE_RULE, fence } from '../asking/fence.ts'
import { renderCapabilities } from '../asking/render-capability.ts'
import { renderSystem, type Voice } from '../asking/render-system.ts'
import type { OfferedCapability } from '../contracts/capability.ts'
import type { JsonObject } from '../contracts/json.ts'
import type { Message } from '../contracts/model.ts'
import type { Turn } from '../contracts/planner.ts'
import { stringifyJson } from '../util/json.ts'
import { truncateText } from '../util/text.ts'
import { CATALOG_NOTE, CATALOG_TAKEN, DEGRADED_NOTE, EMPTY_CATALOG } from './prompts/catalog.ts'
import { TURNS_NOTE, TURNS_TAKEN } from './prompts/conversation.ts'
import { EARLIER_PLANS_NOTE, EARLIER_PLANS_TAKEN } from './prompts/earlier-plans.ts'
import { EXAMPLE } from './prompts/example.ts'
import { ANSWER_RULE, REPLAN_RULE, RULES } from './prompts/rules.ts'

const MAX_METADATA_CHARS = 4_000
const MAX_TURNS = 10
const MAX_TURN_CHARS = 4_000

const standardOf = (rules: string): string => [rules, ANSWER_RULE, EXAMPLE, FENCE_RULE].join('\n\n')
const STANDARD = standardOf(RULES)
const WITH_REPLAN = standardOf(`${RULES}\n${REPLAN_RULE}`)

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 24)

/** Part of every cached plan's key: it changes with the texts. */
export const PROMPT_VERSION = hashOf(
  [WITH_REPLAN, CATALOG_NOTE, DEGRADED_NOTE, CATALOG_TAKEN, TURNS_NOTE, EARLIER_PLANS_NOTE].join('\n'),
)

export interface SystemVoice extends Voice {
  /** The operator's own text: `{{rules}}` stands for the standard rules with their example. */
  readonly template?: string | undefined
  /** Whether the rest of the plan will be asked for where a step says so. */
  readonly mayRevise?: boolean
}

const RULES_PLACE = /\{\{\s*rules\s*\}\}/g

/** The system text of planning: the standard rules, or the operator's text around or instead of them. */
export function renderPlanSystem({ template, mayRevise, ...voice }: SystemVoice): string {
  const standard = mayRevise === true ? WITH_REPLAN : STANDARD
  if (template === undefined) return renderSystem(standard, voice)
  const framed = template.replace(RULES_PLACE, () => standard)
  // What fences mean is no matter of taste.
  return renderSystem(framed.includes(FENCE_RULE) ? framed : `${framed}\n\n${FENCE_RULE}`, voice)
}

/** A plan that served an earlier request. */
export interface EarlierPlan {
  readonly request: string
  /** In the form that a model answers. */
  readonly plan: JsonObject
}

export interface PlanPrompt {
  readonly request: string
  readonly turns: readonly Turn[]
  readonly offered: readonly OfferedCapability[]
  /** Facts about the caller. */
  readonly metadata?: JsonObject | undefined
  readonly earlier?: readonly EarlierPlan[]
  /** `2026-01-31`, in UTC. */
  readonly today: string
}

/** Roles alternate, since not every vendor takes two messages of one role in a row; the request stands alone in the last one. */
export function renderMessages({ request, turns, offered, metadata, earlier = [], today }: PlanPrompt): Message[] {
  const messages = [...exchange(renderCatalog(offered), CATALOG_TAKEN)]
  if (earlier.length > 0) messages.push(...exchange(renderEarlier(earlier), EARLIER_PLANS_TAKEN))
  if (turns.length > 0) messages.push(...exchange(renderTurns(turns), TURNS_TAKEN))
  const about =
    metadata === undefined
      ? ''
      : `${fenceStably('Facts about the caller', stringifyJson(metadata), MAX_METADATA_CHARS)}\n\n`
  messages.push({
    role: 'user',
    content: `${about}Today is ${today} (UTC). Write the plan for this request:\n\n${request}`,
  })
  return messages
}

const exchange = (said: string, taken: string): readonly Message[] => [
  { role: 'user', content: said },
  { role: 'assistant', content: taken },
]

/** The boundary is a hash of what it encloses: the same for the same text, and not to be foreseen by whoever wrote a part of it. */
export function fenceStably(label: string, text: string, maxChars = Infinity): string {
  return fence(label, text, { maxChars, createId: () => hashOf(text) })
}

/** The offered capabilities, fenced; the same bytes in whatever order they came. */
export function renderCatalog(offered: readonly OfferedCapability[]): string {
  if (offered.length === 0) return EMPTY_CATALOG
  const note = offered.some(({ degraded }) => degraded === true) ? `${CATALOG_NOTE} ${DEGRADED_NOTE}` : CATALOG_NOTE
  return `${note}\n\n${fenceStably('The catalog', renderCapabilities(offered))}`
}

function renderEarlier(earlier: readonly EarlierPlan[]): string {
  const text = earlier.map(({ request, plan }) => `Request: ${request}\nPlan: ${stringifyJson(plan)}`).join('\n\n')
  return `${EARLIER_PLANS_NOTE}\n${fenceStably('Earlier requests and their plans', text)}`
}

function renderTurns(turns: readonly Turn[]): string {
  const text = turns
    .slice(-MAX_TURNS)
    .map(
      ({ request, answer }) =>
        `User: ${truncateText(request, MAX_TURN_CHARS)}\nAnswer: ${truncateText(answer, MAX_TURN_CHARS)}`,
    )
    .join('\n\n')
  return `${TURNS_NOTE}\n${fenceStably('The conversation', text)}`
}
