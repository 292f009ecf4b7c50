// Values of an input that its schema shows, where the text says one of them word for word.
import type { Clause } from './text.ts'
import type { Wish } from './wish.ts'

/** The longest member of an enum that the clause says, word for word. */
export const memberIn = (wish: Wish, text: string): string | undefined => longestSaid(wish, wish.members, text)

/** One of the values that the input's description shows, in small letters and of more than two, as the clause says it. */
export function sampleIn(wish: Wish, { text }: Clause): string | undefined {
  if (!wish.isRequired || wish.type !== 'string' || wish.members.length > 0) return undefined
  if (wish.kinds.has('date') || wish.kinds.has('text')) return undefined
  return longestSaid(
    wish,
    wish.samples.filter((sample) => /^\p{L}[\p{L} -]{2,}$/u.test(sample) && !wish.words.has(sample.toLowerCase())),
    text,
  )
}

function longestSaid(wish: Wish, members: readonly string[], text: string): string | undefined {
  if (members.length === 0) return undefined
  const plain = (word: string): string =>
    ` ${word
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, ' ')
      .trim()} `
  const said = plain(text)
  const found = members.filter(
    (member) => plain(member).length > (wish.isRequired ? 2 : 4) && said.includes(plain(member)),
  )
  return found.sort((a, b) => b.length - a.length)[0]
}
