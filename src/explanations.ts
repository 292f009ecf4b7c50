// Explanations of documents and of runs: what a plan says of itself, with what this process knows of whom it calls.
import type { ModelPrices } from './asking/model-price.ts'
import type { BreakerReport, DocumentInput, MetricsSnapshot } from './contracts/api.ts'
import type { Config } from './contracts/config.ts'
import type { Explanation, StepHistory } from './contracts/explanation.ts'
import type { LanguageModel, Purpose } from './contracts/model.ts'
import type { CatalogView } from './contracts/parts.ts'
import type { PlanDocument } from './contracts/plan.ts'
import type { Response } from './contracts/run.ts'
import type { Documents } from './documents.ts'
import { type ExplainFacts, explainPlan } from './plan/explain.ts'
import { policiesByName } from './util/component-policies.ts'

export interface ExplanationsParts {
  readonly documents: Documents
  readonly view: CatalogView
  readonly config: Config
  /** undefined: an executor of the caller's own, which tells nothing. */
  readonly history: StepHistory | undefined
  readonly breakers: () => readonly BreakerReport[]
  readonly modelFor: (purpose: Purpose) => LanguageModel | undefined
  readonly prices: ModelPrices
  /** What model calls took so far. */
  readonly modelUsage: () => MetricsSnapshot['modelCalls']
}

/** @see createExplanations */
export interface Explanations {
  /** What would happen if it were run. */
  ofDocument(input: DocumentInput): Promise<Explanation>
  /** Of a plan for a request, after whose steps an answer is written; with it the document, every edge in it written down. */
  ofPlan(document: PlanDocument): Promise<{ readonly document: PlanDocument; readonly explanation: Explanation }>
  /** What was to be expected of the plan of a run, and what happened. */
  ofRun(response: Response): Promise<Explanation>
}

const NO_HISTORY: StepHistory = { historyOf: () => undefined, historyOfType: () => undefined }
const NO_STEPS: PlanDocument = { steps: [] }

export function createExplanations(parts: ExplanationsParts): Explanations {
  const { documents, view, config } = parts
  const policyOf = policiesByName(config.components)
  const writesAnswers = config.synthesizer.strategy === 'model'
  const factsOf = (isRequest: boolean): ExplainFacts => {
    const model = modelFacts(parts)
    const history = parts.history ?? NO_HISTORY
    const isAnswered = isRequest && writesAnswers && model('synthesize') !== undefined
    return { view, history, policyOf, breakers: parts.breakers(), settings: config, model, isAnswered }
  }
  return {
    async ofDocument(input) {
      const { plan, issues } = await documents.draft(input)
      return explainPlan(plan, { facts: factsOf(false), issues })
    },
    async ofPlan(given) {
      const drafted = await documents.draft(given, 'model').catch(() => undefined)
      // Nothing can be said of what is no plan; its issues stand beside it.
      const { plan, issues } = drafted ?? (await documents.draft(NO_STEPS, 'model'))
      const document = drafted === undefined ? given : plan.document
      return { document, explanation: explainPlan(plan, { facts: factsOf(true), issues }) }
    },
    async ofRun(run) {
      const { plan, issues } = await documents.draft(run.plan ?? NO_STEPS, 'model')
      return explainPlan(plan, { facts: factsOf(run.request !== undefined), issues, run })
    },
  }
}

/** Each purpose is looked up once per explanation: its model, and what a call of it has cost on average. */
function modelFacts({ modelFor, prices, modelUsage }: ExplanationsParts): ExplainFacts['model'] {
  const known = new Map<Purpose, ReturnType<ExplainFacts['model']>>()
  let usage: MetricsSnapshot['modelCalls'] | undefined
  const look = (purpose: Purpose): ReturnType<ExplainFacts['model']> => {
    const id = modelFor(purpose)?.id
    if (id === undefined) return undefined
    let [count, inputTokens, outputTokens] = [0, 0, 0]
    for (const calls of (usage ??= modelUsage())) {
      if (calls.purpose !== purpose || calls.status !== 'succeeded') continue
      count += calls.count
      inputTokens += calls.inputTokens
      outputTokens += calls.outputTokens
    }
    if (count === 0 || prices.unpriced(id).length > 0) return {}
    return { cost: prices.cost(id, { inputTokens: inputTokens / count, outputTokens: outputTokens / count }) }
  }
  return (purpose) => {
    if (!known.has(purpose)) known.set(purpose, look(purpose))
    return known.get(purpose)
  }
}
