// Which capabilities can give what another one must have: an output of the same name, with a type that fits. Names that many
// capabilities give (`id`, `name`) say nothing and feed nobody.
import type { Capability, Component } from '../contracts/capability.ts'
import type { JsonSchema } from '../contracts/json.ts'
import { isJsonObject } from '../util/json.ts'
import { createPace } from '../util/pace.ts'

export interface Feeder {
  readonly component: Component
  readonly capability: Capability
  /** The input that its output can fill. */
  readonly gives: string
}

/** Those of the same component first; at most {@link MAX_FEEDERS} per input. */
export type Feeders = (owner: Component, capability: Capability) => Feeder[]

/** More givers than this, and the name is too common to mean one thing. */
const MAX_GIVERS = 8
const MAX_FEEDERS = 2
const MAX_OUTPUTS = 200
/** Of a property, characters. */
const MAX_NAME = 200
const OUTPUT_LEVELS = 4
/** Named properties that say what they are only together with whose they are: `id` of `find_city` is `city_id`. */
const BARE: ReadonlySet<string> = new Set(['id', 'code', 'key', 'name', 'number', 'url'])
/** Words of a name that tell what is done, not with what. */
const GETTERS: ReadonlySet<string> = new Set(
  'get find search lookup look up fetch retrieve list resolve create determine validate check query read detect'.split(
    ' ',
  ),
)

interface Giver {
  readonly component: Component
  readonly capability: Capability
  readonly type: string
}

/** `locationId`, `location-id` and `Location ID` are one name. */
export const fieldKey = (name: string): string =>
  name
    .replace(/(\p{Ll}|\d)(\p{Lu})/gu, '$1_$2')
    .replace(/(\p{Lu})(\p{Lu}\p{Ll})/gu, '$1_$2')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, '_')
    .replace(/^_|_$/g, '')

const typeOf = (schema: unknown): string => {
  if (!isJsonObject(schema)) return 'any'
  const { type } = schema
  if (typeof type === 'string') return type === 'integer' ? 'number' : type
  return isJsonObject(schema['properties']) ? 'object' : 'any'
}

/** A number can stand where text is wanted, as everywhere in plans; the reverse needs luck. */
const fits = (given: string, wanted: string): boolean =>
  given === wanted || given === 'any' || wanted === 'any' || (wanted === 'string' && given === 'number')

const propertiesOf = (schema: JsonSchema): readonly (readonly [string, unknown])[] =>
  isJsonObject(schema['properties']) ? Object.entries(schema['properties']) : []

function requiredOf({ inputSchema }: Capability): (readonly [string, unknown])[] {
  const required = new Set(Array.isArray(inputSchema['required']) ? inputSchema['required'] : [])
  // What has a fixed set of values, or a default, is the caller's to say.
  const isOpen = (schema: unknown): boolean =>
    !isJsonObject(schema) ||
    !('enum' in schema || 'const' in schema || 'default' in schema || schema['type'] === 'boolean')
  return propertiesOf(inputSchema).filter(([name, schema]) => required.has(name) && isOpen(schema))
}

/** What a capability works on, by its name: `get_current_location` and `findLocations` speak of a location. */
function nounsOf(name: string): { readonly noun: string; readonly isGetter: boolean } {
  const words = fieldKey(name).split('_')
  const noun = words.at(-1) ?? ''
  const isGetter = words.length > 1 && GETTERS.has(words[0] ?? '')
  return { noun: noun.length > 3 && noun.endsWith('s') && !noun.endsWith('ss') ? noun.slice(0, -1) : noun, isGetter }
}

/** Every name under which something of the output can be had, with its type. */
function outputsOf(capability: Capability): Map<string, string> {
  const found = new Map<string, string>()
  const { noun, isGetter } = nounsOf(capability.name)
  const visit = (schema: unknown, level: number): void => {
    if (!isJsonObject(schema) || level > OUTPUT_LEVELS || found.size >= MAX_OUTPUTS) return
    for (const [name, inner] of propertiesOf(schema)) {
      const key = fieldKey(name)
      if (!found.has(key)) found.set(key, typeOf(inner))
      if (BARE.has(key) && noun !== '') found.set(`${noun}_${key}`, typeOf(inner))
      visit(inner, level + 1)
    }
    visit(schema['items'], level + 1)
  }
  if (capability.outputSchema !== undefined) visit(capability.outputSchema, 1)
  // Without a schema the name is all there is to go by: `get_location` gives a location.
  else if (isGetter) found.set(noun, 'any')
  return found
}

/** Under which names an input can be given: `originSkyId` is a `sky_id`, in a role. A single word left over says too little. */
function keysOf(input: string): string[] {
  // An essay is nobody's name, and has more endings than there is memory for.
  if (input.length > MAX_NAME) return []
  const words = fieldKey(input).split('_')
  return Array.from({ length: Math.max(1, words.length - 1) }, (_, from) => words.slice(from).join('_'))
}

type Givers = Map<string, Giver[]>

function addGiver(givers: Givers, key: string, giver: Giver): void {
  const list = givers.get(key)
  if (list === undefined) givers.set(key, [giver])
  // One more than can be used tells that there are too many.
  else if (list.length <= MAX_GIVERS) list.push(giver)
}

/** Reads all outputs once, giving way to other work. */
export async function createFeeders(components: readonly Component[]): Promise<Feeders> {
  const pace = createPace(20_000)
  const everywhere: Givers = new Map()
  // Within a component a name means one thing, however common it is elsewhere.
  const within = new Map<Component, Givers>()
  for (const component of components) {
    const own: Givers = new Map()
    if (component.capabilities.length > 1) within.set(component, own)
    for (const capability of component.capabilities) {
      if (capability.internal === true) continue
      const given = new Set(propertiesOf(capability.inputSchema).map(([name]) => fieldKey(name)))
      const outputs = outputsOf(capability)
      for (const [key, type] of outputs) {
        // What it was given it does not find out.
        if (given.has(key)) continue
        addGiver(everywhere, key, { component, capability, type })
        addGiver(own, key, { component, capability, type })
      }
      const turn = pace(outputs.size + given.size + 4)
      if (turn !== undefined) await turn
    }
  }
  return (owner, capability) =>
    requiredOf(capability).flatMap(([name, schema]) => {
      const wanted = typeOf(schema)
      const usable = (givers: Givers | undefined, key: string): Giver[] => {
        const all = givers?.get(key) ?? []
        return all.length > MAX_GIVERS
          ? []
          : all.filter((one) => one.capability !== capability && fits(one.type, wanted))
      }
      const own = within.get(owner)
      const found = keysOf(name).map((key) => [usable(own, key), usable(everywhere, key)] as const)
      const [near = [], all = []] = found.find(([mine, others]) => mine.length + others.length > 0) ?? []
      return (near.length > 0 ? near : all)
        .slice(0, MAX_FEEDERS)
        .map((giver) => ({ component: giver.component, capability: giver.capability, gives: name }))
    })
}
