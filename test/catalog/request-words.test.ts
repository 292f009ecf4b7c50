import { describe, expect, it } from 'vitest'
import { readRequest } from '../../src/catalog/request-words.ts'

const stems = (request: string): string[] => readRequest(request).words.map(({ stem }) => stem)
const wishes = (request: string): string[][] => {
  const { words, clauses } = readRequest(request)
  return clauses.map((clause) => clause.map((place) => words[place]?.shown ?? ''))
}

describe('the words of a request', () => {
  it('are distinct by stem, in order, without those that say nothing', () => {
    expect(stems('Please convert the prices: price of 5 USD')).toEqual(['convert', 'pric', '5', 'usd'])
  })

  it('are those that say nothing when there are no others', () => {
    expect(stems('what is it')).toEqual(['what', 'is', 'it'])
    expect(stems('')).toEqual([])
  })

  it('end at a bound', () => {
    expect(stems(Array.from({ length: 5_000 }, (_, i) => `w${i.toString(36)}x`).join(' ')).length).toBeLessThanOrEqual(
      96,
    )
  })
})

describe('the wishes of a request', () => {
  it('are its clauses', () => {
    expect(wishes('Weather in Paris and convert 5 USD. Then book a flight')).toEqual([
      ['weather', 'paris'],
      ['convert', '5', 'usd'],
      ['book', 'flight'],
    ])
    expect(wishes('巴黎天气、货币换算')).toHaveLength(2)
  })

  it('are none when there is one, and a single word is none', () => {
    expect(wishes('weather forecast for tomorrow')).toEqual([])
    expect(wishes('weather forecast for London, Paris and Rome')).toEqual([])
  })

  it('share a word that both have', () => {
    expect(wishes('cancel order 7; show order 8')).toEqual([
      ['cancel', 'order', '7'],
      ['show', 'order', '8'],
    ])
  })

  it('are at most eight', () => {
    const many = Array.from({ length: 50 }, (_, i) => `open door${i}`).join('; ')
    expect(wishes(many)).toHaveLength(8)
  })
})
