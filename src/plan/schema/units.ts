// Measures in text for numbers whose schema tells their unit: "1.5 h" for milliseconds is 5400000. Only between units of one
// kind, computed in whole numbers so that nothing is rounded on the way; never for currencies, which have no fixed rate.

/** A unit as a fraction of the base of its kind: `value * up / down`. */
interface Unit {
  readonly kind: 'time' | 'length' | 'mass' | 'volume' | 'data' | 'share'
  readonly up: bigint
  readonly down: bigint
}

const SYMBOLS = new Map<string, Unit>()
const WORDS = new Map<string, Unit>()

function define(kind: Unit['kind'], rows: readonly (readonly [string, string, number, number?])[]): void {
  for (const [symbols, words, up, down = 1] of rows) {
    const unit: Unit = { kind, up: BigInt(up), down: BigInt(down) }
    for (const symbol of symbols.split(' ')) SYMBOLS.set(symbol, unit)
    for (const word of words.split(' ')) WORDS.set(word, unit)
  }
}

define('time', [
  ['ns', 'nanosecond nanoseconds', 1],
  ['us µs μs', 'microsecond microseconds', 1_000],
  ['ms', 'millisecond milliseconds millis msec msecs', 1_000_000],
  ['s', 'second seconds sec secs', 1_000_000_000],
  ['min', 'minute minutes mins', 60_000_000_000],
  ['h', 'hour hours hr hrs', 3_600_000_000_000],
  ['d', 'day days', 86_400_000_000_000],
  ['wk', 'week weeks', 604_800_000_000_000],
])
// In ten thousandths of a millimetre, so that an inch is a whole number.
define('length', [
  ['mm', 'millimeter millimeters millimetre millimetres', 10_000],
  ['cm', 'centimeter centimeters centimetre centimetres', 100_000],
  ['m', 'meter meters metre metres', 10_000_000],
  ['km Km KM', 'kilometer kilometers kilometre kilometres kms', 10_000_000_000],
  ['in', 'inch inches', 254_000],
  ['ft', 'foot feet', 3_048_000],
  ['yd', 'yard yards', 9_144_000],
  ['mi', 'mile miles', 16_093_440_000],
])
// In hundredths of a microgram: a pound is 453.59237 g.
define('mass', [
  ['mg', 'milligram milligrams', 100_000],
  ['g', 'gram grams', 100_000_000],
  ['kg Kg KG', 'kilogram kilograms kilo kilos kgs', 100_000_000_000],
  ['t', 'tonne tonnes', 100_000_000_000_000],
  ['lb', 'pound pounds lbs', 45_359_237_000],
  ['oz', 'ounce ounces', 45_359_237_000, 16],
])
define('volume', [
  ['ml mL', 'milliliter milliliters millilitre millilitres', 1],
  ['cl cL', 'centiliter centiliters centilitre centilitres', 10],
  ['l L', 'liter liters litre litres', 1_000],
])
define('data', [
  ['B', 'byte bytes', 1],
  ['kB KB', 'kilobyte kilobytes', 1_000],
  ['MB', 'megabyte megabytes', 1_000_000],
  ['GB', 'gigabyte gigabytes', 1_000_000_000],
  ['TB', 'terabyte terabytes', 1_000_000_000_000],
  ['KiB', 'kibibyte kibibytes', 1_024],
  ['MiB', 'mebibyte mebibytes', 1_048_576],
  ['GiB', 'gibibyte gibibytes', 1_073_741_824],
  ['TiB', 'tebibyte tebibytes', 1_099_511_627_776],
])
define('share', [
  ['%', 'percent percentage pct', 1, 100],
  ['ratio', 'fraction ratio', 1],
])

/** "pounds" may be money, so a schema must say "lb" or "kg". */
const AMBIGUOUS = new Set(['pound', 'pounds'])
/** As the end of a name these say something else as well: `price_min` is a minimum, `date_in` no length. */
const NO_ENDINGS = new Set(['in', 'min', 't', 'us', 'wk'])
/** At the end of a name these are no units: `day` is one of the month, `second` an ordinal. */
const SINGULAR = new Set(['second', 'minute', 'hour', 'day', 'week', 'byte', 'foot', 'inch', 'kilo'])

