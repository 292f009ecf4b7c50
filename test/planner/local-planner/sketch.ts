// One component with one or more capabilities, and what the local planner calls of them, as short text.
import type { JsonObject } from '../../../src/contracts/json.ts'
import { planLocally } from '../../../src/planner/local-planner.ts'
import { component, offer } from '../demo-world.ts'

export type Sketches = Parameters<typeof component>[1]

/** Inputs as JSON, in the schema's order, behind the name of the capability. */
export function callsOf(request: string, capabilities: Sketches): string[] {
  return planLocally(request, offer([component('tools', capabilities)])).steps.map(
    ({ action = '', inputs }) => `${action} ${JSON.stringify(inputs)}`,
  )
}

export const number = (description = ''): JsonObject => ({ type: 'number', description })
export const integer = (description = ''): JsonObject => ({ type: 'integer', description })
export const text = (description = ''): JsonObject => ({ type: 'string', description })
