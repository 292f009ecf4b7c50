// What is to be expected of each step: whom it calls, what that does, how long it takes, what it costs, whom it asks.
import type { Component, Effect } from '../../contracts/capability.ts'
import type { CompiledPlan, CompiledStep } from '../../contracts/compiled.ts'
import type { AmountRange, CallHistory, StepExplanation, StepTrouble, TimeRange } from '../../contracts/explanation.ts'
import type { Step } from '../../contracts/plan.ts'
import { formatDuration } from '../../util/duration.ts'
import { isHealthy } from '../../util/is-healthy.ts'
import { nameKey } from '../../util/name-key.ts'
import { type Called, calledBy } from '../called.ts'
import { inputsOf } from '../capability-inputs.ts'
import type { ExplainFacts } from './facts.ts'

/** A step with what only the explanation as a whole can add left out. */
export type StepSketch = Omit<StepExplanation, 'stage' | 'isCritical' | 'actual' | 'dependsOn'> & {
  /** Whom it calls, so far as the catalog knows. */
  readonly component?: string
  /** The component that is most likely to be called, for its limits. */
  readonly likely?: string
  /** Takes no time worth counting, or a time that stands in the document. */
  readonly ownMs?: number
}

const NONE: AmountRange = { low: 0, high: 0 }

export function sketchStep(compiled: CompiledStep, facts: ExplainFacts | undefined, trouble: TroubleOf): StepSketch {
  const { step, name } = compiled
  const base = { name, type: step.type, what: whatItDoes(step) }
  switch (step.type) {
    case 'call':
      return { ...base, modelCalls: NONE, ...(facts !== undefined && sketchCall(compiled, facts, trouble)) }
    case 'ai-generate':
      return { ...base, ...sketchGenerate(step, facts) }
    case 'wait':
      return {
        ...base,
        modelCalls: NONE,
        ...(step.wait !== undefined && 'forMs' in step.wait && sketchWait(step.wait)),
      }
    case 'gate':
    case 'transform':
      return { ...base, modelCalls: NONE, ownMs: 0 }
  }
}

const sketchWait = ({ forMs }: { readonly forMs: number }): Pick<StepSketch, 'ownMs' | 'expectedMs'> => ({
  ownMs: forMs,
  expectedMs: { low: forMs, typical: forMs, high: forMs },
})

/** @see StepExplanation.what */
function whatItDoes(step: Step): string {
  switch (step.type) {
    case 'call':
      return step.component === undefined
        ? `any component that offers ${step.capability ?? step.action ?? ''}`
        : step.component + (step.action === undefined ? '' : `/${step.action}`)
    case 'wait': {
      if (step.wait === undefined) return 'wait'
      return 'forMs' in step.wait ? `wait ${formatDuration(step.wait.forMs)}` : `wait until ${step.wait.until}`
    }
    case 'ai-generate':
    case 'transform':
    case 'gate':
      return step.type
  }
}

function sketchGenerate(
  step: Step,
  facts: ExplainFacts | undefined,
): Partial<StepSketch> & { modelCalls: AmountRange } {
  const most = step.retry?.maxAttempts ?? facts?.settings.recovery.maxAttempts ?? 1
  const model = facts?.model('generate')
  const cost = model?.cost
  return {
    ...(facts !== undefined && model === undefined && { trouble: 'no-model' as const }),
    modelCalls: { low: 1, high: Math.max(1, most) },
    ...(cost !== undefined && { cost: { low: cost, high: cost * Math.max(1, most) } }),
    ...(facts !== undefined && timesOf(facts.history.historyOfType('ai-generate'))),
  }
}

const timesOf = (known: CallHistory | undefined): { readonly expectedMs?: TimeRange } & Pick<StepSketch, 'history'> =>
  known === undefined
    ? {}
    : {
        expectedMs: { low: known.low, typical: known.typical, high: known.high },
        history: { calls: known.calls, successRate: known.successRate },
      }

const STRENGTH: readonly Effect[] = ['read', 'unknown', 'write']

