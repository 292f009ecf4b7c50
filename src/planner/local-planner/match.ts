// Which capability a clause speaks of: words in common, rare ones counting more and those of a name most. Deliberately strict:
// without a model it is better to say that nothing fits than to call something by chance.
import type { OfferedCapability } from '../../contracts/capability.ts'
import type { JsonSchema } from '../../contracts/json.ts'
import type { Clause } from './text.ts'
import { NEUTRAL_WORDS, STOP_WORDS, splitName, stem, WRITING_VERBS } from './words.ts'

export interface Match {
  readonly entry: Entry
  readonly score: number
  /** Enough words in common to call it for them alone; else only a value beside the common word may carry it. */
  readonly isStrong: boolean
  /** The words in common, stemmed. */
  readonly hits: ReadonlySet<string>
}

export interface Entry {
  readonly offered: OfferedCapability
  /** Weight of each stemmed word. */
  readonly words: ReadonlyMap<string, number>
  readonly nameWords: ReadonlySet<string>
  /** Words of its name that many have (read, find, get): between equals they tell. */
  readonly commonWords: ReadonlySet<string>
  readonly tags: ReadonlySet<string>
  /** The words of its inputs' names, stemmed. */
  readonly inputWords: ReadonlySet<string>
  /** Whether it may be called without asking: it reads, or nothing about it says that it changes something. */
  readonly isReading: boolean
}

export interface Matcher {
  readonly entries: readonly Entry[]
  /** Best first; only those with something in common. */
  rank(clause: Clause): Match[]
}

const WEIGHT = { name: 3, tag: 2, description: 1, component: 1, input: 1, output: 0.9 } as const
/** What a value is called says less about what is wanted than the words around it. */
const VALUE_SHARE = 0.5
/** Capabilities that have a word which still tells them apart; of a small catalog, half of it. */
const RARE = 3
const FEW = 16
/** What a common word that is said too adds. */
const SAID = 1.1
const MAX_DESCRIPTION = 600

export function createMatcher(offered: readonly OfferedCapability[]): Matcher {
  const entries = offered.filter(({ capability }) => capability.internal !== true).map(entryOf)
  const frequency = new Map<string, number>()
  for (const entry of entries)
    for (const word of entry.words.keys()) frequency.set(word, (frequency.get(word) ?? 0) + 1)
  const count: Counts = { of: (word) => frequency.get(word) ?? 1, all: entries.length }

  return {
    entries,
    rank(clause) {
      const asked = new Map(clause.words.map((word) => [stem(word), 1]))
      for (const value of clause.values) {
        if (value.kind === 'name' || value.kind === 'code')
          for (const word of splitName(value.text).map(stem)) if (!asked.has(word)) asked.set(word, VALUE_SHARE)
      }
      const matches: Match[] = []
      for (const entry of entries) {
        const match = matchEntry(entry, asked, count)
        if (match !== undefined && !isOtherDeed(clause, entry)) matches.push(match)
      }
      return matches.sort((a, b) => b.score - a.score || compareEntries(a.entry, b.entry))
    },
  }
}

function entryOf(offered: OfferedCapability): Entry {
  const { component, capability } = offered
  const words = new Map<string, number>()
  const add = (word: string, weight: number): void => {
    const key = stem(word)
    if (weight > (words.get(key) ?? 0)) words.set(key, weight)
  }
  const own = splitName(capability.name)
  const telling = own.filter((word) => !NEUTRAL_WORDS.has(word))
  const nameWords = telling.length > 0 ? telling : own
  for (const word of nameWords) add(word, WEIGHT.name)
  const tags = (capability.tags ?? []).flatMap(splitName)
  for (const word of tags) add(word, WEIGHT.tag)
  const content = (text: string): string[] => splitName(text.slice(0, MAX_DESCRIPTION)).filter(isContent)
  for (const word of content(capability.description)) add(word, WEIGHT.description)
  for (const word of splitName(component.name).filter(isContent)) add(word, WEIGHT.component)
  for (const word of keyWords(capability.inputSchema)) add(word, WEIGHT.input)
  for (const word of keyWords(capability.outputSchema)) add(word, WEIGHT.output)
  return {
    offered,
    words,
    nameWords: new Set(nameWords.map(stem)),
    commonWords: new Set(own.filter((word) => !nameWords.includes(word)).map(stem)),
    tags: new Set(tags.map(stem)),
    inputWords: new Set(keyWords(capability.inputSchema).map(stem)),
    isReading: isReading(offered),
  }
}

const keyWords = (schema: JsonSchema | undefined): string[] =>
  typeof schema?.properties === 'object' && schema.properties !== null
    ? Object.keys(schema.properties).slice(0, 50).flatMap(splitName).filter(isContent)
    : []

/** "without reading the content" says no more than "read" does. */
const NEUTRAL_STEMS: ReadonlySet<string> = new Set([...NEUTRAL_WORDS].map(stem))
const isContent = (word: string): boolean =>
  word.length > 1 && !STOP_WORDS.has(word) && !NEUTRAL_WORDS.has(word) && !NEUTRAL_STEMS.has(stem(word))

interface Counts {
  /** How many capabilities have the word. */
  of(word: string): number
  readonly all: number
}

function matchEntry(entry: Entry, asked: ReadonlyMap<string, number>, count: Counts): Match | undefined {
  const hits = new Set<string>()
  let score = 0
  let nameHits = 0
  let described = 0
  // Half of a name says enough only with a word that few others have.
  let isRare = false
  for (const [word, part] of asked) {
    const weight = entry.words.get(word)
    if (weight === undefined) continue
    hits.add(word)
    score += part * weight * Math.log(1 + count.all / count.of(word))
    if (entry.nameWords.has(word)) {
      nameHits++
      isRare ||= count.of(word) <= RARE || (count.all <= FEW && count.of(word) * 2 <= count.all)
    } else if (weight >= WEIGHT.description) described++
  }
  if (hits.size === 0) return undefined
  const share = nameHits / entry.nameWords.size
  const isStrong =
    share > 0.5 ||
    (share === 0.5 && isRare) ||
    (nameHits > 0 && described > 0) ||
    described > 1 ||
    [...hits].some((word) => entry.tags.has(word))
  for (const word of asked.keys()) {
    if (!entry.commonWords.has(word)) continue
    score *= SAID
    break
  }
  return { entry, score: score * (0.5 + share / 2), isStrong, hits }
}

/** "Book a flight" is not served by a search for flights: who asks for a change wants a capability of that name. */
function isOtherDeed(clause: Clause, entry: Entry): boolean {
  return clause.verb !== undefined && WRITING_VERBS.has(clause.verb) && !entry.words.has(stem(clause.verb))
}

function isReading({ capability }: OfferedCapability): boolean {
  if (capability.approval === 'always' || capability.idempotent === false || capability.undo !== undefined) return false
  if (capability.effect !== 'unknown') return capability.effect === 'read'
  const deed = splitName(capability.description.slice(0, 80))[0] ?? ''
  return ![...splitName(capability.name), deed, deed.replace(/s$/, '')].some((word) => WRITING_VERBS.has(word))
}

function compareEntries(a: Entry, b: Entry): number {
  const inputs = requiredCount(a) - requiredCount(b)
  if (inputs !== 0) return inputs
  const names = [a, b].map(({ offered }) => `${offered.component.name}/${offered.capability.name}`)
  return (names[0] ?? '') < (names[1] ?? '') ? -1 : 1
}

const requiredCount = ({ offered }: Entry): number =>
  Array.isArray(offered.capability.inputSchema.required) ? offered.capability.inputSchema.required.length : 0
