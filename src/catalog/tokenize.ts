// From text to words as a search sees them: names taken apart (camelCase, snake_case, kebab-case, dots, digits), lower
// case, accents folded, endings dropped. Texts without spaces (Chinese, Japanese, Thai) become pairs of characters.

const isLower = (code: number): boolean => code >= 97 && code <= 122
const isUpper = (code: number): boolean => code >= 65 && code <= 90
const isDigit = (code: number): boolean => code >= 48 && code <= 57

/** Whether a new word begins between two characters of one run: `tO`, `l2`, `2l`, and before `Tt` in `HTTPtt`. */
function breaksBetween(before: number, code: number, after: number): boolean {
  if (isDigit(before) !== isDigit(code)) return true
  if (!isUpper(code)) return false
  return isLower(before) || (isUpper(before) && isLower(after))
}

/** Calls back with every word of plain ASCII text, in lower case. By hand, since this is most of the time of a build. */
function scanAscii(text: string, onWord: (word: string) => void): void {
  const lower = text.toLowerCase()
  const { length } = text
  let start = -1
  let before = 0
  for (let i = 0; i <= length; i++) {
    const code = i < length ? text.charCodeAt(i) : 0
    const isWord = isLower(code) || isUpper(code) || isDigit(code)
    if (start >= 0 && (!isWord || breaksBetween(before, code, text.charCodeAt(i + 1)))) {
      onWord(lower.slice(start, i))
      start = -1
    }
    if (isWord && start < 0) start = i
    before = code
  }
}

const NOT_ASCII = /[^\0-\x7f]/
const WORDS = /[\p{L}\p{N}]+/gu
const BOUNDARIES = /(?<=\p{Ll})(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})|(?<=\p{L})(?=\p{N})|(?<=\p{N})(?=\p{L})/u
const WITHOUT_SPACES = /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Thai}]/u

function scanUnicode(text: string, onWord: (word: string) => void): void {
  const folded = text.normalize('NFKD').replace(/\p{M}+/gu, '')
  for (const [run] of folded.matchAll(WORDS)) {
    for (const word of run.split(BOUNDARIES)) {
      const lower = word.toLowerCase()
      if (!WITHOUT_SPACES.test(lower)) {
        onWord(lower)
        continue
      }
      const characters = [...lower]
      if (characters.length === 1) onWord(lower)
      for (let i = 0; i + 1 < characters.length; i++) onWord(`${characters[i]}${characters[i + 1]}`)
    }
  }
}

/** Calls back with every word of the text, in lower case, endings and all. */
export function scanWords(text: string, onWord: (word: string) => void): void {
  if (NOT_ASCII.test(text)) scanUnicode(text, onWord)
  else scanAscii(text, onWord)
}

const HAS_VOWEL = /[aeiouy]/
const DOUBLED = /([bdfgmnprt])\1$/

/** Drops the ending if what is left is still a word; `running` and `run` meet by undoubling, `create` and `creating` by the e. */
function withoutEnding(word: string, ending: string): string | undefined {
  if (!word.endsWith(ending)) return undefined
  const left = word.slice(0, -ending.length)
  if (left.length < 3 || !HAS_VOWEL.test(left)) return undefined
  return left.replace(DOUBLED, '$1')
}

function singular(word: string): string {
  if (word.length < 4 || !word.endsWith('s') || /(?:ss|us|is)$/.test(word)) return word
  if (word.endsWith('ies')) return word.length > 4 ? `${word.slice(0, -3)}y` : word.slice(0, -1)
  return word.slice(0, /(?:ss|x|ch|sh|z)es$/.test(word) ? -2 : -1)
}

/** Light on purpose: forms of one word meet, different words stay apart. */
export function stemWord(word: string): string {
  if (word.length < 4) return word
  const single = singular(word)
  const bare = withoutEnding(single, 'ing') ?? withoutEnding(single, 'ed') ?? single
  return bare.length > 3 && bare.endsWith('e') ? bare.slice(0, -1) : bare
}

/** Words that say nothing of what is looked for. Few: what is rare in a catalog tells by itself. */
export const STOP_WORDS: ReadonlySet<string> = new Set(
  (
    'a an and are as at be by can could do does for from had has have how i if in into is it its me my need of on or our please ' +
    'should so some than that the their them then there these they this to us want was we what when where which who will with would you your'
  ).split(' '),
)

/** The stemmed words of a text, in order, stop words and all. */
export function tokenize(text: string): string[] {
  const words: string[] = []
  scanWords(text, (word) => words.push(stemWord(word)))
  return words
}