function sketchCall(compiled: CompiledStep, facts: ExplainFacts, trouble: TroubleOf): Partial<StepSketch> {
  const { step } = compiled
  const called = calledBy(step, facts.view)
  const [first] = called
  if (first === undefined) {
    const isKnown = step.component === undefined || facts.view.component(step.component) !== undefined
    return { trouble: isKnown ? 'unknown-action' : 'unknown-component' }
  }
  const { component, capability } = first
  const effect = called.reduce<Effect>(
    (worst, { capability: { effect: own } }) => (STRENGTH.indexOf(own) > STRENGTH.indexOf(worst) ? own : worst),
    'read',
  )
  const found = called.length === 1 || step.component !== undefined ? trouble(component) : undefined
  return {
    ...(step.component !== undefined && { component: component.name }),
    likely: component.name,
    action: capability.name,
    effect,
    ...timesOf(facts.history.historyOf(component.name, capability.name)),
    ...costsOf(compiled, first, facts),
    ...(found !== undefined && { trouble: found }),
    ...(called.some((each) => each.capability.approval === 'always') && { asksApproval: true as const }),
  }
}

/** At the least one call that succeeds and asks nobody; at the most all repetitions, and every question to a model. */
function costsOf(
  { step, inputs, wholeInputs }: CompiledStep,
  { component, capability }: Called,
  { policyOf, settings: { recovery }, model }: ExplainFacts,
): Pick<StepSketch, 'modelCalls' | 'cost'> {
  const policy = policyOf(component.name)
  const literal = new Set(inputs?.flatMap(({ name, value }) => (value.isLiteral ? [name] : [])))
  const { required } = inputsOf(capability)
  const mayFill = recovery.fillEnabled && (wholeInputs !== undefined || required.some((name) => !literal.has(name)))
  const semantic = policy?.recovery?.semantic ?? recovery.semanticEnabled
  const fills = mayFill && required.length > 0 && model('fill') !== undefined ? 1 : 0
  const corrections = semantic && model('re-resolve') !== undefined ? recovery.semanticAttempts : 0
  const calls = (step.retry?.maxAttempts ?? policy?.recovery?.maxAttempts ?? recovery.maxAttempts) + corrections
  const ofModels = fills * (model('fill')?.cost ?? 0) + corrections * (model('re-resolve')?.cost ?? 0)
  const own = policy?.cost
  return {
    modelCalls: { low: 0, high: fills + corrections },
    ...((own !== undefined || ofModels > 0) && { cost: { low: own ?? 0, high: (own ?? 0) * calls + ofModels } }),
  }
}

/** Why calls of a component may not go through now. */
export type TroubleOf = (component: Component) => StepTrouble | undefined

/** Looked up once per component, however many steps call it. */
export function createTroubleOf(facts: ExplainFacts | undefined): TroubleOf {
  const known = new Map<string, StepTrouble | undefined>()
  const states = new Map<string, Map<string, 'open' | 'half-open'>>()
  for (const { component, instance, state } of facts?.breakers ?? []) {
    if (state === 'closed') continue
    const key = nameKey(component)
    const ofComponent = states.get(key) ?? new Map<string, 'open' | 'half-open'>()
    states.set(key, ofComponent.set(instance, state))
  }
  const look = (component: Component): StepTrouble | undefined => {
    if (!isHealthy(component)) return 'unhealthy'
    const ofComponent = states.get(nameKey(component.name))
    if (ofComponent === undefined) return undefined
    // With one instance whose breaker is closed, calls go there.
    const ofInstances = component.instances.map(({ id }) => ofComponent.get(id))
    if (ofInstances.includes(undefined)) return undefined
    return ofInstances.includes('half-open') ? 'breaker-half-open' : 'breaker-open'
  }
  return (component) => {
    const { name } = component
    if (!known.has(name)) known.set(name, look(component))
    return known.get(name)
  }
}

/** Names of what a step waits for. */
export const namesOf = (plan: CompiledPlan, indices: readonly number[]): string[] =>
  indices.map((index) => plan.steps[index]?.name ?? '')
