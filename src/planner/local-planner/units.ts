// What a number counts: the unit beside it, and the inputs whose name or description speaks of that unit or of what it measures.
// Closed lists of common units; a unit that is not here says nothing.
import type { Token } from './tokens.ts'
import { stem } from './words.ts'

export interface Unit {
  /** In the singular, `$` for dollars. */
  readonly word: string
  readonly measures: Measure
  /** In all ways that it is written, stemmed. */
  readonly spellings: ReadonlySet<string>
}

export type Measure =
  | 'time'
  | 'distance'
  | 'weight'
  | 'money'
  | 'share'
  | 'temperature'
  | 'speed'
  | 'acceleration'
  | 'area'
  | 'volume'
  | 'frequency'

const setOf = (words: string): ReadonlySet<string> => new Set(words.split(/\s+/).map(stem))

/** Of each unit its spellings. */
const UNITS: Readonly<Record<Measure, readonly ReadonlySet<string>[]>> = {
  time: [
    setOf('second seconds sec s'),
    setOf('minute minutes min'),
    setOf('hour hours hr hrs h'),
    setOf('day days'),
    setOf('week weeks'),
    setOf('month months'),
    setOf('year years'),
    setOf('night nights'),
    setOf('decade decades'),
  ],
  distance: [
    setOf('km kilometer kilometers kilometre kilometres'),
    setOf('meter meters metre metres m'),
    setOf('mile miles mi'),
    setOf('foot feet ft'),
    setOf('inch inches'),
    setOf('cm centimeter centimeters centimetre centimetres'),
    setOf('mm millimeter millimeters millimetre millimetres'),
    setOf('yard yards'),
  ],
  weight: [
    setOf('kg kilogram kilograms kilo kilos'),
    setOf('gram grams g'),
    setOf('pound pounds lb lbs'),
    setOf('ounce ounces oz'),
    setOf('ton tons tonne tonnes'),
  ],
  money: [
    setOf('$ dollar dollars usd'),
    setOf('€ euro euros eur'),
    setOf('£ gbp'),
    setOf('¥ yen jpy'),
    setOf('cent cents'),
  ],
  share: [setOf('% percent')],
  temperature: [setOf('celsius'), setOf('fahrenheit'), setOf('kelvin')],
  speed: [setOf('m/s'), setOf('km/h kph'), setOf('mph'), setOf('knot knots')],
  acceleration: [setOf('m/s^2 m/s2 m/s²')],
  area: [setOf('acre acres'), setOf('hectare hectares')],
  volume: [
    setOf('liter liters litre litres l'),
    setOf('ml milliliter milliliters millilitre millilitres'),
    setOf('gallon gallons'),
    setOf('cup cups'),
  ],
  frequency: [setOf('hz hertz'), setOf('khz kilohertz'), setOf('mhz megahertz'), setOf('ghz gigahertz')],
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
  acceleration: setOf('acceleration gravity'),
  area: setOf('area'),
  volume: setOf('volume'),
  frequency: setOf('frequency'),
}

const isMeasure = (text: string): text is Measure => Object.hasOwn(UNITS, text)

export function unitOf(word: string): Unit | undefined {
  const key = stem(word)
  for (const measures of Object.keys(UNITS)) {
    const spellings = isMeasure(measures) ? UNITS[measures].find((unit) => unit.has(key)) : undefined
    if (isMeasure(measures) && spellings !== undefined) return { word: key, measures, spellings }
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
    return length?.measures === 'distance' ? { ...length, word: `square ${length.word}`, measures: 'area' } : undefined
  }
  // "25 degrees Celsius"
  return unitOf(/^degrees?$/.test(next.lower) ? (tokens[to + 1]?.lower ?? '') : next.lower)
}

/**
 * How an input stands to a unit: 2 its name or description says the very unit, 1 its name speaks of what is measured, 0 it says
 * nothing of units, -1 it speaks of something else that is measured, or of another unit: nothing is converted here.
 */
export function fitOfUnit(unit: Unit, names: ReadonlySet<string>, told: ReadonlySet<string>): -1 | 0 | 1 | 2 {
  if (saysOne(unit.spellings, names)) return 2
  if (saysOtherUnit(unit, names)) return -1
  const named = measureOf(names)
  if (named !== undefined && named !== unit.measures) return -1
  if (saysOne(unit.spellings, told)) return 2
  if (saysOtherUnit(unit, told)) return -1
  const described = named ?? measureOf(told)
  return described === undefined ? 0 : described === unit.measures ? 1 : -1
}

/** One letter is more often something else, and "second" mostly an ordinal. */
const saysOne = (spellings: ReadonlySet<string>, words: ReadonlySet<string>): boolean =>
  [...spellings].some((spelling) => spelling.length > 1 && words.has(spelling))

const saysOtherUnit = ({ measures, spellings }: Unit, words: ReadonlySet<string>): boolean =>
  UNITS[measures].some((other) => other !== spellings && !other.has('second') && saysOne(other, words))

/** Undefined where the words speak of two measures, such as a payment per year. */
function measureOf(words: ReadonlySet<string>): Measure | undefined {
  let found: Measure | undefined
  for (const measures of Object.keys(UNITS)) {
    if (!isMeasure(measures)) continue
    const speaks =
      [...words].some((word) => MEASURES[measures].has(word)) || UNITS[measures].some((unit) => saysOne(unit, words))
    if (speaks && found !== undefined) return undefined
    if (speaks) found = measures
  }
  return found
}
