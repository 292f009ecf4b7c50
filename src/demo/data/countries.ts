// Countries of the demo world.

export interface Country {
  readonly name: string
  readonly officialName: string
  /** ISO 3166-1 alpha-2. */
  readonly code: string
  readonly capital: string
  readonly region: string
  readonly population: number
  readonly languages: readonly string[]
  readonly timezones: readonly string[]
  /** ISO 4217. */
  readonly currency: string
  /** Other names that people use. */
  readonly aliases: readonly string[]
}

// One line each: name; official name; code; capital; region; population; languages; time zones; currency; other names.
const TABLE = `
Argentina; Argentine Republic; AR; Buenos Aires; Americas; 45376763; Spanish; UTC-03:00; ARS;
Australia; Commonwealth of Australia; AU; Canberra; Oceania; 25687041; English; UTC+08:00|UTC+09:30|UTC+10:00; AUD;
Austria; Republic of Austria; AT; Vienna; Europe; 8917205; German; UTC+01:00; EUR;
Belgium; Kingdom of Belgium; BE; Brussels; Europe; 11555997; Dutch|French|German; UTC+01:00; EUR;
Brazil; Federative Republic of Brazil; BR; Brasília; Americas; 212559409; Portuguese; UTC-05:00|UTC-04:00|UTC-03:00; BRL;
Canada; Canada; CA; Ottawa; Americas; 38005238; English|French; UTC-08:00|UTC-07:00|UTC-06:00|UTC-05:00|UTC-04:00|UTC-03:30; CAD;
Chile; Republic of Chile; CL; Santiago; Americas; 19116209; Spanish; UTC-06:00|UTC-04:00; CLP;
China; People's Republic of China; CN; Beijing; Asia; 1402112000; Chinese; UTC+08:00; CNY;
Czechia; Czech Republic; CZ; Prague; Europe; 10698896; Czech|Slovak; UTC+01:00; CZK; Czech Republic
Denmark; Kingdom of Denmark; DK; Copenhagen; Europe; 5831404; Danish; UTC+01:00; DKK;
Egypt; Arab Republic of Egypt; EG; Cairo; Africa; 102334403; Arabic; UTC+02:00; EGP;
Finland; Republic of Finland; FI; Helsinki; Europe; 5530719; Finnish|Swedish; UTC+02:00; EUR;
France; French Republic; FR; Paris; Europe; 67390000; French; UTC+01:00; EUR;
Germany; Federal Republic of Germany; DE; Berlin; Europe; 83240525; German; UTC+01:00; EUR; Deutschland
Greece; Hellenic Republic; GR; Athens; Europe; 10715549; Greek; UTC+02:00; EUR;
India; Republic of India; IN; New Delhi; Asia; 1380004385; Hindi|English; UTC+05:30; INR;
Indonesia; Republic of Indonesia; ID; Jakarta; Asia; 273523621; Indonesian; UTC+07:00|UTC+08:00|UTC+09:00; IDR;
Ireland; Republic of Ireland; IE; Dublin; Europe; 4994724; English|Irish; UTC; EUR;
Israel; State of Israel; IL; Jerusalem; Asia; 9216900; Hebrew|Arabic; UTC+02:00; ILS;
Italy; Italian Republic; IT; Rome; Europe; 59554023; Italian; UTC+01:00; EUR;
Japan; Japan; JP; Tokyo; Asia; 125836021; Japanese; UTC+09:00; JPY;
Kenya; Republic of Kenya; KE; Nairobi; Africa; 53771300; English|Swahili; UTC+03:00; KES;
Malaysia; Malaysia; MY; Kuala Lumpur; Asia; 32365998; Malay|English; UTC+08:00; MYR;
Mexico; United Mexican States; MX; Mexico City; Americas; 128932753; Spanish; UTC-08:00|UTC-07:00|UTC-06:00; MXN;
Netherlands; Kingdom of the Netherlands; NL; Amsterdam; Europe; 17441139; Dutch; UTC+01:00; EUR; Holland|The Netherlands
New Zealand; New Zealand; NZ; Wellington; Oceania; 5084300; English|Māori; UTC+12:00; NZD;
Norway; Kingdom of Norway; NO; Oslo; Europe; 5379475; Norwegian; UTC+01:00; NOK;
Philippines; Republic of the Philippines; PH; Manila; Asia; 109581085; English|Filipino; UTC+08:00; PHP;
Poland; Republic of Poland; PL; Warsaw; Europe; 37950802; Polish; UTC+01:00; PLN;
Portugal; Portuguese Republic; PT; Lisbon; Europe; 10305564; Portuguese; UTC-01:00|UTC; EUR;
Singapore; Republic of Singapore; SG; Singapore; Asia; 5685807; English|Malay|Chinese|Tamil; UTC+08:00; SGD;
South Africa; Republic of South Africa; ZA; Pretoria; Africa; 59308690; English|Zulu|Xhosa|Afrikaans; UTC+02:00; ZAR;
South Korea; Republic of Korea; KR; Seoul; Asia; 51780579; Korean; UTC+09:00; KRW; Korea|Republic of Korea
Spain; Kingdom of Spain; ES; Madrid; Europe; 47351567; Spanish; UTC|UTC+01:00; EUR;
Sweden; Kingdom of Sweden; SE; Stockholm; Europe; 10353442; Swedish; UTC+01:00; SEK;
Switzerland; Swiss Confederation; CH; Bern; Europe; 8654622; German|French|Italian|Romansh; UTC+01:00; CHF;
Thailand; Kingdom of Thailand; TH; Bangkok; Asia; 69799978; Thai; UTC+07:00; THB;
Turkey; Republic of Türkiye; TR; Ankara; Asia; 84339067; Turkish; UTC+03:00; TRY; Türkiye
United Arab Emirates; United Arab Emirates; AE; Abu Dhabi; Asia; 9890400; Arabic; UTC+04:00; AED; UAE|Emirates
United Kingdom; United Kingdom of Great Britain and Northern Ireland; GB; London; Europe; 67215293; English; UTC; GBP; UK|Great Britain|Britain|England
United States; United States of America; US; Washington; Americas; 329484123; English; UTC-10:00|UTC-09:00|UTC-08:00|UTC-07:00|UTC-06:00|UTC-05:00; USD; USA|US|U.S.|America
Vietnam; Socialist Republic of Vietnam; VN; Hanoi; Asia; 97338583; Vietnamese; UTC+07:00; VND;
`

const list = (text: string): string[] => text.split('|').filter((part) => part !== '')

function readRow(line: string): Country {
  const [name = '', officialName = '', code = '', capital = '', region = '', ...rest] = line.split(/;\s*/)
  const [population = '', languages = '', timezones = '', currency = '', aliases = ''] = rest
  return {
    name,
    officialName,
    code,
    capital,
    region,
    population: Number(population),
    languages: list(languages),
    timezones: list(timezones),
    currency,
    aliases: list(aliases),
  }
}

export const COUNTRIES: readonly Country[] = TABLE.trim().split('\n').map(readRow)

export const countryByCode: ReadonlyMap<string, Country> = new Map(COUNTRIES.map((country) => [country.code, country]))
