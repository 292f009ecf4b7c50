// Quantiles of times by counting them in buckets whose bounds grow evenly: one addition per time, nothing allocated, and
// right to within a tenth.

/** The first bucket ends here, ms. */
const LEAST_MS = 0.1
/** 2 ** (1 / 4): each bucket is 19 % wider than the one before. */
const PER_OCTAVE = 4
/** From 0.1 ms to about six days. */
const BUCKETS = 32 * PER_OCTAVE
/** When so many are counted all count half: what is long ago says less of the next. */
const MOST = 1_024

const computeBucket = (ms: number): number =>
  ms > LEAST_MS ? Math.min(BUCKETS - 1, Math.ceil(Math.log2(ms / LEAST_MS) * PER_OCTAVE)) : 0

/** Of whole milliseconds, as clocks give them: nearly all times there are, without a logarithm for each. */
const KNOWN = Uint8Array.from({ length: 2_048 }, (_, ms) => computeBucket(ms))

const bucketOf = (ms: number): number => KNOWN[ms] ?? computeBucket(ms)

export class TimeCounts {
  readonly #counts: Uint16Array
  total = 0
  #leastMs = Number.POSITIVE_INFINITY
  #mostMs = 0

  constructor(counts = new Uint16Array(BUCKETS)) {
    this.#counts = counts
  }

  /** @returns whether all earlier ones count half from now on */
  add(ms: number): boolean {
    const bucket = bucketOf(ms)
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.total++
    if (ms < this.#leastMs) this.#leastMs = ms
    if (ms > this.#mostMs) this.#mostMs = ms
    if (this.total < MOST) return false
    this.#halve()
    return true
  }

  #halve(): void {
    let total = 0
    for (const [bucket, count] of this.#counts.entries()) {
      this.#counts[bucket] = count >> 1
      total += count >> 1
    }
    this.total = total
  }

  /** A copy from which times are taken that were added; what is counted no longer cannot be taken. */
  without(times: readonly number[]): TimeCounts {
    if (times.length === 0) return this
    const counts = this.#counts.slice()
    const copy = new TimeCounts(counts)
    copy.total = this.total
    copy.#leastMs = this.#leastMs
    copy.#mostMs = this.#mostMs
    for (const ms of times) {
      const bucket = bucketOf(ms)
      const count = counts[bucket] ?? 0
      if (count === 0) continue
      counts[bucket] = count - 1
      copy.total--
    }
    return copy
  }

  /** Of ten times, one is below `low` and one above `high`; with few times these are nearly the quickest and the slowest. */
  range(): { readonly low: number; readonly typical: number; readonly high: number } {
    return { low: this.#quantile(0.1), typical: this.#quantile(0.5), high: this.#quantile(0.9) }
  }

  #quantile(share: number): number {
    const wanted = Math.max(1, Math.ceil(this.total * share))
    let seen = 0
    let bucket = 0
    while (bucket < BUCKETS - 1 && (seen += this.#counts[bucket] ?? 0) < wanted) bucket++
    // The middle of the bucket, but never beyond what was really seen.
    const middleMs = LEAST_MS * 2 ** ((bucket - 0.5) / PER_OCTAVE)
    return Math.min(this.#mostMs, Math.max(this.#leastMs, middleMs))
  }
}
