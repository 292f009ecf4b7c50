// What reading a text gives, whatever its format: the value, and the place of everything in it.
import type { JsonValue } from '../../contracts/json.ts'
import type { Issue } from '../../contracts/plan.ts'
import type { Path } from '../issue.ts'

export interface Place {
  readonly line: number
  readonly column: number
}

export interface TextDocument {
  /** undefined when the text could not be read at all. */
  readonly value: JsonValue | undefined
  readonly issues: readonly Issue[]
  /** 1-based; of the nearest existing parent when the path itself is not in the text. `key`: of the key instead of its value. */
  locate(path: Path, at: 'key' | 'value'): Place
  /** The text of a scalar as it was written (`2.0`), without quotes. */
  sourceOf(path: Path): string | undefined
}

const FIRST_PLACE: Place = { line: 1, column: 1 }

/** A document of nothing but one issue. */
export const brokenText = (issue: Issue): TextDocument => ({
  value: undefined,
  issues: [{ ...issue, ...FIRST_PLACE }],
  locate: () => FIRST_PLACE,
  sourceOf: () => undefined,
})
