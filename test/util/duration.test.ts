import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { formatDuration, parseDuration } from '../../src/util/duration.ts'

describe('parseDuration', () => {
  it.each([
    ['500ms', 500],
    ['30s', 30_000],
    ['5m', 300_000],
    ['2h', 7_200_000],
    ['7d', 604_800_000],
    ['1.5s', 1500],
    ['1.1m', 66_000],
    ['1h30m', 5_400_000],
    ['1m500ms', 60_500],
    [' 5m0s ', 300_000],
    ['0s', 0],
  ])('reads "%s" as %d ms', (text, ms) => {
    expect(parseDuration(text)).toBe(ms)
  })

  it.each(['', '5', 's', '-5s', '5 parsecs', '5s5m', '5m5m', '0.5ms', '1e3s', '5S', '9999999999999d', 'Infinitys'])(
    'refuses "%s"',
    (text) => {
      expect(parseDuration(text)).toBeUndefined()
    },
  )
})

describe('formatDuration', () => {
  it('uses the largest unit that divides', () => {
    expect([0, 1, 1500, 90_000, 3_600_000, 86_400_000].map(formatDuration)).toEqual([
      '0s',
      '1ms',
      '1500ms',
      '90s',
      '1h',
      '1d',
    ])
  })

  it('is the inverse of parseDuration', () => {
    fc.assert(
      fc.property(fc.nat({ max: 10 ** 12 }), (ms) => {
        expect(parseDuration(formatDuration(ms))).toBe(ms)
      }),
    )
  })
})
