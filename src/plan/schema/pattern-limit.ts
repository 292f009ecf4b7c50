// How long a text may be that a stranger's pattern is matched against. A pattern without nested repetition still takes a time that
// grows with a power of the length: one more for each part that can repeat, and doubled by each that may be there or not.

/** Steps of the matcher that one match may take at worst: some 100 ms. */
const MAX_STEPS = 10_000_000
const MAX_LENGTH = 2_000

/** Escapes and classes are one character each, whatever is in them; so are the signs of a special group. */
const plainOf = (pattern: string): string =>
  pattern
    .replace(/\\./gs, '_')
    .replace(/\[[^\]]*\]/g, '_')
    .replace(/\(\?(?:[:=!]|<[=!]|<\w+>)/g, '(')

/** In how many ways each repetition can be done: without end as `Infinity`. */
function repeatsOf(plain: string): number[] {
  const repeats: number[] = []
  for (const [sign, from, comma, to] of plain.matchAll(/[*+]\??|\{(\d+)(,?)(\d*)\}\??|\?/g)) {
    if (sign.startsWith('?')) repeats.push(2)
    else if (from === undefined) repeats.push(Infinity)
    else if (comma === ',') repeats.push(to === '' || to === undefined ? Infinity : Number(to) - Number(from) + 1)
  }
  return repeats
}

/** Alternatives of all groups, multiplied: each choice may be tried with each other. */
function choicesOf(plain: string): number {
  let choices = 1
  const open: number[] = [1]
  for (const sign of plain) {
    if (sign === '(') open.push(1)
    else if (sign === '|') open.push((open.pop() ?? 1) + 1)
    else if (sign === ')') choices *= open.pop() ?? 1
  }
  return open.reduce((product, one) => product * one, choices)
}

/** Longer text passes unmatched; 0: only the empty one is matched. */
export function longestMatched(pattern: string): number {
  const plain = plainOf(pattern)
  const repeats = repeatsOf(plain)
  const choices = choicesOf(plain)
  // Without a fixed beginning it is tried from every place.
  const startsAnywhere = !plain.startsWith('^') || plain.includes('|')
  const stepsAt = (length: number): number =>
    repeats.reduce((steps, ways) => steps * Math.min(ways, length + 1), choices * (startsAnywhere ? length : 1)) +
    length
  let longest = 0
  let tooLong = MAX_LENGTH + 1
  while (tooLong - longest > 1) {
    const middle = Math.floor((longest + tooLong) / 2)
    if (stepsAt(middle) <= MAX_STEPS) longest = middle
    else tooLong = middle
  }
  return longest
}
