// The last way without a word of the document: another component that offers the same capability, where asking it can do no
// harm.
import type { Capability, Component } from '../../contracts/capability.ts'
import type { ErrorCode } from '../../contracts/errors.ts'
import type { JsonSchema } from '../../contracts/json.ts'
import { isHealthy } from '../../util/is-healthy.ts'
import { isJsonObject, stringifyJson } from '../../util/json.ts'
import { bindInputs, missingOf } from '../bind.ts'
import type { CallTarget } from '../call-target.ts'
import type { StepExecution } from '../step-execution.ts'
import type { Climb, Rung, Way } from './climb.ts'
import { turnTo, unfitness } from './stand-in.ts'

/** What speaks of the component and not of the inputs: the same question may be answered elsewhere. */
const ELSEWHERE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'component_unavailable',
  'component_timeout',
  'component_failed',
  'component_rate_limited',
  'component_unauthorized',
  'bad_response',
  'breaker_open',
  'queue_full',
  'outcome_unknown',
])
/** Inputs go only to whom the configuration trusts at least as much. */
const TRUST = { local: 2, configured: 1, discovered: 0 } as const satisfies Record<Component['trust'], number>
const MAX_TRIED = 3

const OPTION = { way: 'equivalent', cost: 'call', impact: 'substitute' } as const

export const equivalent: Rung = {
  consider(climb) {
    if (climb.planned.isForeign === true || climb.execution.compiled.step.type !== 'call') return []
    const { execution, parts } = climb
    const failed = climb.planned.target ?? parts.targets.lastKnown(execution.compiled.step)
    const obstacle =
      failed === undefined ? 'Nobody knows any more what the component took and gave.' : whyNot(climb, failed)
    if (failed === undefined || obstacle !== undefined) return [impossible(obstacle ?? '')]
    const ways = equivalentsOf(execution, failed)
      .filter(({ name }) => !climb.usedEquivalents.has(name))
      .slice(0, Math.max(0, MAX_TRIED - climb.usedEquivalents.size))
      .flatMap(({ name }) => {
        const target = parts.targets.find({ component: name, action: failed.capability.name }, execution.run.view)
        return target === undefined ? [] : [wayTo(climb, target)]
      })
    if (ways.length > 0) return ways
    return [
      impossible(
        climb.usedEquivalents.size > 0
          ? 'Those that offer the same were tried.'
          : `Nobody else offers "${failed.capability.name}" with inputs and outputs that fit and no less trust.`,
      ),
    ]
  },
}

const impossible = (why: string): Way => ({
  option: { ...OPTION, feasible: false, why },
  take: () => Promise.resolve(undefined),
})

function whyNot(climb: Climb, { capability, component, isIdempotent }: CallTarget): string | undefined {
  const { execution, planned, plannedPolicy, plannedRepeat } = climb
  if (plannedPolicy.equivalents === false) return `The policy of "${component.name}" forbids it.`
  if (plannedRepeat.strategy === 'fail') return 'The policy says "fail" for errors of this class.'
  const { code } = planned.error
  if (!ELSEWHERE.has(code)) return `"${code}" does not speak of the component: others would fail as well.`
  if (capability.effect === 'read') return undefined
  if (climb.isOutcomeOpen) return 'The call may have taken effect; done again elsewhere it could take effect twice.'
  if (execution.compiled.step.component !== undefined)
    return 'The step names its component, and the call may change something.'
  return isIdempotent ? undefined : 'The call may change something, and is not idempotent.'
}

function wayTo(climb: Climb, target: CallTarget): Way {
  const { execution } = climb
  const why = unfitness(climb, target)
  return {
    option: {
      ...OPTION,
      what: target.label,
      feasible: why === undefined,
      why: why ?? 'It offers the same, with inputs and outputs that fit and no less trust.',
    },
    take() {
      climb.usedEquivalents.add(target.component.name)
      const known = climb.plannedInputs
      return turnTo(climb, target, {
        way: 'equivalent',
        says: `"${target.label}" offers the same and stands in.`,
        bind: () =>
          known === undefined
            ? bindInputs(execution.compiled, execution.scope, target)
            : { inputs: known, missing: missingOf(known, target) },
      })
    },
  }
}

function equivalentsOf({ run, compiled }: StepExecution, failed: CallTarget): readonly Component[] {
  const { capability, component } = failed
  // A step that names no component asked for any; else only what changes nothing may be asked elsewhere.
  const isFree = compiled.step.component === undefined && failed.isIdempotent
  const standsIn = (other: Component): boolean => {
    const offered = run.view.find(other.name, capability.name)
    if (other.name === component.name || offered === undefined || offered.internal === true) return false
    if (TRUST[other.trust] < TRUST[component.trust] || !isHealthy(other)) return false
    const isHarmless = offered.effect === 'read' || (isFree && (offered.idempotent ?? offered.effect === 'unknown'))
    return isHarmless && isCompatible(capability, offered)
  }
  return run.view.offering(capability.name).filter(standsIn)
}

const compatible = new WeakMap<Capability, WeakMap<Capability, boolean>>()

/** Capabilities are compared once: many steps fail at a time when a component does. */
function isCompatible(from: Capability, to: Capability): boolean {
  let known = compatible.get(from)
  if (known === undefined) compatible.set(from, (known = new WeakMap()))
  let answer = known.get(to)
  if (answer === undefined) known.set(to, (answer = fits(from, to)))
  return answer
}

/** The same inputs fit, and what the plan reads of the output is there. */
function fits(from: Capability, to: Capability): boolean {
  const known = propertiesOf(from.inputSchema)
  const { required } = to.inputSchema
  if (Array.isArray(required) && required.some((name) => !known.has(String(name)))) return false
  if (!covers(from.inputSchema, to.inputSchema)) return false
  return (
    from.outputSchema === undefined || (to.outputSchema !== undefined && covers(from.outputSchema, to.outputSchema))
  )
}

/** Every property of the first is in the second, with the same type where both say one. */
function covers(from: JsonSchema, to: JsonSchema): boolean {
  const there = propertiesOf(to)
  return [...propertiesOf(from)].every(([name, type]) => {
    const other = there.get(name)
    return other !== undefined && (type === '' || other === '' || type === other)
  })
}

/** Names with their types as text; an empty one says nothing. */
function propertiesOf({ properties }: JsonSchema): ReadonlyMap<string, string> {
  if (!isJsonObject(properties)) return new Map()
  return new Map(
    Object.entries(properties).map(([name, schema]) => [
      name,
      isJsonObject(schema) && schema['type'] !== undefined ? stringifyJson(schema['type']) : '',
    ]),
  )
}
