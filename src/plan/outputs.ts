// What a document says its run gives back.
import { ABSENT, type CompiledPlan, type Scope } from '../contracts/compiled.ts'
import { toTuttiError } from '../contracts/errors.ts'
import type { JsonObject, JsonValue } from '../contracts/json.ts'
import { isJsonList, isJsonObject } from '../util/json.ts'

/** A path that is not there is listed in `missing` with its output's name; the others are still given. */
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
      else {
        outputs.push([name, result])
        listGaps(value.source, result, `outputs.${name}`, missing)
      }
    } catch (thrown) {
      // What follows the first line shows the place in the expression, which a list of names has no room for.
      missing.push(`outputs.${name}: ${toTuttiError(thrown).message.split('\n', 1)[0] ?? ''}`)
    }
  }
  return { outputs: Object.fromEntries(outputs), ...(missing.length > 0 && { missing }) }
}

/** Keys that the document names inside an output, and that were left out because their path is not there. */
function listGaps(source: JsonValue, result: JsonValue, path: string, missing: string[]): void {
  if (isJsonList(source) && isJsonList(result)) {
    for (const [i, item] of source.entries()) listGaps(item, result[i] ?? null, `${path}[${i}]`, missing)
  } else if (isJsonObject(source) && isJsonObject(result)) {
    for (const [key, item] of Object.entries(source)) {
      const found = Object.hasOwn(result, key) ? result[key] : undefined
      if (found === undefined) missing.push(`${path}.${key}`)
      else listGaps(item, found, `${path}.${key}`, missing)
    }
  }
}
