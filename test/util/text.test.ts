import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { didYouMean, nearest, truncateText } from '../../src/util/text.ts'

const TOOLS = ['stock-service', 'weather-tool-v2', 'geocoding-tool', 'currency-tool', 'country-info', 'news']

describe('didYouMean', () => {
  it.each([
    ['wether', 'weather-tool-v2'],
    ['fx', 'fx-rates'],
    ['symbol', 'ticker_symbol'],
    ['transent', 'transient'],
    ['get_wether', 'get_current_weather'],
    ['maxConcurency', 'maxConcurrency'],
  ])('takes "%s" for "%s"', (word, candidate) => {
    expect(didYouMean(word, ['zzz', candidate])).toBe(` Did you mean "${candidate}"?`)
  })

  it.each([
    ['budget', 'agent'],
    ['netwrok', 'resource'],
    ['ghost', 'news-tool'],
    ['foo', 'lon'],
    ['calculation-agent', 'currency-tool'],
  ])('does not take "%s" for "%s", though nothing is nearer', (word, candidate) => {
    expect(didYouMean(word, [candidate])).toBe('')
  })
})

describe('nearest', () => {
  it('finds the one that was meant among a hundred thousand', () => {
    const names = Array.from({ length: 100_000 }, (_, i) => `service-${i.toString(36)}`)
    expect(nearest('weather-tol', [...names, 'weather-tool'])[0]).toBe('weather-tool')
    expect(nearest('service-2ab', names)[0]).toBe('service-2ab')
    expect(nearest('zzz', names)).toHaveLength(5)
  })

  it('finds a name behind a typing error, another case or another separator', () => {
    expect(nearest('wether-tool-v2', TOOLS)[0]).toBe('weather-tool-v2')
    expect(nearest('Weather-Tool-V2', TOOLS)[0]).toBe('weather-tool-v2')
    expect(nearest('stockService', TOOLS)[0]).toBe('stock-service')
    expect(nearest('get_weather', ['set_weather_alarm_for_city', 'weather.get', 'get_news'])[0]).toBe('weather.get')
  })

  it('finds a name by its beginning or a part of it', () => {
    expect(nearest('geo', TOOLS)[0]).toBe('geocoding-tool')
    expect(nearest('info', TOOLS)[0]).toBe('country-info')
  })

  it('counts swapped neighbours as one error', () => {
    expect(nearest('abcd', ['abxy', 'abdc'])[0]).toBe('abdc')
  })

  it('gives at most as many as asked for, each once', () => {
    expect(nearest('x', ['a', 'b', 'a', 'c'], 2)).toEqual(['a', 'b'])
    expect(nearest('x', TOOLS)).toHaveLength(5)
    expect(nearest('x', [])).toEqual([])
  })

  it('does not depend on the order of the candidates', () => {
    fc.assert(
      fc.property(fc.string(), fc.shuffledSubarray(TOOLS, { minLength: TOOLS.length }), (word, shuffled) => {
        expect(nearest(word, shuffled)).toEqual(nearest(word, TOOLS))
      }),
    )
  })

  it('puts the word itself first', () => {
    fc.assert(
      fc.property(fc.array(fc.string(), { minLength: 1 }), (words) => {
        const [word = ''] = words
        expect(nearest(word, words)[0]?.toLowerCase().slice(0, 64)).toBe(word.toLowerCase().slice(0, 64))
      }),
    )
  })

  it('answers at once for words of a million characters', () => {
    const long = 'a'.repeat(1_000_000)
    expect(nearest(long, [long, `${long}b`, 'b'], 1)).toEqual([long])
  })
})

describe('truncateText', () => {
  it('leaves short texts alone and marks a cut', () => {
    expect(truncateText('hello', 5)).toBe('hello')
    expect(truncateText('hello', 4)).toBe('hel…')
    expect(truncateText('hello', 0)).toBe('')
  })

  it('never cuts a character in two (B72)', () => {
    expect(truncateText('ab😀cd', 4)).toBe('ab…')
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.nat({ max: 20 }), (text, max) => {
        const cut = truncateText(text, max)
        expect(cut.length).toBeLessThanOrEqual(Math.max(max, 0))
        expect(cut.isWellFormed()).toBe(true)
      }),
    )
  })
})
