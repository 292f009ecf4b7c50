// What somebody may have meant by a word that no document has: a word that begins with it, or is one edit away.

const MAX_NEAR = 3
/** Shorter words have too many neighbours to guess at. */
const MIN_LENGTH = 4

/** Whether one insertion, deletion, replacement, or swap of neighbours leads from one word to the other. */
export function isOneEdit(a: string, b: string): boolean {
  const [short, long] = a.length <= b.length ? [a, b] : [b, a]
  if (long.length - short.length > 1) return false
  let i = 0
  while (i < short.length && short.charCodeAt(i) === long.charCodeAt(i)) i++
  if (short.length < long.length) return short.slice(i) === long.slice(i + 1)
  if (short.slice(i + 1) === long.slice(i + 1)) return true
  return short[i] === long[i + 1] && short[i + 1] === long[i] && short.slice(i + 2) === long.slice(i + 2)
}

/** At most three terms: first misspellings, then continuations; among these the more frequent. */
export function nearTerms(word: string, terms: ReadonlyMap<string, number>, frequencies: Int32Array): number[] {
  if (word.length < MIN_LENGTH || /^\d+$/.test(word)) return []
  const found: { readonly term: number; readonly isEdit: boolean }[] = []
  for (const [text, term] of terms) {
    if (text.length < word.length - 1) continue
    const isEdit = text.length <= word.length + 1 && isOneEdit(word, text)
    if (isEdit || text.startsWith(word)) found.push({ term, isEdit })
  }
  return found
    .sort(
      (a, b) =>
        Number(b.isEdit) - Number(a.isEdit) ||
        (frequencies[b.term] ?? 0) - (frequencies[a.term] ?? 0) ||
        a.term - b.term,
    )
    .slice(0, MAX_NEAR)
    .map(({ term }) => term)
}
