// Merges what the steps found into one answer, by the strategy that is set; the template stands in when the model is away.
import type { Config } from '../contracts/config.ts'
import { toTuttiError } from '../contracts/errors.ts'
import type { AskModel } from '../contracts/parts.ts'
import type { SynthesisAsk, SynthesisEvent, Synthesizer } from '../contracts/synthesizer.ts'
import { CHARS_PER_TOKEN } from '../util/digest.ts'
import { renderConcat } from './strategies/concat.ts'
import { renderAnswerPrompt } from './strategies/model.ts'
import { renderTemplate } from './strategies/template.ts'

export interface SynthesizerParts {
  readonly ask: AskModel
  readonly settings: Config
}

export function createSynthesizer({ ask: model, settings }: SynthesizerParts): Synthesizer {
  const { strategy, maxOutputTokens } = settings.synthesizer
  return {
    async *synthesize(ask) {
      switch (strategy) {
        case 'template':
          yield* whole(renderTemplate(ask.record))
          return
        case 'concat':
          yield* whole(renderConcat(ask.record, maxOutputTokens * CHARS_PER_TOKEN))
          return
        case 'model':
          yield* synthesizeWithModel(ask, model, settings)
      }
    },
  }
}

function* whole(answer: string, reason?: string): Generator<SynthesisEvent> {
  yield { type: 'delta', text: answer }
  yield { type: 'answer', answer, ...(reason !== undefined && { degraded: { reason, way: 'template' } }) }
}

async function* synthesizeWithModel(
  ask: SynthesisAsk,
  model: AskModel,
  settings: Config,
): AsyncGenerator<SynthesisEvent> {
  if (!model.available('synthesize')) {
    yield* whole(
      renderTemplate(ask.record),
      'No model is configured for the answer; it was put together from the results by a template.',
    )
    return
  }
  const { persona, domain } = settings.planner
  const prompt = renderAnswerPrompt(ask, { maxOutputTokens: settings.synthesizer.maxOutputTokens, persona, domain })
  let answer = ''
  try {
    const { runId, signal, emit, budget } = ask
    const question = { purpose: 'synthesize', ...prompt, runId, signal, emit } as const
    for await (const text of model.stream(budget === undefined ? question : { ...question, budget })) {
      // Nothing but space is not yet an answer; the template may still have to give one.
      const isBegun = answer.trim() !== ''
      answer += text
      if (answer.trim() !== '' && text !== '') yield { type: 'delta', text: isBegun ? text : answer }
    }
    if (answer.trim() !== '') {
      yield { type: 'answer', answer }
      return
    }
  } catch (thrown) {
    const error = toTuttiError(thrown)
    // Time that is up ends the model's answer, not the answer.
    if (error.code !== 'budget_exceeded' && (ask.signal.aborted || error.code === 'cancelled')) throw error
    // What was delivered stays as it is: another text after it would be a second answer.
    if (answer.trim() !== '') {
      yield {
        type: 'answer',
        answer,
        degraded: { reason: `The answer broke off. ${error.message}`, way: 'partial-answer' },
      }
      return
    }
    yield* whole(
      renderTemplate(ask.record),
      `The model gave no answer; it was put together from the results by a template. ${error.message}`,
    )
    return
  }
  yield* whole(
    renderTemplate(ask.record),
    'The model gave an empty answer; it was put together from the results by a template.',
  )
}
