import { describe, expect, it } from 'vitest'
import { callsOf, integer, number, type Sketches, text } from './sketch.ts'

const value: Sketches = {
  present_value: {
    description: 'Present value of a payment',
    inputs: { payment: integer('Payment each year'), years: integer('Number of years') },
  },
}
const stock: Sketches = {
  stock_price: {
    description: 'Price of a stock of a company',
    inputs: { company: text('Company name'), days: integer('Number of days') },
  },
}

describe('rows', () => {
  it('makes a call for each value of a row; what is told once holds for all', () => {
    expect(callsOf('Present value of a payment of $1000 for 10, 20 and 30 years', value)).toEqual(
      [10, 20, 30].map((years) => `present_value {"payment":1000,"years":${years}}`),
    )
    expect(callsOf('Present value of a payment of $1000 for 10 years and 20 years', value)).toHaveLength(2)
  })

  it('pairs two rows that are said to belong together, and crosses them otherwise', () => {
    expect(callsOf('Stock price of Apple and Intel for 10 and 15 days respectively', stock)).toEqual([
      'stock_price {"company":"Apple","days":10}',
      'stock_price {"company":"Intel","days":15}',
    ])
    expect(callsOf('Stock price of Apple and Intel for 10 and 15 days', stock)).toHaveLength(4)
  })

  it('reads statement beside statement, line by line', () => {
    const house: Sketches = {
      predict_price: {
        description: 'Predicts the price of a house',
        inputs: { location: text('City of the house'), bedrooms: integer('Bedrooms'), area: number('Area in feet') },
      },
    }
    const request =
      'The first house is in Boston, with 3 bedrooms and an area of 1500. The second house is in Chicago, with 2 bedrooms and an area of 900. Predict the price of both houses.'
    expect(callsOf(request, house)).toEqual([
      'predict_price {"location":"Boston","bedrooms":3,"area":1500}',
      'predict_price {"location":"Chicago","bedrooms":2,"area":900}',
    ])
  })

  it('keeps a row for the input that it is told for', () => {
    const weight: Sketches = {
      particle_weight: {
        description: 'Weight of a particle',
        inputs: { city: text('City'), note: text('A remark') },
        required: ['city'],
      },
    }
    expect(callsOf('Weight of the particle in Oslo and Bergen', weight)).toEqual([
      'particle_weight {"city":"Oslo"}',
      'particle_weight {"city":"Bergen"}',
    ])
  })

  it('gives two inputs of one kind the two values of a row', () => {
    const flight: Sketches = {
      distance: { description: 'Distance between two cities', inputs: { city1: text('City'), city2: text('City') } },
    }
    expect(callsOf('Distance between Paris and Rome', flight)).toEqual(['distance {"city1":"Paris","city2":"Rome"}'])
  })

  it('keeps lists in brackets apart', () => {
    const vectors: Sketches = {
      cosine_similarity: {
        description: 'Cosine similarity of two vectors',
        inputs: {
          vector1: { type: 'array', items: { type: 'number' } },
          vector2: { type: 'array', items: { type: 'number' } },
        },
      },
    }
    expect(callsOf('Cosine similarity of [1, 2, 3] and [4, 5, 6]', vectors)).toEqual([
      'cosine_similarity {"vector1":[1,2,3],"vector2":[4,5,6]}',
    ])
    expect(callsOf('Cosine similarity of the vectors to 2 decimal places', vectors)).toEqual([])
  })

  it('is not held up by a flood of numbers', () => {
    const many: Sketches = Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => [`tool_${i}`, { description: `Number ${i}`, inputs: { n: number('') } }]),
    )
    const begun = performance.now()
    for (const request of ['[1, 2, '.repeat(600), '1/'.repeat(2000), '5 % '.repeat(1000)]) callsOf(request, many)
    expect(performance.now() - begun).toBeLessThan(1_000)
  })

  it('never makes more calls than a plan should have', () => {
    const many = Array.from({ length: 40 }, (_, i) => i + 2).join(', ')
    expect(callsOf(`Present value of a payment of $9 for ${many} and 99 years`, value).length).toBeLessThanOrEqual(16)
  })
})
