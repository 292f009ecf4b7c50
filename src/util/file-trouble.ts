// Why a file could not be used, in words that do not name it again: the system's own sentence repeats the whole path.

const REASONS: ReadonlyMap<string, string> = new Map([
  ['ENOENT', 'it does not exist'],
  ['ENOTDIR', 'a part of its path is no directory'],
  ['EISDIR', 'it is a directory'],
  ['EACCES', 'its permissions do not allow it'],
  ['EPERM', 'its permissions do not allow it'],
])

/** `it does not exist`; what is not known by its code is told as it was thrown. */
export function fileTrouble(thrown: unknown): string {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : ''
  return REASONS.get(code) ?? (thrown instanceof Error ? thrown.message.replace(/\.$/, '') : 'no reason was given')
}
