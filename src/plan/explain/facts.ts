// What an explanation may know beside the plan: the catalog, what was learnt, what is declared. All of it is handed in.
import type { BreakerReport } from '../../contracts/api.ts'
import type { Config } from '../../contracts/config.ts'
import type { StepHistory } from '../../contracts/explanation.ts'
import type { Purpose } from '../../contracts/model.ts'
import type { CatalogView } from '../../contracts/parts.ts'
import type { ComponentPolicy } from '../../contracts/policy.ts'

export interface ExplainFacts {
  readonly view: CatalogView
  readonly history: StepHistory
  readonly policyOf: (component: string) => ComponentPolicy | undefined
  /** Those that are not closed. */
  readonly breakers: readonly BreakerReport[]
  readonly settings: Pick<Config, 'executor' | 'recovery' | 'resources'>
  /** undefined: no model for it. `cost`: of one call, by earlier ones and the price table; absent when either is not known. */
  readonly model: (purpose: Purpose) => { readonly cost?: number } | undefined
  /** A model is to write an answer once the steps have ended. */
  readonly isAnswered: boolean
}
