// What a number counts: the unit beside it, and the inputs whose name or description speaks of that unit or of what it measures.
// Closed lists of common units; a unit that is not here says nothing.
import type { Token } from './tokens.ts'
import { stem } from './words.ts'

export interface Unit {
  /** In the singular, `$` for dollars. */
  readonly word: string
  readonly measures: Measure
}

export type Measure =
  | 'time'
  | 'distance'
  | 'weight'
  | 'money'
  | 'share'
  | 'temperature'
  | 'speed'
  | 'area'
  | 'volume'
  | 'frequency'

const setOf = (words: string): ReadonlySet<string> => new Set(words.split(/\s+/).map(stem))

const UNITS: Readonly<Record<Measure, ReadonlySet<string>>> = {
  time: setOf(
    'second seconds sec s minute minutes min hour hours hr hrs h day days week weeks month months year years night nights decade',
  ),
  distance: setOf(
    'km kilometer kilometers kilometre kilometres meter meters metre metres m mile miles mi foot feet ft inch inches cm mm yard yards',
  ),
  weight: setOf('kg kilogram kilograms kilo gram grams g pound pounds lb lbs ounce ounces oz ton tons tonne tonnes'),
  money: setOf('$ € £ ¥ dollar dollars euro euros cent cents usd eur gbp jpy'),
  share: setOf('% percent'),
  temperature: setOf('celsius fahrenheit kelvin'),
  speed: setOf('m/s km/h kph mph knot knots'),
  area: setOf('acre acres hectare hectares m² km²'),
  volume: setOf('liter liters litre litres l ml milliliter milliliters millilitre millilitres gallon gallons cup cups'),
  frequency: setOf('hz hertz khz mhz ghz'),
}
/** The words with which an input speaks of what is measured. */
const MEASURES: Readonly<Record<Measure, ReadonlySet<string>>> = {
  time: setOf('duration time period term age'),
  distance: setOf('distance length height width depth radius diameter altitude elevation'),
  weight: setOf('weight mass'),
  money: setOf(
    'budget price cost income salary payment fee revenue balance principal loan rent wage profit expense money amount investment',
  ),
  share: setOf('percent percentage rate ratio share'),
  temperature: setOf('temperature'),
  speed: setOf('speed velocity'),
  area: setOf('area'),
  volume: setOf('volume'),
  frequency: setOf('frequency'),
}

const isMeasure = (text: string): text is Measure => Object.hasOwn(UNITS, text)

export function unitOf(word: string): Unit | undefined {
  const key = stem(word)
  for (const measures of Object.keys(UNITS)) {
    if (isMeasure(measures) && UNITS[measures].has(key)) return { word: key, measures }
  }
  return undefined
}

/** "120 kilometers", "$200", "9 square metres", "5 m/s"; the word "square" makes a length an area. */
export function unitAt(tokens: readonly Token[], at: number, to: number): Unit | undefined {
  const sign = tokens[at]?.sign
  if (sign !== undefined) return unitOf(sign)
  const next = tokens[to]
  if (next?.kind !== 'word') return undefined
  if (/^(?:square|sq)$/.test(next.lower)) {
    const length = unitOf(tokens[to + 1]?.lower ?? '')
    return length?.measures === 'distance' ? { word: `square ${length.word}`, measures: 'area' } : undefined
  }
  return unitOf(next.lower)
}

/**
 * How an input stands to a unit: 2 its name or description says the very unit, 1 its name speaks of what is measured, 0 it says
 * nothing of units, -1 it speaks of something else that is measured.
 */
export function fitOfUnit(unit: Unit, names: ReadonlySet<string>, told: ReadonlySet<string>): -1 | 0 | 1 | 2 {
  const last = unit.word.split(' ').at(-1) ?? unit.word
  if (names.has(last)) return 2
  const named = measureOf(names)
  if (named !== undefined) return named !== unit.measures ? -1 : told.has(last) ? 2 : 1
  if (told.has(last)) return 2
  const described = measureOf(told)
  return described === undefined ? 0 : described === unit.measures ? 1 : -1
}

function measureOf(words: ReadonlySet<string>): Measure | undefined {
  let found: Measure | undefined
  for (const measures of Object.keys(MEASURES)) {
    if (!isMeasure(measures)) continue
    // Names of units too: `days` is a time, whatever it is the number of.
    const speaks = [...words].some(
      (word) => MEASURES[measures].has(word) || (word.length > 2 && UNITS[measures].has(word)),
    )
    // An input that speaks of two measures, such as a payment per year, is told by the first word alone; see the caller's order.
    if (speaks && found === undefined) found = measures
    else if (speaks) return undefined
  }
  return found
}
