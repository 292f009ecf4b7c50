// A scope made of plain data, as tests of expressions and references write it.
import type { Scope, StepView } from '../../src/contracts/compiled.ts'
import { TuttiError } from '../../src/contracts/errors.ts'
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

/** The error that the work ends in; anything but a TuttiError, and success, fails the test. */
export function failureOf(work: () => unknown): TuttiError {
  try {
    work()
  } catch (error) {
    if (error instanceof TuttiError) return error
    throw error
  }
  throw new Error('It did not fail.')
}
