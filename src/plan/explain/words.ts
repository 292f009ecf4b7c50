// How an explanation says times, costs and lists.
import type { AmountRange, TimeRange } from '../../contracts/explanation.ts'

/** `41 ms`, `1.2 s`, `12 s`, `3 min 05 s`. */
export function inTime(ms: number): string {
  if (ms < 1_000) return `${ms > 0 && ms < 0.95 ? ms.toFixed(1) : Math.round(ms)} ms`
  if (ms < 9_950) return `${(ms / 1_000).toFixed(1)} s`
  const seconds = Math.round(ms / 1_000)
  if (seconds < 60) return `${seconds} s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes} min ${String(seconds % 60).padStart(2, '0')} s`
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`
}

/** `120 ms (90 ms to 300 ms)`, or one time when all are the same to the eye. */
export function inTimes({ low, typical, high }: TimeRange): string {
  const [least, usual, most] = [inTime(low), inTime(typical), inTime(high)]
  return least === usual && usual === most ? usual : `${usual} (${least} to ${most})`
}

/** Three digits are enough for money that is guessed. */
const round = (amount: number): string => String(Number(amount.toPrecision(3)))

/** `0`, `0.02`, `1 to 3`. */
export function inAmounts({ low, high }: AmountRange): string {
  const [least, most] = [round(low), round(high)]
  return least === most ? least : `${least} to ${most}`
}

const MAX_NAMES = 12

/** Names with commas; of many the first, and how many more. */
export const inNames = (names: readonly string[]): string =>
  names.length <= MAX_NAMES
    ? names.join(', ')
    : `${names.slice(0, MAX_NAMES - 1).join(', ')} and ${names.length - MAX_NAMES + 1} more`
