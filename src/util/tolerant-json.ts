// A parser for what is nearly JSON. It yields values directly instead of patching text, so the inside of a string is never
// touched; what it cannot read (arithmetic, calls) it hands on as `{expression: TEXT}` for the validator to name.
import type { JsonObject, JsonValue } from '../contracts/json.ts'
import { endOfBareValue, readBareValue } from './bare-value.ts'
import { MAX_JSON_DEPTH } from './json.ts'

/** What was read at one place of a text. */
export interface TolerantResult {
  readonly value: JsonValue
  /** Just behind the last character that was read. */
  readonly end: number
  /** The text broke off: members that were not finished are left out. */
  readonly truncated: boolean
  /** How many values were no JSON and became `{expression: TEXT}`. */
  readonly foreign: number
}

/** Thrown and caught inside this file: this text is not JSON, not even nearly. */
class NotJson extends Error {}

const CLOSING: Readonly<Record<string, string>> = { '"': '"', "'": "'", '`': '`', '“': '”', '‘': '’' }
const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  // Not JSON, but written for these very characters: by JavaScript, Python and Markdown.
  "'": "'",
  '`': '`',
  _: '_',
}
const KEY = /[\p{L}_$][\p{L}\p{N}_$.-]*/uy
const KEY_AHEAD = /(?:"[^"\n]*"|'[^'\n]*'|[\p{L}_$][\p{L}\p{N}_$-]*)\s*:/uy
const ITEM_AHEAD = /["'[{\d-]|(?:true|false|null|None|True|False)\b/y
const BLANK = /\s|\uFEFF/

class TolerantParser {
  readonly text: string
  /** Whether a quote inside a string may stand unescaped; tried only when the plain reading fails. */
  readonly guessQuotes: boolean
  at: number
  depth = 0
  lists = 0
  truncated = false
  foreign = 0

  constructor(text: string, start: number, guessQuotes: boolean) {
    this.text = text
    this.at = start
    this.guessQuotes = guessQuotes
  }

  skipBlanks(): void {
    while (this.at < this.text.length && BLANK.test(this.text[this.at] ?? '')) this.at++
  }

  isComment(): boolean {
    const char = this.text[this.at]
    return char === '#' || (char === '/' && /[/*]/.test(this.text[this.at + 1] ?? ''))
  }

  /** White space and comments (`//`, `/*`, `#`). */
  skip(): void {
    this.skipBlanks()
    while (this.isComment()) {
      this.skipTo(this.text[this.at + 1] === '*' ? '*/' : '\n')
      this.skipBlanks()
    }
  }

  skipTo(mark: string): void {
    const found = this.text.indexOf(mark, this.at)
    this.at = found === -1 ? this.text.length : found + mark.length
  }

  isAhead(pattern: RegExp, at = this.at): boolean {
    pattern.lastIndex = at
    return pattern.test(this.text)
  }

  /** @returns undefined for a value that is not there, or was not finished when the text broke off */
  readValue(inList: boolean): JsonValue | undefined {
    this.skip()
    const char = this.text[this.at]
    if (char === undefined) {
      this.truncated = true
      return undefined
    }
    if (char === '{' && this.text[this.at + 1] !== '{') return this.readObject()
    if (char === '[') return this.readList()
    if (CLOSING[char] !== undefined) {
      const start = this.at
      const text = this.readString(char, inList ? 'item' : 'member')
      this.skip()
      return text !== undefined && this.text[this.at] === '+' ? this.readForeign(start) : text
    }
    return this.readForeign(this.at)
  }

  readObject(): JsonObject {
    this.enter()
    const members: Record<string, JsonValue> = {}
    this.at++
    for (;;) {
      this.skip()
      const char = this.text[this.at]
      if (char === undefined) {
        this.truncated = true
        break
      }
      if (char === '}') {
        this.at++
        break
      }
      if (char === ']') {
        // The brace was forgotten if a list is open; else the bracket is one too many.
        if (this.lists > 0) break
        this.at++
      } else if (char === ',') {
        this.at++
      } else {
        const key = this.readKey()
        if (key === undefined) break
        const value = this.readValue(false)
        if (value !== undefined && key !== '__proto__') members[key] = value
      }
    }
    this.depth--
    return members
  }

  /** The key with its colon; undefined when the text broke off. */
  readKey(): string | undefined {
    const char = this.text[this.at] ?? ''
    let key: string | undefined
    if (CLOSING[char] !== undefined) {
      key = this.readString(char, 'key')
    } else {
      KEY.lastIndex = this.at
      key = KEY.exec(this.text)?.[0]
      if (key === undefined) throw new NotJson()
      this.at += key.length
    }
    this.skip()
    if (this.at >= this.text.length) {
      this.truncated = true
      return undefined
    }
    if (this.text[this.at] !== ':') throw new NotJson()
    this.at++
    return key
  }

  readList(): JsonValue[] {
    this.enter()
    this.lists++
    const items: JsonValue[] = []
    this.at++
    for (;;) {
      this.skip()
      const char = this.text[this.at]
      if (char === undefined) {
        this.truncated = true
        break
      }
      if (char === ']') {
        this.at++
        break
      }
      if (char === ',') {
        this.at++
      } else if (char === '}') {
        if (!this.isSpareBrace()) break
        this.at++
      } else {
        const value = this.readValue(true)
        if (value !== undefined) items.push(value)
      }
    }
    this.lists--
    this.depth--
    return items
  }

  /** In a list a closing brace is one too many if the list goes on behind it; else the list's bracket was forgotten. */
  isSpareBrace(): boolean {
    const back = this.at
    this.at++
    this.skip()
    let spare = this.text[this.at] === ']'
    if (this.text[this.at] === ',') {
      this.at++
      this.skip()
      spare = !this.isAhead(KEY_AHEAD) && this.at < this.text.length
    }
    this.at = back
    return spare
  }

  enter(): void {
    if (++this.depth > MAX_JSON_DEPTH) throw new NotJson()
  }

  /** @returns undefined when the text broke off inside the string: half a value looks like a whole one */
  readString(open: string, place: 'key' | 'member' | 'item'): string | undefined {
    const close = CLOSING[open] ?? open
    let value = ''
    let from = ++this.at
    for (;;) {
      const char = this.text[this.at]
      if (char === undefined) {
        this.truncated = true
        return undefined
      }
      if (char === '\\') {
        value += this.text.slice(from, this.at) + this.readEscape()
        from = this.at
      } else if (char === close && this.endsString(place)) {
        value += this.text.slice(from, this.at)
        this.at++
        return value
      } else {
        this.at++
      }
    }
  }

  /** An escape that nobody defines stays as it is written. */
  readEscape(): string {
    const char = this.text[this.at + 1] ?? ''
    const hex = /^[0-9a-fA-F]{4}/.exec(this.text.slice(this.at + 2, this.at + 6))?.[0]
    if (char === 'u' && hex !== undefined) {
      this.at += 6
      return String.fromCharCode(Number.parseInt(hex, 16))
    }
    const plain = ESCAPES[char]
    this.at += plain === undefined ? 1 : 2
    return plain ?? '\\'
  }

  /** Whether the quote here closes its string: always in the plain reading, else by what follows. */
  endsString(place: 'key' | 'member' | 'item'): boolean {
    if (!this.guessQuotes) return true
    const back = this.at
    this.at++
    this.skipBlanks()
    const char = this.text[this.at]
    let ends = char === undefined || (place === 'key' ? char === ':' : char === '}' || char === ']' || this.isComment())
    if (char === ',' && place !== 'key') {
      this.at++
      this.skipBlanks()
      const next = this.text[this.at]
      ends = next === undefined || next === '}' || next === ']' || this.isComment()
      ends ||= this.isAhead(place === 'member' ? KEY_AHEAD : ITEM_AHEAD)
    } else if (place === 'member') {
      ends ||= this.isAhead(KEY_AHEAD)
    }
    this.at = back
    return ends
  }

  /** A number, a word, or what is no JSON; see {@link readBareValue}. */
  readForeign(start: number): JsonValue | undefined {
    const end = endOfBareValue(this.text, start)
    this.at = end ?? this.text.length
    if (end === undefined) {
      this.truncated = true
      return undefined
    }
    const raw = this.text.slice(start, end).trim()
    // `"key": ,` names no value: the key is left out.
    if (raw === '') return undefined
    const value = readBareValue(raw)
    if (value !== undefined) return value
    this.foreign++
    return { expression: raw }
  }
}

/** Reads the object or list that begins at `start`; undefined when there is none, not even nearly. */
export function readTolerantly(text: string, start: number): TolerantResult | undefined {
  for (const guessQuotes of [false, true]) {
    const parser = new TolerantParser(text, start, guessQuotes)
    try {
      const value = text[start] === '{' ? parser.readObject() : parser.readList()
      return { value, end: parser.at, truncated: parser.truncated, foreign: parser.foreign }
    } catch (error) {
      if (!(error instanceof NotJson)) throw error
    }
  }
  return undefined
}