const unitNamed = (name: string): Unit | undefined => SYMBOLS.get(name) ?? WORDS.get(name.toLowerCase())

/** What a property's schema tells of its unit, as a name for {@link toUnit}: by keyword, by the end of its name, by its description. */
export function unitOfSchema(schema: Readonly<Record<string, unknown>>, name: string | undefined): string | undefined {
  const keyword = schema['unit'] ?? schema['x-unit']
  if (typeof keyword === 'string') return unitNamed(keyword.trim()) === undefined ? undefined : keyword.trim()
  const said = typeof schema['description'] === 'string' ? unitOfDescription(schema['description']) : undefined
  const named = name === undefined ? undefined : unitOfName(name)
  // Where both speak they have to agree.
  if (said !== undefined && named !== undefined) return unitNamed(said) === unitNamed(named) ? named : undefined
  return named ?? said
}

/** `timeout_ms`, `distanceKm`, `sizeInBytes`; not `requests_per_second`. */
function unitOfName(name: string): string | undefined {
  const words = name
    .replace(/([\p{Ll}\d])(\p{Lu})/gu, '$1_$2')
    .split(/[_\-. ]+/)
    .filter((word) => word !== '')
  const last = words.at(-1)?.toLowerCase()
  if (last === undefined || words.at(-2)?.toLowerCase() === 'per') return undefined
  if (WORDS.has(last)) return SINGULAR.has(last) || AMBIGUOUS.has(last) ? undefined : last
  if (words.length < 2 || NO_ENDINGS.has(last)) return undefined
  return SYMBOLS.has(last) ? last : undefined
}

/** "in kilometres", "(ms)": only where the text names one unit and no other. */
function unitOfDescription(text: string): string | undefined {
  if (text.length > 1_000 || /\bper\b|[a-z]\/[a-z]/i.test(text)) return undefined
  const marked = new Set<string>()
  for (const [, inside, bracketed] of text.matchAll(/\bin ([A-Za-zµμ%]+)|\((?:in )?([A-Za-zµμ%]+)\)/g)) {
    const word = inside ?? bracketed ?? ''
    // A capital "In" of a sentence is no inch, and one letter no unit.
    if ((word === '%' || word.length > 1) && word !== 'in' && unitNamed(word) !== undefined) marked.add(word)
  }
  const [only] = marked
  if (marked.size !== 1 || only === undefined || AMBIGUOUS.has(only.toLowerCase())) return undefined
  const unit = unitNamed(only)
  const others = text.match(/[A-Za-z]+/g)?.some((word) => {
    const other = WORDS.get(word.toLowerCase())
    return other !== undefined && other !== unit && other.kind === unit?.kind
  })
  return others === true ? undefined : only
}

const MEASURE = /^([+-]?)(\d{1,30})(?:\.(\d{1,30}))?\s*([A-Za-zµμ%]{1,20})$/

/** The number of `wanted` units that a text such as "42 km" says; undefined when it says none, or one of another kind. */
export function toUnit(text: string, wanted: string): number | bigint | undefined {
  const match = MEASURE.exec(text.trim())
  const to = unitNamed(wanted)
  if (match === null || to === undefined) return undefined
  const [, sign = '', whole = '', decimals = '', name = ''] = match
  const from = unitNamed(name)
  if (from === undefined || from.kind !== to.kind) return undefined
  const scaled = BigInt(whole + decimals) * from.up * to.down
  const divisor = from.down * to.up * 10n ** BigInt(decimals.length)
  return divide(sign === '-' ? -scaled : scaled, divisor)
}

const DIGITS = 40

function divide(value: bigint, divisor: bigint): number | bigint {
  if (value % divisor === 0n) {
    const exact = value / divisor
    return Number.isSafeInteger(Number(exact)) ? Number(exact) : exact
  }
  // The nearest double, as if the fraction had been written down.
  return Number(`${(value * 10n ** BigInt(DIGITS)) / divisor}e-${DIGITS}`)
}
