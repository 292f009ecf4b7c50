import { describe, expect, it } from 'vitest'
import { planLocally } from '../../../src/planner/local-planner.ts'
import { component, offer } from '../demo-world.ts'
import { callsOf, integer, number, type Sketches, text } from './sketch.ts'

const pages: Sketches = {
  find_field: {
    description: 'Finds a text field of a page',
    inputs: { label: text('Label of the field'), width: integer('Width of the field') },
  },
  viewport_width: { description: 'Width of the viewport' },
}

describe('what is wanted', () => {
  it('takes a piece that only gives an input for a part of the wish before it', () => {
    expect(callsOf('Find a text field with the label "Go" and width of 59', pages)).toEqual([
      'find_field {"label":"Go","width":59}',
    ])
  })

  it('calls nothing for a statement, and fills the inputs of the wish from it', () => {
    const orders: Sketches = {
      rate_stay: {
        description: 'Rates a stay',
        inputs: { hotel_name: text('Name of the hotel'), rating: number('Rating') },
      },
      list_ratings: { description: 'Lists the ratings of guests' },
    }
    expect(callsOf('I was at the hotel Aurora. My rating is 4.5. Please find the rate of the stay.', orders)).toEqual([
      'rate_stay {"hotel_name":"Aurora","rating":4.5}',
    ])
  })

  it('begins no wish with a frame such as "I need your help with my research"', () => {
    const desk: Sketches = {
      list_research: { description: 'Lists research projects' },
      weather: { description: 'Weather of a city', inputs: { city: text('City') } },
    }
    const request = 'I need your help with my research. Show the weather in Oslo.'
    expect(callsOf(request, desk)).toEqual(['weather {"city":"Oslo"}'])
  })

  it('does not call what a piece meets by one common word beside a wish that is met by many', () => {
    const desk: Sketches = {
      loan_interest_report: {
        description: 'Report of the interest of a loan by year',
        inputs: { year: integer('Year') },
      },
      report: { description: 'Lists what was done' },
    }
    const request = 'Show the loan interest report for the year 2020, as in the report before'
    expect(callsOf(request, desk)).toEqual(['loan_interest_report {"year":2020}'])
  })

  it('gives one text to one input only', () => {
    const market: Sketches = {
      market_report: {
        description: 'Market report',
        inputs: { topic: text('Topic to report on'), phrase: text('Phrase to look for') },
      },
    }
    const { steps, missing } = planLocally('Market report about solar power', offer([component('m', market)]))
    expect(steps).toEqual([])
    expect(missing?.[0]).toContain('the request does not say: phrase')
  })

  it('takes a value that a description shows when the request says it word for word', () => {
    const tree: Sketches = {
      build_tree: {
        description: 'Decision tree',
        inputs: { criterion: text("Either 'gini' or 'entropy'") },
        effect: 'read',
      },
    }
    expect(callsOf('decision tree with the gini criterion', tree)).toEqual(['build_tree {"criterion":"gini"}'])
    expect(callsOf('decision tree with the chi criterion', tree)).toEqual([])
  })

  it('reads a written day as the day that programs read, and only a day of the calendar', () => {
    const rooms: Sketches = {
      room_rates: { description: 'Rates of rooms', inputs: { date: text('Date of arrival') } },
    }
    expect(callsOf('Room rates on October 15, 2022', rooms)).toEqual(['room_rates {"date":"2022-10-15"}'])
    expect(callsOf('Room rates on 3rd of March 2023', rooms)).toEqual(['room_rates {"date":"2023-03-03"}'])
    expect(callsOf('Room rates on February 31, 2023', rooms)).toEqual(['room_rates {"date":"February 31, 2023"}'])
  })
})
