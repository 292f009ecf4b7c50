import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { toUnit, unitOfSchema } from '../../src/plan/schema/units.ts'

describe('measures', () => {
  it.each<[string, string, number | bigint]>([
    ['42 km', 'km', 42],
    ['42km', 'm', 42_000],
    ['1.5 h', 'ms', 5_400_000],
    ['30s', 'seconds', 30],
    ['90 s', 'hours', 0.025],
    ['-3 min', 's', -180],
    ['10 MB', 'bytes', 10_000_000],
    ['10 MiB', 'B', 10_485_760],
    ['5%', 'percent', 5],
    ['5 %', 'ratio', 0.05],
    ['0.1 kg', 'g', 100],
    ['1 in', 'cm', 2.54],
    ['1 lb', 'kg', 0.45359237],
    ['100000000000 TB', 'bytes', 100_000_000_000_000_000_000_000n],
    ['2 weeks', 'd', 14],
  ])('%s in %s is %s', (text, unit, wanted) => {
    expect(toUnit(text, unit)).toBe(wanted)
  })

  it.each([
    ['5 EUR', 'EUR'],
    ['5 USD', 'km'],
    ['30 min', 'km'],
    ['5 m', 's'],
    ['10 mb', 'bytes'],
    ['1,5 km', 'km'],
    ['km', 'km'],
    ['', 'km'],
    ['1h30m', 's'],
    ['5 constructor', 'km'],
  ])('%j is no measure in %s', (text, unit) => {
    expect(toUnit(text, unit)).toBeUndefined()
  })

  it('come back as they were when converted to a smaller unit and read again', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: -1_000_000, max: 1_000_000 }),
        fc.constantFrom('km', 'h', 'kg', 'GiB'),
        (n, unit) => {
          const small = { km: 'mm', h: 'ns', kg: 'mg', GiB: 'B' }[unit] ?? unit
          expect(toUnit(`${toUnit(`${n} ${unit}`, small)} ${small}`, unit)).toBe(n)
        },
      ),
    )
  })
})

describe('the unit that a schema tells', () => {
  it.each<[string | undefined, Record<string, unknown>, string | undefined]>([
    ['timeout_ms', {}, 'ms'],
    ['timeoutSeconds', {}, 'seconds'],
    ['distance_km', {}, 'km'],
    ['discountPercent', {}, 'percent'],
    ['sizeInBytes', {}, 'bytes'],
    ['x', { unit: 'kg' }, 'kg'],
    ['x', { 'x-unit': 'minutes' }, 'minutes'],
    ['x', { unit: ' km ' }, 'km'],
    ['x', { unit: 'EUR' }, undefined],
    ['wait_ms', { unit: 5 }, 'ms'],
    ['wait_ms', { description: 'in milliseconds' }, 'ms'],
    ['dist1Km', {}, 'km'],
    ['size__kB', {}, undefined],
    ['size__kb', {}, undefined],
    ['dist__km_', {}, 'km'],
    ['rate_per_ms', {}, undefined],
    ['', {}, undefined],
    ['far', { description: 'How far (in km)' }, 'km'],
    ['part', { description: 'The share (%)' }, '%'],
    ['far', { description: 'In metres' }, undefined],
    ['far', { description: 'in m' }, undefined],
    ['far', { description: 'in in' }, undefined],
    ['far', { description: 'in total' }, undefined],
    ['far', { description: 'in km or in miles' }, undefined],
    ['far', { description: 'in km, not in km' }, 'km'],
    ['far', { description: 'in km/h' }, undefined],
    ['far', { description: 'in km, of 5 kilograms' }, 'km'],
    ['far', { description: `in km${' '.repeat(995)}` }, 'km'],
    ['far', { description: `in km${' '.repeat(996)}` }, undefined],
    ['far', { description: '' }, undefined],
    ['far', { description: 'How far, in kilometres' }, 'kilometres'],
    ['wait', { description: 'Delay (ms)' }, 'ms'],
    ['distance_km', { description: 'in miles' }, undefined],
    ['wait', { description: 'in seconds, at most 5 minutes' }, undefined],
    ['speed', { description: 'in kilometres per hour' }, undefined],
    ['price', { description: 'in pounds' }, undefined],
    ['requests_per_seconds', {}, undefined],
    ['price_min', {}, undefined],
    ['day', {}, undefined],
    ['ms', {}, undefined],
    ['items', {}, undefined],
    [undefined, {}, undefined],
  ])('%s %j: %s', (name, schema, unit) => {
    expect(unitOfSchema(schema, name)).toBe(unit)
  })
})
