// Currencies of the demo world, with how many of each make one US dollar. Fixed, so that answers repeat.

export interface Currency {
  /** ISO 4217. */
  readonly code: string
  readonly name: string
  readonly symbol: string
  readonly perDollar: number
}

type Row = readonly [code: string, name: string, symbol: string, perDollar: number]

const ROWS: readonly Row[] = [
  ['AED', 'UAE dirham', 'د.إ', 3.6725],
  ['ARS', 'Argentine peso', '$', 1010],
  ['AUD', 'Australian dollar', 'A$', 1.53],
  ['BRL', 'Brazilian real', 'R$', 5.72],
  ['CAD', 'Canadian dollar', 'C$', 1.38],
  ['CHF', 'Swiss franc', 'Fr.', 0.88],
  ['CLP', 'Chilean peso', '$', 955],
  ['CNY', 'Chinese yuan', '¥', 7.12],
  ['CZK', 'Czech koruna', 'Kč', 23.3],
  ['DKK', 'Danish krone', 'kr', 6.88],
  ['EGP', 'Egyptian pound', '£', 48.6],
  ['EUR', 'Euro', '€', 0.92],
  ['GBP', 'British pound', '£', 0.77],
  ['IDR', 'Indonesian rupiah', 'Rp', 15_700],
  ['ILS', 'Israeli new shekel', '₪', 3.73],
  ['INR', 'Indian rupee', '₹', 84.1],
  ['JPY', 'Japanese yen', '¥', 152.4],
  ['KES', 'Kenyan shilling', 'Sh', 129],
  ['KRW', 'South Korean won', '₩', 1390],
  ['MXN', 'Mexican peso', '$', 20.1],
  ['MYR', 'Malaysian ringgit', 'RM', 4.38],
  ['NOK', 'Norwegian krone', 'kr', 10.95],
  ['NZD', 'New Zealand dollar', 'NZ$', 1.67],
  ['PHP', 'Philippine peso', '₱', 58.3],
  ['PLN', 'Polish złoty', 'zł', 4.01],
  ['SEK', 'Swedish krona', 'kr', 10.6],
  ['SGD', 'Singapore dollar', 'S$', 1.32],
  ['THB', 'Thai baht', '฿', 33.8],
  ['TRY', 'Turkish lira', '₺', 34.3],
  ['USD', 'United States dollar', '$', 1],
  ['VND', 'Vietnamese đồng', '₫', 25_300],
  ['ZAR', 'South African rand', 'R', 17.6],
]

export const CURRENCIES: readonly Currency[] = ROWS.map(([code, name, symbol, perDollar]) => ({
  code,
  name,
  symbol,
  perDollar,
}))

export const currencyByCode: ReadonlyMap<string, Currency> = new Map(CURRENCIES.map((one) => [one.code, one]))
