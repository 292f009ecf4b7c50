// Inputs that the capability does not know: renamed where they are a known one misspelled, else left out unless one may be a required
// one that is missing; whatever is done is told.
import type { JsonObject, JsonSchema, JsonValue } from '../../contracts/json.ts'
import { editDistance, nearest } from '../../util/text.ts'
import type { CapabilityInputs } from '../capability-inputs.ts'
import { simplify } from './references.ts'

export interface InputsRepairContext {
  readonly step: string
  readonly capability: string
  readonly repairs: string[]
}

/** The given object itself when nothing is to be mended. */
export function repairInputs(
  inputs: JsonObject,
  { properties, required, isOpen }: CapabilityInputs,
  { step, capability, repairs }: InputsRepairContext,
): JsonObject {
  const unset = Object.keys(inputs).filter((name) => {
    const schema = inputs[name] === null && !required.includes(name) ? properties.get(name) : undefined
    return schema !== undefined && !mayBeNull(schema)
  })
  if (unset.length > 0) {
    for (const name of unset)
      repairs.push(`Step "${step}": "${name}" was left out, since null says that it is not set.`)
    const rest = Object.fromEntries(Object.entries(inputs).filter(([name]) => !unset.includes(name)))
    return repairInputs(rest, { properties, required, isOpen }, { step, capability, repairs })
  }
  const unknown = Object.keys(inputs).filter((name) => !properties.has(name))
  // Where anything may be given, only another spelling of a known name is surely a mistake.
  if (unknown.length === 0) return inputs
  const free = new Set([...properties.keys()].filter((name) => !Object.hasOwn(inputs, name)))
  const missing = required.filter((name) => free.has(name))
  const renamed = new Map<string, string | undefined>()
  const meant = unknown.map((name) => {
    const wanted = findMeant(name, free, missing)
    if (wanted !== undefined) free.delete(wanted)
    return [name, wanted] as const
  })
  // While a required input is missing, one of these may have been meant for it: whoever wrote them is asked.
  const isKept = isOpen || missing.some((name) => free.has(name))
  for (const [name, wanted] of meant) {
    if (wanted === undefined && isKept) continue
    renamed.set(name, wanted)
    repairs.push(
      wanted === undefined
        ? `Step "${step}": "${name}" was left out, since "${capability}" has no such input.`
        : `Step "${step}": "${name}" is the input "${wanted}" of "${capability}".`,
    )
  }
  if (renamed.size === 0) return inputs
  return Object.fromEntries(
    Object.entries(inputs).flatMap(([name, value]): [string, JsonValue][] => {
      if (!renamed.has(name)) return [[name, value]]
      const wanted = renamed.get(name)
      return wanted === undefined ? [] : [[wanted, value]]
    }),
  )
}

/** Models write null for an optional input that they have nothing to say on; where null is a value of the input it stays one. */
const mayBeNull = ({ type, nullable }: JsonSchema): boolean =>
  nullable === true || type === undefined || [type].flat().includes('null')

function findMeant(name: string, free: ReadonlySet<string>, missing: readonly string[]): string | undefined {
  const simple = simplify(name)
  const spelled = [...free].filter((other) => simplify(other) === simple)
  if (spelled.length === 1) return spelled[0]
  const [closest] = nearest(
    name,
    missing.filter((other) => free.has(other)),
    1,
  )
  return closest !== undefined && isNearMiss(name, closest) ? closest : undefined
}

/** One letter too many, too few, wrong or swapped; or, from five letters on, two. */
function isNearMiss(a: string, b: string): boolean {
  const allowed = Math.min(a.length, b.length) >= 5 ? 2 : 1
  if (Math.abs(a.length - b.length) > allowed || a.length > 100) return false
  return editDistance(a, b) <= allowed
}
