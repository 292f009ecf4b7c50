// An explanation as the wire shows it. All its keys are ours (names of steps stand in values), so they are renamed throughout.
import type { Explanation } from '../contracts/explanation.ts'
import { toSnakeCase } from '../util/snake-case.ts'

export const explanationToWire = (explanation: Explanation): Record<string, unknown> => renameKeys(explanation)

function renameKeys(record: object): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(record)) out[toSnakeCase(key)] = renameIn(value)
  return out
}

function renameIn(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(renameIn)
  return typeof value === 'object' && value !== null ? renameKeys(value) : value
}
