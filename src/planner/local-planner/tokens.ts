// A request as tokens: words, numbers, dates, quotations, addresses. What looks like a number and means something else is told apart.
import { WRITTEN_DATE } from './dates.ts'

export interface Token {
  readonly text: string
  readonly lower: string
  readonly kind: 'word' | 'number' | 'date' | 'quoted' | 'id' | 'url' | 'email' | 'path' | 'other' | 'punct'
  readonly start: number
  readonly end: number
  /** The sign of a currency before a number. */
  readonly sign?: string
}

const DATE = String.raw`\d{4}-\d{2}-\d{2}(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?`
/** Of files that people name without a folder; `Node.js` and `example.com` are none. */
const ENDINGS =
  'txt|md|csv|tsv|json|jsonl|ya?ml|xml|html?|pdf|log|docx?|xlsx?|pptx?|odt|png|jpe?g|gif|svg|webp|mp[34]|wav|zip|gz|tar|toml|ini|sql|py|sh'
const PART = String.raw`[\p{L}\p{N}_.@+-]`
const TOKEN = new RegExp(
  [
    String.raw`"(?<quoted1>[^"\n]{1,200})"|“(?<quoted2>[^”\n]{1,200})”|(?<![\p{L}\p{N}])'(?<quoted3>[^'\n]{1,200})'(?![\p{L}\p{N}])`,
    String.raw`(?<url>https?:\/\/[^\s<>"')]{1,500})`,
    String.raw`(?<email>[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64}){1,4})`,
    // From the root, the home or here; or a name with the ending of a file.
    String.raw`(?<path>(?<![\p{L}\p{N}.:/~]|\d\s)(?:~|\.{1,2})?\/(?=[\p{L}_.])${PART}{1,200}(?:\/${PART}{0,200}){0,40}|(?<![\p{L}\p{N}/.])(?:${PART}{1,100}\/){0,40}${PART}{1,100}\.(?:${ENDINGS})(?![\p{L}\p{N}/]))`,
    `(?<date>${DATE}(?![\\w-])|${WRITTEN_DATE})`,
    // A share or a power of ten is not the number that stands in it.
    String.raw`(?<other>-?\d[\d.,]{0,40}\s?(?:%|percent\b|[x*×]\s?10\s?\^\s?-?\d{1,3}))`,
    String.raw`(?<id>(?:\d{1,3}(?:\.\d{1,3}){3}(?![.\d])|\p{L}{1,20}[-_]?\d|\d{1,20}[-_]\p{L}|\d{1,20}\p{Lu}\d)[\p{L}\p{N}_-]{0,60})`,
    String.raw`(?<number>(?<![\p{L}\p{N}.^])(?<![\p{L}\p{N})\^])-?(?<!\^-)(?:\d{1,3}(?:,\d{3})+|\d{1,18})(?:\.\d{1,12})?(?![\d^]|\.\d))`,
    // "km/h" and "m/s^2" are one word.
    String.raw`(?<rate>\p{L}{1,4}\/(?:sec|min|hr|s|h)(?:\^?2|²)?(?![\p{L}\p{N}]))`,
    String.raw`(?<word>\p{L}[\p{L}\p{M}]*(?:[.'’&-]\p{L}[\p{L}\p{M}]*)*)`,
    String.raw`(?<punct>[.?!;,:()[\]\n=])`,
  ].join('|'),
  'gu',
)

export function tokenise(text: string): Token[] {
  const tokens: Token[] = []
  for (const match of text.matchAll(TOKEN)) {
    const groups = match.groups ?? {}
    const quoted = groups.quoted1 ?? groups.quoted2 ?? groups.quoted3
    const kind = quoted !== undefined ? 'quoted' : kindOf(groups)
    const shown = (quoted ?? match[0]).replace(kind === 'url' || kind === 'path' ? /[.,;:!?]+$/u : /^$/u, '')
    tokens.push({
      text: shown,
      lower: shown.toLowerCase(),
      kind,
      start: match.index,
      end: match.index + match[0].length,
      ...(kind === 'number' && /[$€£¥]/.test(text[match.index - 1] ?? '') && { sign: text[match.index - 1] ?? '' }),
    })
  }
  return tokens
}

function kindOf(groups: Readonly<Record<string, string | undefined>>): Token['kind'] {
  for (const kind of ['url', 'email', 'path', 'date', 'other', 'id', 'number', 'word'] as const)
    if (groups[kind] !== undefined) return kind
  if (groups.rate !== undefined) return 'word'
  return 'punct'
}
