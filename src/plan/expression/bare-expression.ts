// `if` and `until` are expressions already, so `${}` around them, or around parts of them, means nothing more.

/** Where the `${` at `start` ends (behind its brace), quotes and inner braces minded; undefined when it does not. */
export function endOfReference(text: string, start: number): number | undefined {
  let depth = 0
  for (let i = start; i < text.length; i++) {
    const char = text[i]
    if (char === '"' || char === "'") i = endOfQuotes(text, i)
    else if (char === '{') depth++
    else if (char === '}' && --depth === 0) return i + 1
  }
  return undefined
}

function endOfQuotes(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === '\\') i++
    else if (text[i] === text[start]) return i
  }
  return text.length
}

/** The expression without `${}`: `${a} > 5` is `(a) > 5`. Inside quotes a `${` is text. */
export function bareExpression(text: string): string {
  const trimmed = text.trim()
  if (!trimmed.includes('${')) return trimmed
  if (trimmed.startsWith('${') && endOfReference(trimmed, 0) === trimmed.length) return trimmed.slice(2, -1).trim()
  let result = ''
  for (let i = 0; i < trimmed.length; ) {
    const char = trimmed[i]
    const end = char === '$' && trimmed[i + 1] === '{' ? endOfReference(trimmed, i) : undefined
    if (end !== undefined) {
      result += `(${trimmed.slice(i + 2, end - 1).trim()})`
      i = end
    } else if (char === '"' || char === "'") {
      const close = endOfQuotes(trimmed, i) + 1
      result += trimmed.slice(i, close)
      i = close
    } else {
      result += char
      i++
    }
  }
  return result
}
