// The last way without a word of the document: another component that offers the same reading capability.
import type { Capability, Component } from '../../contracts/capability.ts'
import { type ErrorCode, TuttiError, toTuttiError } from '../../contracts/errors.ts'
import type { JsonSchema } from '../../contracts/json.ts'
import { isHealthy } from '../../util/is-healthy.ts'
import { isJsonObject, stringifyJson } from '../../util/json.ts'
import { bindInputs } from '../bind.ts'
import type { CallTarget } from '../call-target.ts'
import type { Outcome } from '../outcome.ts'
import type { StepExecution } from '../step-execution.ts'
import type { FallbackParts } from './fallback.ts'

/** What speaks of the component and not of the inputs: the same question may be answered elsewhere. */
const ELSEWHERE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'component_unavailable',
  'component_timeout',
  'component_failed',
  'component_rate_limited',
  'component_unauthorized',
  'bad_response',
  'breaker_open',
])
/** Inputs go only to whom the configuration trusts at least as much. */
const TRUST = { local: 2, configured: 1, discovered: 0 } as const satisfies Record<Component['trust'], number>
const MAX_TRIED = 3

/** @throws TuttiError with the code of `error`, when nobody else can answer either */
export async function runEquivalent(
  execution: StepExecution,
  error: TuttiError,
  failed: CallTarget,
  { find, call }: FallbackParts,
): Promise<Outcome> {
  if (!ELSEWHERE.has(error.code)) throw error
  const { compiled, scope, name } = execution
  const failures: string[] = []
  for (const component of equivalentsOf(execution, failed)) {
    const target = find({ component: component.name, action: failed.capability.name })
    if (target === undefined) continue
    try {
      const bound = bindInputs(compiled, scope, target)
      execution.revision++
      execution.emit({
        type: 'step-repair',
        step: name,
        way: 'equivalent',
        reason: `${error.message} "${target.label}" offers the same and stands in.`,
        inputs: bound.inputs,
      })
      return await call(target, bound)
    } catch (thrown) {
      execution.throwIfStopped()
      failures.push(toTuttiError(thrown).message)
    }
  }
  if (failures.length === 0) throw error
  throw new TuttiError(error.code, `${error.message} What offers the same failed as well: ${failures.join(' ')}`, {
    retryable: error.retryable,
    details: error.details,
    cause: error,
  })
}

function equivalentsOf({ run, compiled }: StepExecution, failed: CallTarget): readonly Component[] {
  const { capability, component } = failed
  // A step that names no component asked for any; else only what changes nothing may be asked elsewhere.
  const isFree = compiled.step.component === undefined && failed.isIdempotent
  if (capability.effect !== 'read' && !isFree) return []
  const standsIn = (other: Component): boolean => {
    const offered = run.view.find(other.name, capability.name)
    if (other.name === component.name || offered === undefined || offered.internal === true) return false
    if (TRUST[other.trust] < TRUST[component.trust] || !isHealthy(other)) return false
    return (offered.effect === 'read' || (isFree && offered.effect === 'unknown')) && isCompatible(capability, offered)
  }
  return run.view.offering(capability.name).filter(standsIn).slice(0, MAX_TRIED)
}

/** The same inputs fit, and what the plan reads of the output is there. */
function isCompatible(from: Capability, to: Capability): boolean {
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
