// A scope made of plain data, as tests of expressions and references write it.
import type { Scope, StepView } from '../../src/contracts/compiled.ts'
import type { JsonObject, JsonValue } from '../../src/contracts/json.ts'

export interface ScopeData {
  readonly inputs?: JsonObject
  readonly steps?: Readonly<Record<string, Partial<StepView>>>
  readonly components?: Readonly<Record<string, { readonly healthy: boolean }>>
  readonly secrets?: Readonly<Record<string, string>>
  readonly item?: JsonValue
  readonly index?: number
}

export function createScope(data: ScopeData = {}): Scope {
  const own = <T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined =>
    record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined
  return {
    inputs: data.inputs ?? {},
    run: { id: 'run_1', request: 'convert', started_at: '2025-01-01T00:00:00.000Z' },
    step(name) {
      const given = own(data.steps, name)
      if (given === undefined) return undefined
      const output = given.output ?? null
      return { status: 'succeeded', success: true, error: null, response: output, ...given, output }
    },
    component: (name) => own(data.components, name),
    secret: (name) => own(data.secrets, name),
    ...(data.item === undefined ? {} : { item: data.item }),
    ...(data.index === undefined ? {} : { index: data.index }),
  }
}
