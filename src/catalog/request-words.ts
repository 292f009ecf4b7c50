// A request as a search reads it: its distinct words, and the wishes it is made of ("the weather in Paris and convert 5 USD").
import { STOP_WORDS, scanWords, stemWord } from './tokenize.ts'

export interface RequestWord {
  readonly stem: string
  /** As it was written, in lower case: what a person recognises. */
  readonly shown: string
}

export interface RequestWords {
  /** Distinct by stem, in order; words that say nothing only when there are no others. */
  readonly words: readonly RequestWord[]
  /** Places in `words`, wish by wish; empty when the request is one wish. */
  readonly clauses: readonly (readonly number[])[]
}

/** What is read of a request: more says nothing new, and costs. */
const MAX_CHARS = 8_000
const MAX_WORDS = 96
const MAX_CLAUSES = 8
/** A piece of one word ("London, Paris and Rome") is no wish. */
const MIN_CLAUSE_WORDS = 2

const BOUNDARY =
  /[.?!;:,\n\r。、，；：？！]+|\b(?:and|then|also|additionally|finally|plus|while|as well as|after that)\b/iu

export function readRequest(request: string): RequestWords {
  const text = request.length > MAX_CHARS ? request.slice(0, MAX_CHARS) : request
  const words: RequestWord[] = []
  const idle: RequestWord[] = []
  const places = new Map<string, number>()
  const clauses: number[][] = []
  for (const piece of text.split(BOUNDARY)) {
    const clause = new Set<number>()
    scanWords(piece, (shown) => {
      const stem = stemWord(shown)
      if (STOP_WORDS.has(shown)) {
        if (idle.length < MAX_WORDS && !idle.some((word) => word.stem === stem)) idle.push({ stem, shown })
        return
      }
      let place = places.get(stem)
      if (place === undefined) {
        if (words.length >= MAX_WORDS) return
        place = words.length
        words.push({ stem, shown })
        places.set(stem, place)
      }
      clause.add(place)
    })
    if (clause.size >= MIN_CLAUSE_WORDS && clauses.length < MAX_CLAUSES) clauses.push([...clause])
  }
  return { words: words.length > 0 ? words : idle, clauses: clauses.length > 1 ? clauses : [] }
}
