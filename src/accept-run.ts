// What is asked for becomes a run, or is refused before one begins: its document, its inputs, its options, its budget.
import type { Budgets } from './budgets.ts'
import type { RequestOptions, RunAsk } from './contracts/api.ts'
import type { PreparedPlan } from './contracts/compiled.ts'
import { TuttiError } from './contracts/errors.ts'
import type { Issue } from './contracts/plan.ts'
import type { BudgetSpec } from './contracts/policy.ts'
import type { Documents } from './documents.ts'
import { resolveInputs } from './plan/inputs.ts'
import { preparedAsKind } from './plan/kind.ts'
import { refuseDepth } from './runs/headers.ts'
import { checkRunOptions } from './runs/run-options.ts'
import type { AcceptedRun } from './runs/run-service.ts'
import { hideSecrets } from './util/secrets.ts'

export type Acceptor = (asked: RunAsk, options: RequestOptions) => AcceptedRun | Promise<AcceptedRun>

/** @throws TuttiError `invalid_request`, `invalid_document`, `invalid_inputs`; a prepared plan is accepted at once. */
export function createAcceptor({
  documents,
  budgets,
  maxDepth,
}: {
  readonly documents: Documents
  readonly budgets: Budgets
  readonly maxDepth: number
}): Acceptor {
  const acceptPlan = (given: PreparedPlan, options: RequestOptions): AcceptedRun => {
    const prepared = options.documentKind === undefined ? given : preparedAsKind(given, options.documentKind)
    const { inputs, secrets, issues } = resolveInputs(prepared.document, options.inputs ?? {})
    if (issues.some(({ severity }) => severity === 'error')) throw invalidInputs(issues)
    const limits = withBudget(budgets.limitsOf(options, prepared.document))
    return { prepared, inputs: hideSecrets(inputs, secrets), liveInputs: inputs, secrets, ...limits }
  }
  return (asked, options) => {
    if (!saysWhat(asked)) throw new TuttiError('invalid_request', 'Nothing is to be run: give {request} or {document}.')
    refuseDepth(options.headers, maxDepth)
    checkRunOptions(options)
    if ('request' in asked && asked.document === undefined) {
      if (typeof asked.request !== 'string' || asked.request.trim() === '')
        throw new TuttiError('invalid_request', 'The request is empty. Say in a sentence what you want.')
      const inputs = options.inputs ?? {}
      return { inputs, liveInputs: inputs, secrets: new Map(), ...withBudget(budgets.limitsOf(options)) }
    }
    const known = documents.prepared(asked.document)
    return known === undefined
      ? documents.prepare(asked.document).then((prepared) => acceptPlan(prepared, options))
      : acceptPlan(known, options)
  }
}

const withBudget = (budget: BudgetSpec | undefined): { readonly budget?: BudgetSpec } =>
  budget === undefined ? {} : { budget }

const saysWhat = (asked: unknown): boolean =>
  typeof asked === 'object' && asked !== null && ('request' in asked || 'document' in asked)

function invalidInputs(issues: readonly Issue[]): TuttiError {
  const errors = issues.filter(({ severity }) => severity === 'error')
  return new TuttiError('invalid_inputs', errors.map(({ message }) => message).join(' '), { details: { issues } })
}
