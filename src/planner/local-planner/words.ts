// The words that the local planner knows: small closed lists of English that say how a text is built, never what it is about.
// Countries and currencies come from the runtime's own locale data.

const setOf = (words: string): ReadonlySet<string> => new Set(words.split(/\s+/))

/** Words that say nothing about the subject. */
export const STOP_WORDS =
  setOf(`a an the this that these those it its i me my mine we us our you your he she they them their his her
  am is are was were be been being do does did done has have had can could will would shall should may might must
  of in on at to for from by with about into onto over under between during within without near around per via as
  and or but if then so than too also not no yes please there here how what which who whom whose when where why
  much many some any all each every both few more most other such only own same just very really
  want like need know tell show give let say see going plan hi hello thanks thank ok okay up out off etc one`)

/** Words of a capability's name that say that it reads, or that it is the plain one of its kind. */
export const NEUTRAL_WORDS =
  setOf(`get gets fetch fetches find finds search searches list lists lookup look query queries read reads show shows
  retrieve retrieves return returns give gives provide provides check checks
  current latest now today recent info information data details detail api tool tools service agent server v1 v2 v3 by the of for a an`)

/** What changes something. A capability of unknown effect whose name says one of these is not called without being asked. */
export const WRITING_VERBS =
  setOf(`create add insert append put post write save store upload set update change edit modify rename move
  delete remove clear drop erase cancel stop kill close archive disable enable start launch run execute trigger deploy install
  send email notify message publish share invite call dial book reserve order buy sell purchase pay charge refund transfer withdraw
  deposit trade submit register subscribe unsubscribe sign schedule assign approve reject accept confirm complete grant revoke
  lock unlock open turn activate deactivate reset restart restore rollback merge commit push print ship
  paint rent repair tune build make generate compose draw draft design record play`)

/** How a wish begins that asks for something: with one of these or a question word. */
const ASKING_VERBS =
  setOf(`get fetch find search list lookup look show tell give check compute calculate convert compare translate
  describe explain summarise summarize recommend suggest estimate predict determine analyse analyze plan quote provide retrieve help`)
const QUESTION_WORDS = setOf(
  `what what's whats how how's which who who's whom whose when when's where where's why is are do does did can could will would should`,
)

export const isAskWord = (word: string): boolean =>
  QUESTION_WORDS.has(word) || ASKING_VERBS.has(word) || WRITING_VERBS.has(word)

export const isVerb = (word: string): boolean => ASKING_VERBS.has(word) || WRITING_VERBS.has(word)

/** `getCurrent_weather-v2` is get, current, weather, v2. */
export function splitName(name: string): string[] {
  return name
    .replace(/(\p{Ll}|\d)(\p{Lu})/gu, '$1 $2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1 $2')
    .toLowerCase()
    .split(/[^\p{L}\p{N}]+/u)
    .filter((word) => word !== '')
}

/** Plurals and the commonest endings off; both sides of a comparison go through it, so it need not be pretty. */
export function stem(word: string): string {
  let text = word.toLowerCase().replace(/['’]s?$/u, '')
  if (text.length > 4 && text.endsWith('ies')) text = `${text.slice(0, -3)}y`
  else if (text.length > 4 && /(?:ss|x|ch|sh)es$/u.test(text)) text = text.slice(0, -2)
  else if (text.length > 3 && text.endsWith('s') && !/(?:ss|us|is|ws)$/u.test(text)) text = text.slice(0, -1)
  if (text.length > 6 && text.endsWith('ing')) text = text.slice(0, -3)
  else if (text.length > 5 && text.endsWith('ed')) text = text.slice(0, -2)
  return text.length > 4 && text.endsWith('e') ? text.slice(0, -1) : text
}

/** What kind of value an input wants, as its name, its description and its examples tell. */
export type Kind = 'place' | 'country' | 'name' | 'code' | 'currency' | 'text' | 'date'

const KIND_WORDS: Readonly<Record<Kind, ReadonlySet<string>>> = {
  place: setOf('location place city town region state address destination origin area airport capital'),
  country: setOf('country countries nation'),
  name: setOf('name company author artist person player team organisation organization customer user title brand'),
  code: setOf('symbol ticker code iata isin abbreviation'),
  currency: setOf('currency currencies'),
  text: setOf(
    'query question topic text prompt keyword keywords message content subject phrase search term terms sentence',
  ),
  date: setOf('date day'),
}

export function kindsIn(words: readonly string[]): Set<Kind> {
  const kinds = new Set<Kind>()
  for (const kind of Object.keys(KIND_WORDS)) {
    if (isKind(kind) && words.some((word) => KIND_WORDS[kind].has(word))) kinds.add(kind)
  }
  return kinds
}

const isKind = (text: string): text is Kind => Object.hasOwn(KIND_WORDS, text)

let currencyCodes: ReadonlySet<string> | undefined
/** ISO 4217, such as `USD`. */
export function isCurrencyCode(text: string): boolean {
  currencyCodes ??= new Set(Intl.supportedValuesOf('currency'))
  return currencyCodes.has(text)
}

let countryNames: ReadonlySet<string> | undefined
/** The English name of a country or region, or its two letters in capitals. */
export function isCountry(text: string): boolean {
  countryNames ??= listCountries()
  return countryNames.has(text) || countryNames.has(text.toLowerCase())
}

function listCountries(): ReadonlySet<string> {
  const names = new Set(['USA', 'usa', 'UK', 'UAE', 'U.S', 'U.K'])
  const display = new Intl.DisplayNames('en', { type: 'region', fallback: 'none' })
  const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ']
  for (const first of letters) {
    for (const second of letters) {
      const name = display.of(first + second)
      if (name === undefined) continue
      names.add(first + second)
      names.add(name.toLowerCase())
    }
  }
  return names
}
