import { describe, expect, it } from 'vitest'
import { fitOfUnit, unitOf } from '../../../src/planner/local-planner/units.ts'
import { stem } from '../../../src/planner/local-planner/words.ts'
import { callsOf, integer, number, type Sketches, text } from './sketch.ts'

const velocity: Sketches = {
  calculate_velocity: {
    description: 'Calculates the velocity of a moving object',
    inputs: { duration: integer('How long it took'), distance: integer('How far it went') },
  },
}

describe('units', () => {
  it('gives a number to the input that speaks of its unit or of what it measures, in any order', () => {
    const given = ['calculate_velocity {"duration":5,"distance":120}']
    expect(callsOf('Calculate the velocity for 120 kilometers in 5 hours', velocity)).toEqual(given)
    expect(callsOf('Calculate the velocity for 5 hours and 120 km', velocity)).toEqual(given)
  })

  it('converts nothing: another unit than the one that is wanted is left out', () => {
    const wanted: Sketches = {
      calculate_velocity: {
        description: 'Calculates the velocity',
        inputs: { duration: integer('Duration in hours'), distance: integer('Distance in kilometers') },
      },
    }
    expect(callsOf('Calculate the velocity for 120 kilometers in 5 hours', wanted)).toHaveLength(1)
    expect(callsOf('Calculate the velocity for 120 miles in 5 hours', wanted)).toEqual([])
    expect(callsOf('Calculate the velocity for 120 kilometers in 50 minutes', wanted)).toEqual([])
  })

  it('reads "7-day" and "$200"', () => {
    const trip: Sketches = {
      plan_trip: {
        description: 'Plans a trip to a city',
        inputs: { destination: text('City'), days: integer('Number of days'), budget: integer('Budget of the trip') },
      },
    }
    expect(callsOf('Plan a 7-day trip to Tokyo with a budget of $200', trip)).toEqual([
      'plan_trip {"destination":"Tokyo","days":7,"budget":200}',
    ])
  })

  it('sends a share as the percent or the fraction that the input asks for, and not at all where it does not say', () => {
    const loan = (rate: ReturnType<typeof number>): Sketches => ({
      loan_interest: { description: 'Interest of a loan', inputs: { rate } },
    })
    const request = 'loan interest at a rate of 5%'
    expect(callsOf(request, loan(number('Rate in percent')))).toEqual(['loan_interest {"rate":5}'])
    expect(callsOf(request, loan({ ...number(), maximum: 100 }))).toEqual(['loan_interest {"rate":5}'])
    expect(callsOf(request, loan(number('Rate, as a decimal')))).toEqual(['loan_interest {"rate":0.05}'])
    expect(callsOf(request, loan({ ...number(), minimum: 0, maximum: 1 }))).toEqual(['loan_interest {"rate":0.05}'])
    expect(callsOf(request, loan(number('Rate')))).toEqual([])
  })

  it('does not take a term of a formula for a number, nor one in letters that only counts', () => {
    const square: Sketches = { square: { description: 'Square of a number', inputs: { number: number('The number') } } }
    expect(callsOf('square of 3x + 4y', square)).toEqual([])
    expect(callsOf('square of the two objects', square)).toEqual([])
  })

  it('ranks the very unit over the measure, and another measure out', () => {
    const unit = unitOf('years')
    if (unit === undefined) throw new Error('no unit')
    const none = new Set<string>()
    expect(fitOfUnit(unit, new Set(['year']), none)).toBe(2)
    expect(fitOfUnit(unit, new Set([stem('duration')]), none)).toBe(1)
    expect(fitOfUnit(unit, new Set(['count']), none)).toBe(0)
    expect(fitOfUnit(unit, new Set([stem('distance')]), none)).toBe(-1)
    expect(fitOfUnit(unit, new Set(['month']), none)).toBe(-1)
  })
})
