// What a search reads of a capability, and nothing else: plain texts, so that an index needs to know no catalog.
import type { Capability, Component } from '../contracts/capability.ts'
import { isJsonObject } from '../util/json.ts'

/** Names a document: where it came from. */
export interface DocumentKey {
  /** Of {@link documentId}, of which there is one. Breaks ties, so that equal documents always come in the same order. */
  readonly id: string
  readonly name: string
  readonly component: string
}

export interface SearchDocument extends DocumentKey {
  readonly description: string
  /** Names of the inputs. */
  readonly parameters: readonly string[]
  /** What the schema says of the inputs: descriptions and enumerated values. */
  readonly parameterTexts?: readonly string[]
  readonly tags: readonly string[]
  /** Words in which somebody may ask for it: descriptions of its examples. */
  readonly examples?: readonly string[]
}

/** Of a schema with thousands of inputs, the first ones speak for the rest. */
const MAX_PARAMETERS = 64
const MAX_ENUM_VALUES = 32

/** Names and texts of the inputs, and of those one level down (`{filter: {city}}`). */
function readSchema(schema: unknown, names: string[], texts: string[], depth: number): void {
  if (!isJsonObject(schema)) return
  const { properties } = schema
  if (!isJsonObject(properties)) return
  for (const name of Object.keys(properties)) {
    if (names.length >= MAX_PARAMETERS) return
    names.push(name)
    const property = properties[name]
    if (!isJsonObject(property)) continue
    const { description, enum: values } = property
    if (typeof description === 'string') texts.push(description)
    if (Array.isArray(values)) {
      for (const value of values.slice(0, MAX_ENUM_VALUES)) if (typeof value === 'string') texts.push(value)
    }
    if (depth > 0) readSchema(property, names, texts, depth - 1)
  }
}

const escapePart = (part: string): string => part.replace(/[~/]/g, (found) => (found === '~' ? '~0' : '~1'))

/** `component/action`; slashes within a name are escaped, so that no two capabilities share an id. */
export const documentId = (component: string, action: string): string =>
  `${escapePart(component)}/${escapePart(action)}`

export function documentOf(component: Component, capability: Capability): SearchDocument {
  const parameters: string[] = []
  const parameterTexts: string[] = []
  readSchema(capability.inputSchema, parameters, parameterTexts, 1)
  const examples: string[] = []
  for (const { description } of capability.examples ?? [])
    if (typeof description === 'string') examples.push(description)
  return {
    id: documentId(component.name, capability.name),
    name: capability.name,
    component: component.name,
    description: capability.description,
    parameters,
    parameterTexts,
    tags: capability.tags ?? [],
    examples,
  }
}
