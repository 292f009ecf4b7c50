// Where a setting stands, for maps and for people. Names are the user's own and may hold dots, as models do.

export type SettingPath = readonly (string | number)[]

/** The same text exactly for the same path. */
export const pathKey = (path: readonly PropertyKey[]): string => JSON.stringify(path.map(String))

/** `components.fx.maxConcurrency`, `models."openai:gpt-4.1".inputPrice`, `fallbacks[0].component`. */
export function showPath(path: readonly PropertyKey[]): string {
  let text = ''
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`
    else {
      const name = String(key)
      text += `${text === '' ? '' : '.'}${/^[\w-]+$/.test(name) ? name : JSON.stringify(name)}`
    }
  }
  return text
}
