// Durations as documents write them: `500ms 30s 5m 2h 7d`; in code they are milliseconds.

const UNITS = [
  ['d', 86_400_000],
  ['h', 3_600_000],
  ['m', 60_000],
  ['s', 1000],
  ['ms', 1],
] as const

const NUMBER = String.raw`(\d{1,15}(?:\.\d{1,3})?)`
// Several units from large to small, as `1h30m`: other tools write durations so.
const DURATION = new RegExp(
  `^(?=\\d)(?:${NUMBER}d)?(?:${NUMBER}h)?(?:${NUMBER}m(?!s))?(?:${NUMBER}s)?(?:${NUMBER}ms)?$`,
)

/**
 * `500ms`, `30s`, `5m`, `2h`, `7d`, also `1.5s` and `1h30m`.
 * @returns milliseconds; undefined when the text is no duration, or no whole number of milliseconds
 */
export function parseDuration(text: string): number | undefined {
  const match = DURATION.exec(text.trim())
  if (match === null) return undefined
  let total = 0
  for (const [i, [, unitMs]] of UNITS.entries()) {
    // Products like 1.1 * 60000 miss the integer by a last bit; a microsecond of rounding takes that away.
    const part = match[i + 1]
    if (part !== undefined) total += Math.round(Number(part) * unitMs * 1000) / 1000
  }
  return Number.isSafeInteger(total) ? total : undefined
}

/** The shortest exact text in one unit: 90000 is `90s`. The inverse of {@link parseDuration} for whole milliseconds. */
export function formatDuration(ms: number): string {
  const whole = Math.max(0, Math.round(ms))
  if (whole === 0) return '0s'
  const [name, unitMs] = UNITS.find(([, size]) => whole % size === 0) ?? ['ms', 1]
  return `${whole / unitMs}${name}`
}
