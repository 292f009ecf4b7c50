// How a clause begins tells whether it asks for something: a question word, a command, or "I would like to ...". What only tells about
// the world ("the rating is 4.5") asks for nothing.
import type { Token } from './tokens.ts'
import { isAskWord, isVerb, STOP_WORDS } from './words.ts'

export interface Opening {
  readonly isAsk: boolean
  /** The verb of the command, if one is known. */
  readonly verb?: string
}

const setOf = (words: string): ReadonlySet<string> => new Set(words.split(/\s+/))
/** Stand before a wish and change nothing about it. */
export const LEADS =
  setOf(`please kindly then also next finally lastly first firstly second secondly third thirdly additionally furthermore moreover
  afterwards afterward after that now once done lastly and so just hi hello hey`)
const WANTS = setOf('want need like wish love')
const MODALS = setOf('can could would will')
const DETERMINERS = setOf('a an the my our your this that these those all me us any')
const FRAMES = setOf('help assistance assist support')
const HELPS = setOf('help assist me us you please kindly to with also')

/** @param isStart whether a sentence begins here: only there is an unknown word before "the" or "my" a command */
export function readOpening(words: readonly Token[], isStart: boolean): Opening {
  let at = 0
  while (LEADS.has(words[at]?.lower ?? '') && at < words.length - 1) at++
  const opener = words[at]?.lower ?? ''
  const next = words[at + 1]?.lower ?? ''
  const asks = (verb: string | undefined): Opening => ({
    isAsk: true,
    ...(verb !== undefined && isVerb(verb) && { verb }),
  })
  if (MODALS.has(opener)) {
    return asks(words.slice(at + 1).find((word) => !HELPS.has(word.lower))?.lower)
  }
  if (opener === 'i' || opener === 'we' || opener.startsWith("i'")) {
    const wanted = words.findIndex((word, k) => k > at && k < at + 4 && WANTS.has(word.lower))
    if (wanted === -1) return { isAsk: false }
    if (words[wanted + 1]?.lower === 'to') return asks(words[wanted + 2]?.lower)
    return { isAsk: !words.slice(wanted + 1, wanted + 4).some((word) => FRAMES.has(word.lower)) }
  }
  // "Help me with my research" says what it is about; what is wanted stands in the other sentences.
  if (FRAMES.has(opener) && words.slice(at + 1, at + 3).some(({ lower }) => lower === 'with' || lower === 'in'))
    return { isAsk: false }
  if (isAskWord(opener)) return asks(opener)
  const isCommand = isStart && !STOP_WORDS.has(opener) && DETERMINERS.has(next)
  return { isAsk: isCommand }
}
