// What a document says its run gives back.
import { ABSENT, type CompiledPlan, type Scope } from '../contracts/compiled.ts'
import { toTuttiError } from '../contracts/errors.ts'
import type { JsonObject, JsonValue } from '../contracts/json.ts'

/** A path that is not there is listed in `missing` with its output's name; the others are still given (DESIGN 3). */
export function evaluateOutputs(
  plan: CompiledPlan,
  scope: Scope,
): { outputs?: JsonObject; missing?: readonly string[] } {
  if (plan.outputs === undefined) return {}
  const outputs: [string, JsonValue][] = []
  const missing: string[] = []
  for (const { name, value } of plan.outputs) {
    try {
      const result = value.evaluate(scope)
      if (result === ABSENT) missing.push(`outputs.${name}`)
      else outputs.push([name, result])
    } catch (thrown) {
      missing.push(`outputs.${name}: ${toTuttiError(thrown).message}`)
    }
  }
  return { outputs: Object.fromEntries(outputs), ...(missing.length > 0 && { missing }) }
}
