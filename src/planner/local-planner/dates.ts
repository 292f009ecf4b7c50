// Days as people write them: "October 15, 2022", "15th of October 2022". The same day in the form that programs read.

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'] as const
const MONTH = String.raw`(?:[Jj]an(?:uary)?|[Ff]eb(?:ruary)?|[Mm]ar(?:ch)?|[Aa]pr(?:il)?|[Mm]ay|[Jj]une?|[Jj]uly?|[Aa]ug(?:ust)?|[Ss]ept?(?:ember)?|[Oo]ct(?:ober)?|[Nn]ov(?:ember)?|[Dd]ec(?:ember)?)`

/** With the year, since a day without one is any year's. All quantifiers are bounded. */
export const WRITTEN_DATE = String.raw`(?:${MONTH}\.?\s{1,2}\d{1,2}(?:st|nd|rd|th)?,?\s{1,2}\d{4}|\d{1,2}(?:st|nd|rd|th)?\s{1,2}(?:of\s{1,2})?${MONTH}\.?,?\s{1,2}\d{4})(?![\p{L}\p{N}])`

/** `2022-10-15` for a written date; what is no such date, or no day of the calendar, stays as it is. */
export function toIsoDate(text: string): string {
  const month = MONTHS.findIndex((name) => new RegExp(String.raw`(?<!\p{L})${name}`, 'iu').test(text))
  const numbers = text.match(/\d{1,4}/g) ?? []
  const [day, year] = [Number(numbers[0]), Number(numbers[1])]
  if (month === -1 || numbers.length !== 2 || !(year > 999)) return text
  const date = new Date(Date.UTC(year, month, day))
  return date.getUTCMonth() === month && date.getUTCDate() === day ? date.toISOString().slice(0, 10) : text
}
