// Listed companies of the demo world: ticker, name, industry, country, price and the close of the day before, in US dollars.

export interface Company {
  readonly symbol: string
  readonly name: string
  readonly industry: string
  readonly country: string
  readonly price: number
  readonly previousClose: number
  /** Billions of US dollars. */
  readonly marketCap: number
}

type Row = readonly [
  symbol: string,
  name: string,
  industry: string,
  country: string,
  price: number,
  previousClose: number,
  marketCap: number,
]

const ROWS: readonly Row[] = [
  ['AAPL', 'Apple Inc', 'Consumer electronics', 'US', 268.47, 269.77, 3967],
  ['ADBE', 'Adobe Inc', 'Software', 'US', 326.91, 329.12, 138],
  ['AMD', 'Advanced Micro Devices Inc', 'Semiconductors', 'US', 233.54, 237.7, 380],
  ['AMZN', 'Amazon.com Inc', 'Retail', 'US', 244.41, 243.04, 2613],
  ['AVGO', 'Broadcom Inc', 'Semiconductors', 'US', 349.43, 355.59, 1650],
  ['CRM', 'Salesforce Inc', 'Software', 'US', 239.88, 238.01, 228],
  ['DIS', 'Walt Disney Co', 'Media', 'US', 110.74, 112.53, 199],
  ['GOOGL', 'Alphabet Inc', 'Internet', 'US', 278.83, 284.75, 3370],
  ['IBM', 'International Business Machines Corp', 'Software', 'US', 306.38, 312.42, 286],
  ['INTC', 'Intel Corp', 'Semiconductors', 'US', 38.13, 37.24, 182],
  ['JPM', 'JPMorgan Chase & Co', 'Banks', 'US', 314.21, 313.42, 855],
  ['KO', 'Coca-Cola Co', 'Beverages', 'US', 70.55, 68.98, 303],
  ['META', 'Meta Platforms Inc', 'Internet', 'US', 621.71, 618.94, 1567],
  ['MSFT', 'Microsoft Corp', 'Software', 'US', 496.82, 497.1, 3693],
  ['NFLX', 'Netflix Inc', 'Media', 'US', 1103.66, 1097.04, 468],
  ['NKE', 'Nike Inc', 'Apparel', 'US', 61.56, 61.87, 91],
  ['NVDA', 'NVIDIA Corp', 'Semiconductors', 'US', 188.15, 188.08, 4572],
  ['ORCL', 'Oracle Corp', 'Software', 'US', 239.26, 243.8, 682],
  ['QCOM', 'Qualcomm Inc', 'Semiconductors', 'US', 170.91, 172.44, 183],
  ['SONY', 'Sony Group Corp', 'Consumer electronics', 'JP', 28.76, 28.33, 171],
  ['TM', 'Toyota Motor Corp', 'Automobiles', 'JP', 203.71, 204.15, 265],
  ['TSLA', 'Tesla Inc', 'Automobiles', 'US', 468.285, 462.07, 1557],
  ['TSM', 'Taiwan Semiconductor Manufacturing Co', 'Semiconductors', 'TW', 286.5, 289.3, 1486],
  ['V', 'Visa Inc', 'Payments', 'US', 336.02, 337.15, 647],
]

export const COMPANIES: readonly Company[] = ROWS.map(
  ([symbol, name, industry, country, price, previousClose, marketCap]) => ({
    symbol,
    name,
    industry,
    country,
    price,
    previousClose,
    marketCap,
  }),
)
