// Turns drafts into steps: the same call once, suppliers before what they supply, one call for each value of a row.
import type { JsonObject, JsonValue } from '../../contracts/json.ts'
import type { Step } from '../../contracts/plan.ts'
import { mapTexts } from '../../plan/map-texts.ts'
import { quoteText } from '../../plan/reference.ts'
import type { Supply } from './chain.ts'
import type { Entry } from './match.ts'
import type { Filling } from './slots.ts'

const MAX_STEPS = 16

/** A call that may be made, with the calls that supply it. */
export interface Draft {
  readonly entry: Entry
  readonly inputs: ReadonlyMap<string, JsonValue | Supply<Draft>>
  readonly missing: readonly string[]
  readonly filling: Filling
}

export const isSupply = (value: JsonValue | Supply<Draft>): value is Supply<Draft> =>
  typeof value === 'object' && value !== null && 'from' in value && value.isSupply === true

export interface Writer {
  add(draft: Draft): void
  steps(): Step[]
}

export function createWriter(): Writer {
  const steps: Step[] = []
  const nameOf = new Map<string, string>()
  const names = new Set<string>()

  const write = (entry: Entry, inputs: JsonObject, dependsOn: readonly string[]): string | undefined => {
    const { component, capability } = entry.offered
    const key = JSON.stringify([component.name, capability.name, inputs])
    const known = nameOf.get(key)
    if (known !== undefined || steps.length >= MAX_STEPS) return known
    const name = uniqueName(capability.name, names)
    names.add(name)
    nameOf.set(key, name)
    steps.push({ name, type: 'call', component: component.name, action: capability.name, inputs, dependsOn })
    return name
  }
  const writeDraft = (draft: Draft): (string | undefined)[] =>
    variantsOf(draft).map((variant) => {
      const inputs: Record<string, JsonValue> = Object.create(null) as Record<string, JsonValue>
      const dependsOn: string[] = []
      for (const [name, value] of variant) {
        if (!isSupply(value)) {
          // Words of a request are values, never references.
          inputs[name] = mapTexts(value, quoteText)
          continue
        }
        const [supplier] = writeDraft(value.from)
        if (supplier === undefined) return undefined
        if (!dependsOn.includes(supplier)) dependsOn.push(supplier)
        inputs[name] = `\${steps.${supplier}.output.${value.path}}`
      }
      return write(draft.entry, inSchemaOrder(inputs, draft.entry), dependsOn)
    })
  return {
    add: (draft) => void writeDraft(draft),
    steps: () => steps,
  }
}

/** Plans are read by people: inputs stand as the capability lists them. */
function inSchemaOrder(inputs: JsonObject, { offered }: Entry): JsonObject {
  const { properties } = offered.capability.inputSchema
  const order = typeof properties === 'object' && properties !== null ? Object.keys(properties) : []
  return Object.fromEntries(Object.entries(inputs).sort(([a], [b]) => order.indexOf(a) - order.indexOf(b)))
}

type Inputs = Draft['inputs']

/** The inputs once for each value of a row, also of a row that a supplier takes. */
function variantsOf(draft: Draft): Inputs[] {
  const { inputs: told, rows } = draft.filling
  const isTold = (name: string): boolean => draft.inputs.get(name) === told.get(name)?.value
  // The first call as it was filled: its values are those of one of the rows, and need not be those of the first.
  const variants = rows.every((row) => [...row.keys()].every(isTold))
    ? rows.map((row) => new Map([...draft.inputs, ...row]))
    : []
  if (variants.length === 0) variants.push(new Map(draft.inputs))
  if (variants.length > 1) return variants
  const suppliers = new Set([...draft.inputs.values()].filter(isSupply).map(({ from }) => from))
  for (const supplier of suppliers) {
    const [, ...more] = variantsOf(supplier)
    for (const inputs of more) {
      const from: Draft = { ...supplier, inputs, filling: { ...supplier.filling, rows: [] } }
      variants.push(
        new Map(
          [...draft.inputs].map(([name, value]) => [
            name,
            isSupply(value) && value.from === supplier ? { ...value, from } : value,
          ]),
        ),
      )
    }
  }
  return variants
}

function uniqueName(capability: string, taken: ReadonlySet<string>): string {
  const plain = capability.replace(/[^A-Za-z0-9_-]+/g, '_').replace(/^[^A-Za-z_]+/, '')
  const base = plain === '' ? 'step' : plain.slice(0, 60)
  for (let n = 1; ; n++) {
    const name = n === 1 ? base : `${base}_${n}`
    if (!taken.has(name)) return name
  }
}
