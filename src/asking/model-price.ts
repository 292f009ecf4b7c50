// What a model call costs, by the price table of the configuration; and what one is likely to take, before it is made.

import type { BudgetAmounts } from '../contracts/budget.ts'
import type { Config } from '../contracts/config.ts'
import type { Message, Usage } from '../contracts/model.ts'

/** For a million tokens. */
interface Price {
  readonly input: number
  readonly output: number
}

/** The price table, asked by model id: `openai:NAME`, or several with commas where one stands in for another. */
export interface ModelPrices {
  /** Of the dearest of the models, so that whichever answers is covered. 0 for models without a price. */
  cost(modelId: string, usage: Pick<Usage, 'inputTokens' | 'outputTokens'>): number
  /** Those of the models that have no price. */
  unpriced(modelId: string): readonly string[]
}

/** How long an answer is taken to be when nobody bounds it, tokens. */
export const USUAL_ANSWER_TOKENS = 1_000
const CHARS_PER_TOKEN = 4

/** A price needs both halves: one alone would make every call look cheap. */
export function createModelPrices(models: Config['models']): ModelPrices {
  const priceOf = (id: string): Price | undefined => {
    const policy = Object.hasOwn(models, id) ? models[id] : undefined
    return policy?.inputPrice === undefined || policy.outputPrice === undefined
      ? undefined
      : { input: policy.inputPrice, output: policy.outputPrice }
  }
  const idsOf = (modelId: string): string[] => modelId.split(',').map((id) => id.trim())
  return {
    cost(modelId, { inputTokens, outputTokens }) {
      let dearest = 0
      for (const id of idsOf(modelId)) {
        const price = priceOf(id)
        if (price === undefined) continue
        dearest = Math.max(dearest, (inputTokens * price.input + outputTokens * price.output) / 1e6)
      }
      return dearest
    },
    unpriced: (modelId) => idsOf(modelId).filter((id) => priceOf(id) === undefined),
  }
}

export const tokensOf = (chars: number): number => Math.ceil(chars / CHARS_PER_TOKEN)

/** Tokens that a question will take, with its answer. */
export function estimateUsage(ask: {
  readonly system: string
  readonly messages: readonly Message[]
  readonly maxTokens?: number
}): Usage {
  const chars = ask.messages.reduce((sum, { content }) => sum + content.length, ask.system.length)
  return { inputTokens: tokensOf(chars), outputTokens: ask.maxTokens ?? USUAL_ANSWER_TOKENS }
}

/** One model call as a budget counts it. */
export const amountsOf = (usage: Usage, cost: number): BudgetAmounts => ({
  modelCalls: 1,
  tokens: usage.inputTokens + usage.outputTokens,
  cost,
})
