// Misspellings: whether one slip of the finger leads from one word to another.

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

/** Which letters a word has, a bit each; others share the bits. */
export function letterMask(word: string): number {
  let mask = 0
  for (let i = 0; i < word.length; i++) mask |= 1 << (word.charCodeAt(i) & 31)
  return mask
}

/** False only where one edit cannot be: it changes at most two bits. Spares nearly every closer look. */
export function mayBeOneEdit(a: number, b: number): boolean {
  let different = a ^ b
  different &= different - 1
  different &= different - 1
  return different === 0
}
