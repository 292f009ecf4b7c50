// Where an input that the text does not give can come from: an output of the same name, of a capability that itself can be called.
import { isJsonObject } from '../../util/json.ts'
import type { Entry } from './match.ts'
import type { Wish } from './wish.ts'
import { splitName } from './words.ts'

/** An input that is a reference into the output of another call. */
export interface Supply<Draft> {
  readonly isSupply: true
  readonly from: Draft
  /** Below the step's output, such as `currency.code`. */
  readonly path: string
}

interface Output {
  readonly path: string
  /** The words of the whole path: `currency.symbol` is no `symbol`. */
  readonly name: string
  readonly type: string
  /** Only the description speaks of it, so what its key is called is not known. */
  readonly isTold?: true
}

/** One word for what is written in several ways. */
const ALIASES: Readonly<Record<string, string>> = { latitude: 'lat', longitude: 'lon', lng: 'lon', long: 'lon' }
/** Too common to say by themselves that two things are the same. */
const COMMON: ReadonlySet<string> = new Set(
  'id name type status data value code result date time query text title description url link message count limit page category tag format language from to start end'.split(
    ' ',
  ),
)

const canonical = (words: readonly string[]): string =>
  words.map((word) => (Object.hasOwn(ALIASES, word) ? (ALIASES[word] ?? word) : word)).join('_')

/**
 * Suppliers for as many of the wishes as possible; one that gives several comes first.
 * @param draft the call of a supplier, or undefined when it cannot be called either
 */
export function findSupply<Draft>(
  wishes: readonly Wish[],
  entries: readonly Entry[],
  draft: (entry: Entry) => Draft | undefined,
): Map<string, Supply<Draft>> {
  const found = new Map<string, Supply<Draft>>()
  const offers = entries
    .map((entry) => ({ entry, paths: pathsFor(wishes, entry) }))
    .filter(({ paths }) => paths.size > 0)
    .sort((a, b) => b.paths.size - a.paths.size)
  for (const { entry, paths } of offers) {
    const open = [...paths].filter(([name]) => !found.has(name))
    if (open.length === 0) continue
    const from = draft(entry)
    if (from === undefined) continue
    for (const [name, path] of open) found.set(name, { isSupply: true, from, path })
    if (found.size === wishes.length) break
  }
  return found
}

function pathsFor(wishes: readonly Wish[], entry: Entry): Map<string, string> {
  const outputs = outputsOf(entry)
  const paths = new Map<string, string>()
  for (const wish of wishes) {
    const name = canonical(splitName(wish.name))
    if (COMMON.has(name)) continue
    const output = outputs.find((one) => one.name === name && isCompatible(one.type, wish.type))
    if (output !== undefined) paths.set(wish.name, output.isTold === true ? wish.name : output.path)
  }
  return paths
}

function isCompatible(output: string, wish: Wish['type']): boolean {
  if (output === '') return true
  if (wish === 'number' || wish === 'integer') return output === 'number' || output === 'integer'
  if (wish === 'other') return false
  return output === wish
}

/** Keys of the output, two levels deep; from an example where there is no schema. Only keys that a path can name. */
function outputsOf({ offered: { capability } }: Entry): Output[] {
  const outputs: Output[] = []
  const add = (keys: readonly string[], type: string): void => {
    if (!keys.every((key) => /^[A-Za-z_]\w*$/.test(key))) return
    outputs.push({ path: keys.join('.'), name: canonical(keys.flatMap(splitName)), type })
  }
  const walkSchema = (schema: unknown, keys: readonly string[]): void => {
    if (!isJsonObject(schema) || !isJsonObject(schema.properties)) return
    for (const [key, property] of Object.entries(schema.properties).slice(0, 100)) {
      add([...keys, key], isJsonObject(property) && typeof property.type === 'string' ? property.type : '')
      if (keys.length === 0) walkSchema(property, [key])
    }
  }
  const walkExample = (value: unknown, keys: readonly string[]): void => {
    if (!isJsonObject(value)) return
    for (const [key, inner] of Object.entries(value).slice(0, 100)) {
      add([...keys, key], Array.isArray(inner) ? 'array' : typeof inner)
      if (keys.length === 0) walkExample(inner, [key])
    }
  }
  if (capability.outputSchema !== undefined) walkSchema(capability.outputSchema, [])
  else for (const { output } of (capability.examples ?? []).slice(0, 1)) walkExample(output, [])
  return outputs.length === 0 && capability.outputSchema === undefined ? toldOutputs(capability) : outputs
}

/** "Finds latitude and longitude of a place": what it is said to give, up to the word that says of what. */
function toldOutputs({ description, inputSchema }: Entry['offered']['capability']): Output[] {
  const [told = ''] = description.slice(0, 300).split(/\b(?:of|for|by|at|from|in|to|with|about|as)\b/i)
  const { properties } = inputSchema
  const inputs = new Set(
    Object.keys(isJsonObject(properties) ? properties : {}).map((key) => canonical(splitName(key))),
  )
  return told
    .split(/[^\p{L}]+/u)
    .filter((word) => word !== '')
    .map((word) => ({ path: word, name: canonical(splitName(word)), type: '', isTold: true as const }))
    .filter(({ name }) => !inputs.has(name))
}
