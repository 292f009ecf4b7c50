// Some models write their thoughts into the answer, between tags at its beginning. Thoughts are not the answer.

const OPENING = /^\s*<(think|thinking|thought|reasoning)>/i
/** Thoughts that have not begun by now are not coming; what is held back would only grow. */
const MAX_UNDECIDED = 4_096
const LONGEST_TAG = '</reasoning>'.length
/** What may still become an opening tag. */
const UNDECIDED = /^\s*(<[a-z]{0,9})?$/i

export interface ThoughtFilter {
  /** The part of the piece that belongs to the answer, with what was held back before it. */
  push(piece: string): string
  /** What was held back and turned out to be the answer. */
  flush(): string
}

/** Takes the pieces of one answer in order. */
export function createThoughtFilter(): ThoughtFilter {
  let state: 'beginning' | 'thoughts' | 'answer' = 'beginning'
  let held = ''
  let closing = /$^/
  return {
    push(piece) {
      if (state === 'answer') return piece
      held += piece
      if (state === 'beginning') {
        const opening = OPENING.exec(held)
        if (opening?.[1] === undefined) {
          if (held.length < MAX_UNDECIDED && UNDECIDED.test(held)) return ''
          state = 'answer'
          return held
        }
        state = 'thoughts'
        closing = new RegExp(`</${opening[1]}>\\s*`, 'i')
        held = held.slice(opening[0].length)
      }
      const end = closing.exec(held)
      if (end === null) {
        // Only what may be the beginning of the closing tag is kept: thoughts can be long.
        held = held.slice(-LONGEST_TAG)
        return ''
      }
      state = 'answer'
      return held.slice(end.index + end[0].length)
    },
    flush() {
      return state === 'beginning' ? held : ''
    },
  }
}
