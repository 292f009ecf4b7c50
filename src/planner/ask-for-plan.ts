// One question for a plan: the answer as it streams, the steps that it tells early, and what became of it.
import type { OfferedCapability } from '../contracts/capability.ts'
import type { Config } from '../contracts/config.ts'
import { type TuttiError, toTuttiError } from '../contracts/errors.ts'
import type { Message } from '../contracts/model.ts'
import type { AskModel } from '../contracts/parts.ts'
import type { Issue } from '../contracts/plan.ts'
import type { PlanAsk, PlanEvent } from '../contracts/planner.ts'
import { createEarlySteps } from './early-steps.ts'
import { syntaxIssue } from './parse-plan.ts'

/** What came of a question. */
export interface Said {
  readonly answer: string
  /** The answer as a whole is of no use, and the model may be told so. */
  readonly broken?: Issue
  /** The model cannot be asked at the moment. */
  readonly away?: TuttiError
}

export interface PlanQuestion {
  readonly system: string
  readonly messages: readonly Message[]
  readonly isRepair: boolean
  /** What the model was shown: nothing else begins early. */
  readonly offered: readonly OfferedCapability[]
}

/** @throws TuttiError when nothing may stand in for the model: `model_rejected`, `model_refused`, `cancelled`, `budget_exceeded` */
export async function* askForPlan(
  ask: PlanAsk,
  { ask: model, settings }: { readonly ask: AskModel; readonly settings: Config },
  { system, messages, isRepair, offered }: PlanQuestion,
): AsyncGenerator<PlanEvent, Said> {
  for (let isSecond = false; ; isSecond = true) {
    let answer = ''
    try {
      // Nobody waits for its parser: the question goes out first.
      const early = ask.isEarlyWelcome === true ? createEarlySteps(ask, settings, offered) : undefined
      early?.catch(() => undefined)
      const stream = model.stream({
        purpose: isRepair ? 'plan-repair' : 'plan',
        system,
        messages,
        json: true,
        runId: ask.runId,
        signal: ask.signal,
        emit: ask.emit,
        ...(ask.budget !== undefined && { budget: ask.budget }),
      })
      for await (const text of stream) {
        answer += text
        yield { type: 'delta', text }
        if (early !== undefined) yield* (await early).read(text)
      }
      return { answer }
    } catch (thrown) {
      const error = toTuttiError(thrown)
      if (error.code === 'model_output_invalid') return { answer, broken: syntaxIssue(error.message) }
      // Half a plan was of no use to anybody yet, unlike half an answer: it is asked for once more.
      if (error.code === 'model_stream_cut' && !isSecond && !ask.signal.aborted) continue
      if (isAway(error)) return { answer, away: error }
      throw error
    }
  }
}

/** Whether another way to a plan may be tried. A model that refuses this very request is not away: nothing stands in for it. */
function isAway({ code }: TuttiError): boolean {
  switch (code) {
    case 'no_model':
    case 'model_unavailable':
    case 'model_rate_limited':
    case 'model_timeout':
    case 'model_stream_cut':
    case 'model_unauthorized':
    case 'breaker_open':
      return true
    default:
      return false
  }
}
