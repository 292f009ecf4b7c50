// The dialogue with the planning model: a question, its plan, what is wrong with it, and so on, until a plan is valid, a question
// to the user, or beyond repair.
import type { OfferedCapability } from '../contracts/capability.ts'
import type { Config } from '../contracts/config.ts'
import type { TuttiError } from '../contracts/errors.ts'
import type { Message } from '../contracts/model.ts'
import type { AskModel, Clock, Logger } from '../contracts/parts.ts'
import type { Issue, PlanDocument } from '../contracts/plan.ts'
import type { PlanAsk, PlanEvent } from '../contracts/planner.ts'
import { documentToWire, readDocument } from '../plan/document.ts'
import { hasErrors } from '../plan/issue.ts'
import { canonicalJson } from '../util/canonical-json.ts'
import { askForPlan, type Said } from './ask-for-plan.ts'
import { type CheckedPlan, checkPlan } from './check-plan.ts'
import { type ParsedPlan, parsePlan, yamlPlanIn } from './parse-plan.ts'
import { questionFor } from './plan-question.ts'
import { type EarlierPlan, renderMessages, renderPlanSystem } from './prompt.ts'
import { renderRepair } from './prompt-repair.ts'
import { renderRevise } from './prompt-revise.ts'
import { withFinished } from './revise-plan.ts'
import { findUnseen, mergeOffered, wordsOfInvented } from './widen.ts'

export interface DialogueParts {
  readonly ask: AskModel
  readonly settings: Config
  readonly clock: Clock
  readonly log: Logger
  /** Plans that served similar requests. */
  readonly earlier: readonly EarlierPlan[]
}

/** At most this many capabilities are added for the corrections of one plan. */
const MAX_ADDED = 20

/** How it ended: with the model's last word, or without the model. */
export type DialogueEnd =
  | { readonly document: PlanDocument; readonly issues: readonly Issue[]; readonly away?: never }
  | { readonly away: TuttiError }

export async function* planWithModel(ask: PlanAsk, parts: DialogueParts): AsyncGenerator<PlanEvent, DialogueEnd> {
  const { settings, log } = parts
  const { maxRepairs } = settings.planner
  const system = renderPlanSystem({ ...settings.planner, mayRevise: ask.mayRevise === true })
  let { offered } = ask
  let messages = openingOf(ask, parts)
  let before: string | undefined
  for (let attempt = 1; ; attempt++) {
    const said = yield* askForPlan(ask, parts, { system, messages, isRepair: attempt > 1, offered })
    if (said.away !== undefined) {
      log.warn('the model is away, planning without it', { code: said.away.code })
      return { away: said.away }
    }
    const { document, issues } = await readAnswer(said, ask, settings, offered)
    if (!hasErrors(issues)) return { document, issues }
    ask.emit({ type: 'plan-invalid', issues, attempt })
    // Who answers the same again has nothing else to say.
    const written = document.steps.length === 0 ? said.answer : canonicalJson(document)
    if (attempt > maxRepairs || written === before) {
      const question = ask.revise === undefined ? questionFor(document, issues, ask.view) : undefined
      return question === undefined ? { document, issues } : { document: question, issues: [] }
    }
    before = written
    const added = await findMore(ask, document, issues, offered)
    offered = mergeOffered(offered, added)
    const errors = issues.filter((issue) => issue.severity === 'error')
    messages = [...messages, ...renderRepair({ previous: said.answer, issues: errors, added })]
  }
}

function openingOf(ask: PlanAsk, { clock, earlier }: DialogueParts): Message[] {
  const today = clock.timestamp().slice(0, 10)
  const messages = renderMessages({ ...ask, earlier: ask.revise === undefined ? earlier : [], today })
  return ask.revise === undefined ? messages : [...messages, ...renderRevise(ask.revise)]
}

async function readAnswer(
  said: Said,
  ask: PlanAsk,
  settings: Config,
  offered: readonly OfferedCapability[],
): Promise<CheckedPlan> {
  const parsed = said.broken === undefined ? await parseAnswer(said.answer) : { issue: said.broken }
  if (parsed.issue !== undefined) return { document: { steps: [] }, issues: [parsed.issue] }
  const value = ask.revise === undefined ? parsed.value : withFinished(parsed.value, ask.revise)
  return checkPlan(value, ask, settings, offered)
}

/** As JSON or calls; what is neither may be a plan in YAML, which is the same document. */
async function parseAnswer(answer: string): Promise<ParsedPlan> {
  const parsed = parsePlan(answer)
  if (parsed.value !== undefined && Object.hasOwn(parsed.value, 'steps')) return parsed
  const yaml = yamlPlanIn(answer)
  const document = yaml === undefined ? undefined : (await readDocument(yaml)).document
  return document === undefined ? parsed : { value: documentToWire(document) }
}

/**
 * What to show the model beside the issues: capabilities it called without having seen them, and what the words of an invented
 * step find. The same capabilities and the same prompt would only loop.
 */
async function findMore(
  ask: PlanAsk,
  document: PlanDocument,
  issues: readonly Issue[],
  offered: readonly OfferedCapability[],
): Promise<readonly OfferedCapability[]> {
  const words = wordsOfInvented(document, issues)
  const found = words === '' ? [] : await ask.widen(words)
  const known = mergeOffered([], offered).length
  return mergeOffered(offered, [...findUnseen(document, ask.view), ...found]).slice(known, known + MAX_ADDED)
}
