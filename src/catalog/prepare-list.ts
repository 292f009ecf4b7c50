// All that a source found, made ready: bad records left out, copies of one component joined, in pieces that let others run.
import { createPace } from '../util/pace.ts'
import { counted } from '../util/text.ts'
import { mergeInstances, type PreparedComponent, prepareComponent } from './prepare-component.ts'

/** Characters hashed before others have their turn: a few ms. */
const CHARS_PER_TURN = 250_000
/** What an entry costs beside its text. */
const CHARS_PER_ENTRY = 200
/** What it costs to remember an entry of before. */
const CHARS_PER_KEPT = 10

export interface PreparedList {
  readonly prepared: readonly PreparedComponent[]
  /** In words, what was left out and why. */
  readonly skipped: readonly string[]
  /** How many of `last` are not there any more. */
  readonly lost: number
}

/** One bad record is skipped, also one that cannot even be read (a cycle, a getter that throws). */
function tryPrepare(item: unknown, source: string, before: ReadonlyMap<string, PreparedComponent>) {
  try {
    return prepareComponent(item, source, (key) => before.get(key))
  } catch {
    return undefined
  }
}

const isSame = (a: readonly PreparedComponent[], b: readonly PreparedComponent[]): boolean =>
  a.length === b.length && a.every((entry, i) => entry === b[i])

/** `last` is what the same source had before; the very list is given back when nothing changed. */
export async function prepareList(
  found: readonly unknown[],
  source: string,
  last: readonly PreparedComponent[],
): Promise<PreparedList> {
  const pace = createPace(CHARS_PER_TURN)
  const before = new Map<string, PreparedComponent>()
  for (const entry of last) {
    before.set(entry.key, entry)
    const turn = pace(CHARS_PER_KEPT)
    if (turn !== undefined) await turn
  }
  let kept = 0
  const entries = new Map<string, PreparedComponent>()
  const skipped: string[] = []
  for (const [place, item] of found.entries()) {
    const entry = tryPrepare(item, source, before)
    if (entry === undefined) {
      skipped.push(`entry ${place} is no component`)
      continue
    }
    if (entry.leftOut > 0)
      skipped.push(`${counted(entry.leftOut, 'capability')} of "${entry.component.name}" cannot be used`)
    const first = entries.get(entry.key)
    if (first === undefined) {
      entries.set(entry.key, entry)
      if (before.has(entry.key)) kept++
    } else if (first.hash === entry.hash) entries.set(entry.key, mergeInstances(first, entry))
    else skipped.push(`"${entry.component.name}" is there twice, with different capabilities; the first one is used`)
    const turn = pace(entry.cost + CHARS_PER_ENTRY)
    if (turn !== undefined) await turn
  }
  const prepared = [...entries.values()]
  return { prepared: isSame(last, prepared) ? last : prepared, skipped, lost: before.size - kept }
}
