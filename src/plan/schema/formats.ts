// Formats, asserted where a text is wrong for everybody. JSON Schema leaves them to the reader, and tools differ: one takes a time
// without its zone, another an address without a dot. So only what no reader would take is refused before the call; what is
// merely loose goes through, and the component says what it thinks of it.

const DATE = /^(\d{4})-(\d{2})-(\d{2})$/
const TIME = /^([01]\d|2[0-3]):[0-5]\d(:([0-5]\d|60)(\.\d+)?)?( ?[zZ]| ?[+-]\d{2}:?\d{2})?$/

function isDate(text: string): boolean {
  const match = DATE.exec(text)
  if (match === null) return false
  const [, year = '', month = '', day = ''] = match
  const lastDay = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate()
  return Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= lastDay
}

/** The names that ajv asks by; stricter ones of its own stand in for those that are not here. */
export const FORMATS: readonly (readonly [string, (text: string) => boolean])[] = [
  ['date', isDate],
  ['time', (text) => TIME.test(text)],
  [
    'date-time',
    (text) =>
      (text[10] === 'T' || text[10] === 't' || text[10] === ' ') &&
      isDate(text.slice(0, 10)) &&
      TIME.test(text.slice(11)),
  ],
  ['email', (text) => /^[^\s@]+@[^\s@]+$/.test(text)],
  ['uri', (text) => /^[A-Za-z][A-Za-z0-9+.-]*:[^\s]+$/.test(text)],
  ['uri-reference', (text) => !/\s/.test(text)],
  ['uuid', (text) => /^(urn:uuid:)?[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i.test(text)],
]
