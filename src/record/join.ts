// What two stages of one run have to say of the same thing, said once.
import type { Degraded } from '../contracts/run.ts'

/** What stood in for two parts of one run. */
export function joinDegraded(a: Degraded | undefined, b: Degraded | undefined): { degraded?: Degraded } {
  if (a === undefined) return b === undefined ? {} : { degraded: b }
  if (b === undefined) return { degraded: a }
  // Both stages often met the same trouble: each sentence is said once.
  const sentences = [a.reason, b.reason].flatMap((reason) => reason.split(/(?<=[.!?])\s+(?=[A-Z"])/))
  const reason = [...new Set(sentences)].join(' ')
  return { degraded: { reason, way: a.way === b.way ? a.way : `${a.way}, ${b.way}` } }
}

/** What two stages of one run found missing, each thing once. */
export function joinMissing(
  a: readonly string[] | undefined,
  b: readonly string[] | undefined,
): { missing?: readonly string[] } {
  const all = [...new Set([...(a ?? []), ...(b ?? [])])]
  return all.length === 0 ? {} : { missing: all }
}
