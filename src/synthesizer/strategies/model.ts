// The answer written by a model: from the outputs of all steps, and no less from what failed and what is missing.
import { FENCE_RULE, fence } from '../../asking/fence.ts'
import { renderSystem, type Voice } from '../../asking/render-system.ts'
import type { Message } from '../../contracts/model.ts'
import type { StepRecord } from '../../contracts/run.ts'
import type { SynthesisAsk } from '../../contracts/synthesizer.ts'
import { CHARS_PER_TOKEN, digestAll } from '../../util/digest.ts'
import { truncateText } from '../../util/text.ts'
import { reasonOf } from './template.ts'

const MAX_TURNS = 10
const MAX_TURN_CHARS = 4_000

const RULES = `You write the answer to a user's request from the results of steps that were run for it.

Rules
1. Use only the results given to you, and the request. Never invent a fact, a number or a source. Arithmetic on given numbers is welcome.
2. After what you take from a step, name the step in square brackets, as in [weather].
3. If a step failed or was not run, or something is missing, say so plainly, and what the user therefore does not get. Never fill the gap from what you know.
4. If every step failed, say that the request could not be served, and why.
5. Answer in the language of the request, shortly and directly, without speaking of plans, steps or prompts.`

export interface AnswerPrompt {
  readonly system: string
  readonly messages: readonly Message[]
}

export interface AnswerSettings extends Voice {
  readonly maxOutputTokens: number
}

/** Streamed or not, with failures or without: there is one input. */
export function renderAnswerPrompt(
  ask: SynthesisAsk,
  { maxOutputTokens, persona, domain }: AnswerSettings,
): AnswerPrompt {
  const system = renderSystem(`${RULES}\n\n${FENCE_RULE}`, { persona, domain })
  const messages: Message[] = []
  for (const { request, answer } of ask.turns.slice(-MAX_TURNS)) {
    if (request.trim() === '' || answer.trim() === '') continue
    messages.push(
      { role: 'user', content: truncateText(request, MAX_TURN_CHARS) },
      { role: 'assistant', content: truncateText(answer, MAX_TURN_CHARS) },
    )
  }
  messages.push({ role: 'user', content: renderFindings(ask, maxOutputTokens * CHARS_PER_TOKEN) })
  return { system, messages }
}

function renderFindings({ request, record }: SynthesisAsk, maxChars: number): string {
  const done = record.steps.filter((step) => step.status === 'succeeded')
  const rest = record.steps.filter((step) => step.status !== 'succeeded')
  const digests = digestAll(
    done.map((step) => step.output ?? null),
    maxChars,
  )
  const parts = [`The request:\n\n${request}`]
  const results = done.map((step, index) => `[${step.name}]${calledBy(step)}\n${digests[index] ?? ''}`).join('\n\n')
  parts.push(
    results === ''
      ? 'No step succeeded.'
      : fence('Results of the steps that succeeded', results, { maxChars: maxChars * 2 }),
  )
  if (rest.length > 0) {
    const lines = rest.map((step) => `[${step.name}]${calledBy(step)} ${step.status}: ${whyOf(step)}`)
    parts.push(fence('Steps that gave no result, and why', lines.join('\n'), { maxChars }))
  }
  if (record.missing !== undefined && record.missing.length > 0) {
    parts.push(fence('Missing for a full answer', record.missing.map((text) => `- ${text}`).join('\n'), { maxChars }))
  }
  parts.push('Write the answer to the request now.')
  return parts.join('\n\n')
}

const calledBy = ({ component, action }: StepRecord): string =>
  component === undefined ? '' : ` ${component}${action === undefined ? '' : `/${action}`}`

function whyOf(step: StepRecord): string {
  if (step.status === 'cancelled') return 'the time of the run was up'
  if (step.error !== undefined) return reasonOf(step)
  if (step.skipReason === 'condition') return 'its condition was not met'
  if (step.skipReason === 'budget') return 'not run, the budget did not reach for it'
  return step.skipReason === undefined ? 'it did not end' : `not run, ${step.skipReason.replaceAll('-', ' ')}`
}
