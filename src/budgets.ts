// What a run may use up: the smallest limit that its caller, its document, its key and the configuration set; and the account that
// is opened for it.
import type { ModelPrices } from './asking/model-price.ts'
import { USUAL_ANSWER_TOKENS } from './asking/model-price.ts'
import type { RequestOptions } from './contracts/api.ts'
import type { BudgetAmounts } from './contracts/budget.ts'
import type { Config } from './contracts/config.ts'
import { TuttiError } from './contracts/errors.ts'
import type { Emit } from './contracts/events.ts'
import type { LanguageModel, Purpose } from './contracts/model.ts'
import type { Clock } from './contracts/parts.ts'
import type { PlanDocument } from './contracts/plan.ts'
import { type BudgetSpec, budgetSchema } from './contracts/policy.ts'
import { createRunBudget, type OpenBudget, smallestBudget } from './resilience/budget.ts'
import { budgetName } from './util/budget-words.ts'
import { inWords } from './util/schema-words.ts'

export interface BudgetsParts {
  readonly config: Config
  readonly modelFor: (purpose: Purpose) => LanguageModel | undefined
  readonly prices: ModelPrices
  readonly clock: Clock
}

/** @see createBudgets */
export interface Budgets {
  /**
   * The limits of a run; undefined when nobody sets one.
   * @throws TuttiError `invalid_request`; `invalid_config` when the configuration bounds the cost of a model without a price
   */
  limitsOf(options: RequestOptions, document?: PlanDocument): BudgetSpec | undefined
  /** `isAnswered`: a part is kept for the answer, when a model is to write it. */
  open(limits: BudgetSpec, of: { readonly emit: Emit; readonly isAnswered: boolean }): OpenBudget
}

/** Part of the wall time that is kept for the answer. */
const ANSWER_TIME = 0.1

export function createBudgets({ config, modelFor, prices, clock }: BudgetsParts): Budgets {
  const { strategy, maxOutputTokens } = config.synthesizer
  const ofAll = smallestBudget([config.budget])
  const quotas = new Map(Object.entries(config.quotas))
  const hasQuotas = [...quotas.values()].some(({ budget }) => budget !== undefined)

  /** `payments/alice` may use what `payments` may, and not more. */
  const ofKey = (key: string): (BudgetSpec | undefined)[] => {
    const names = key.split('/')
    return names.map((_, i) => (quotas.get(names.slice(0, i + 1).join('/')) ?? quotas.get('default'))?.budget)
  }
  const requirePrices = (cost: number, isConfigured: boolean, isRequest: boolean): void => {
    const purposes: Purpose[] = ['generate']
    if (config.recovery.fillEnabled) purposes.push('fill')
    if (config.recovery.semanticEnabled) purposes.push('re-resolve')
    if (isRequest) purposes.push('plan', 'plan-repair')
    if (isRequest && strategy === 'model') purposes.push('synthesize')
    for (const purpose of purposes) {
      const id = modelFor(purpose)?.id
      const [unpriced] = id === undefined ? [] : prices.unpriced(id)
      if (unpriced === undefined) continue
      throw new TuttiError(
        isConfigured ? 'invalid_config' : 'invalid_request',
        `The budget bounds the cost at ${cost}, but the model "${unpriced}" has no price. Set models."${unpriced}".input_price and output_price (per million tokens; 0 when it is free), or leave budget.cost out.`,
        { details: { model: unpriced } },
      )
    }
  }
  return {
    limitsOf(options, document) {
      const asked = readBudget(options.budget)
      if (asked === undefined && ofAll === undefined && !hasQuotas && document?.budget === undefined) return undefined
      const ofOperator = hasQuotas
        ? smallestBudget([ofAll, ...ofKey(options.key ?? options.principal ?? 'local')])
        : ofAll
      const limits = smallestBudget([asked, document?.budget, ofOperator])
      if (limits?.cost !== undefined)
        requirePrices(limits.cost, limits.cost === ofOperator?.cost, document === undefined)
      return limits
    },
    open(limits, { emit, isAnswered }) {
      const writer = isAnswered && strategy === 'model' ? modelFor('synthesize') : undefined
      const usage = { inputTokens: maxOutputTokens, outputTokens: USUAL_ANSWER_TOKENS }
      const synthesisShare: BudgetAmounts =
        writer === undefined
          ? {}
          : { modelCalls: 1, tokens: usage.inputTokens + usage.outputTokens, cost: prices.cost(writer.id, usage) }
      const synthesisTimeShare = writer === undefined ? 0 : ANSWER_TIME
      return createRunBudget({ limits, clock, emit, synthesisShare, synthesisTimeShare })
    },
  }
}

function readBudget(budget: RequestOptions['budget']): BudgetSpec | undefined {
  if (budget === undefined) return undefined
  const read = budgetSchema.safeParse(budget, { error: inWords })
  if (read.success) return smallestBudget([read.data])
  const faults = read.error.issues.map(({ path, message }) => {
    const kind = BUDGET_KINDS.find((known) => known === path[0])
    return `budget${kind === undefined ? '' : `.${budgetName(kind)}`}: ${message}`
  })
  throw new TuttiError('invalid_request', `The budget of the run cannot be used. ${faults.join('; ')}.`)
}
const BUDGET_KINDS = ['modelCalls', 'tokens', 'cost', 'wallTimeMs', 'componentCalls'] as const
