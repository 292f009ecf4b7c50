// How capabilities are shown to a model: the same bytes for the same catalog, in whatever order it came, so that vendors'
// prompt caches hit. Descriptions are foreign text: they become one line each, capped, and stand between fences.
import type { Capability, Component, OfferedCapability } from '../contracts/capability.ts'
import type { JsonSchema } from '../contracts/json.ts'
import { isJsonObject, stringifyJson } from '../util/json.ts'
import { truncateText } from '../util/text.ts'

/** Characters of a capability's description. Those of components that were discovered get less room. */
const MAX_DESCRIPTION = { local: 2_000, configured: 2_000, discovered: 500 } as const
const MAX_INPUT_DESCRIPTION = 240
const MAX_NAME = 200
const MAX_LITERAL = 200
/** Required inputs come first; optional ones up to this many. */
const MAX_OPTIONAL_INPUTS = 40
/** Characters of all inputs of one capability, so that no single one drowns the others. */
const MAX_INPUTS = 8_000
const MAX_ENUM = 40
const MAX_EXAMPLES = 2
const MAX_OUTPUT_KEYS = 40
/** Shapes are shown as deep as they fit: a reference can only be right where its path can be seen. */
const OUTPUT_SHAPE = { levels: 4, chars: 1_200, isInput: false } as const
const INPUT_SHAPE = { levels: 3, chars: 600, isInput: true } as const
/** Schemas within schemas that are looked at for one shape; those that refer to themselves have no end. */
const MAX_NODES = 400
const MAX_ARRAY_DEPTH = 8

const UNPRINTABLE = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Co}]+/gu

/** Foreign text as one printable line of at most `maxChars`. */
export function toOneLine(text: string, maxChars: number): string {
  // Cut before the costly part: a description may be as long as its sender likes.
  const head = text.slice(0, maxChars * 4).toWellFormed()
  return truncateText(head.replace(UNPRINTABLE, ' ').replace(/\s+/g, ' ').trim(), maxChars)
}

/** Every capability once, by component and then by name, an empty line between two of them. */
export function renderCapabilities(offered: readonly OfferedCapability[]): string {
  const texts = new Map<string, string>()
  for (const one of [...offered].sort(compareOffered)) {
    const key = stringifyJson([one.component.name, one.capability.name])
    if (!texts.has(key)) texts.set(key, renderCapability(one))
  }
  return [...texts.values()].join('\n\n')
}

/** One capability: its names and effect, description, inputs, and the shape of its output where that is known. */
export function renderCapability({ component, capability, degraded }: OfferedCapability): string {
  const state = degraded === true ? ', degraded' : ''
  const lines = [`## ${exactName(component.name)} / ${exactName(capability.name)} (${capability.effect}${state})`]
  const description = toOneLine(capability.description, MAX_DESCRIPTION[component.trust])
  lines.push(description === '' ? descriptionOf(component) : description)
  lines.push(...renderInputs(capability))
  if (capability.outputSchema !== undefined)
    lines.push(`output: ${shapeOf(capability.outputSchema, capability.outputSchema, OUTPUT_SHAPE)}`)
  for (const example of (capability.examples ?? []).slice(0, MAX_EXAMPLES)) {
    const output = example.output === undefined ? '' : ` gives ${literal(example.output)}`
    lines.push(`example: ${literal(example.inputs)}${output}`)
  }
  return lines.join('\n')
}

const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)
const compareOffered = (a: OfferedCapability, b: OfferedCapability): number =>
  compareText(a.component.name, b.component.name) || compareText(a.capability.name, b.capability.name)

/** A name must be written back exactly; one that is not plain is shown in quotes. */
export const exactName = (name: string): string =>
  /^[\p{L}\p{N}_.:/@-]{1,200}$/u.test(name) ? name : stringifyJson(toOneLine(name, MAX_NAME))

const literal = (value: unknown): string => toOneLine(stringifyJson(sorted(value, 0)), MAX_LITERAL)

/** Keys in order, so that two sources of one catalog give one text. Depth is bounded: it is for showing only. */
function sorted(value: unknown, depth: number): unknown {
  if (Array.isArray(value)) return depth > 8 ? [] : value.map((item) => sorted(item, depth + 1))
  if (!isJsonObject(value)) return value
  if (depth > 8) return {}
  return Object.fromEntries(
    Object.keys(value)
      .sort(compareText)
      .map((key) => [key, sorted(value[key], depth + 1)]),
  )
}

function descriptionOf(component: Component): string {
  const text = toOneLine(component.description ?? '', MAX_DESCRIPTION[component.trust])
  return text === '' ? '(no description)' : text
}

/** As the validation reads them: also through references and parts, so that nothing is demanded that was not shown. */
function renderInputs({ inputSchema }: Capability): string[] {
  const schema = resolve(inputSchema, inputSchema) ?? inputSchema
  const properties = isJsonObject(schema.properties) ? schema.properties : {}
  const required = new Set(Array.isArray(schema.required) ? schema.required : [])
  const names = Object.keys(properties).sort(compareText)
  if (names.length === 0) {
    const shape = shapeOf(schema, inputSchema, INPUT_SHAPE)
    if (shape !== 'object' && shape !== 'any') return [`inputs: ${shape}`]
    return [required.size === 0 && isClosed(schema) ? 'inputs: none' : 'inputs: not described']
  }
  const needed = names.filter((name) => required.has(name))
  const optional = names.filter((name) => !required.has(name))
  const lines = ['inputs:']
  let room = MAX_INPUTS
  for (const name of [...needed, ...optional.slice(0, MAX_OPTIONAL_INPUTS)]) {
    const line = renderInput(name, properties[name], { isRequired: required.has(name), root: inputSchema })
    room -= line.length + 1
    if (room < 0) break
    lines.push(line)
  }
  const left = names.length - (lines.length - 1)
  const hidden = Math.max(0, needed.length - (lines.length - 1))
  if (hidden > 0) lines.push(`- and ${hidden} more required inputs`)
  if (left > hidden) lines.push(`- and ${left - hidden} more optional inputs`)
  return [...lines, ...renderAlternatives(schema)]
}

/** Inputs of which one set or another must be given: `{"anyOf": [{"required": ["id"]}, {"required": ["name"]}]}`. */
function renderAlternatives({ anyOf, oneOf }: Schema): string[] {
  const choices = Array.isArray(anyOf) ? anyOf : Array.isArray(oneOf) ? oneOf : []
  const sets = choices
    .slice(0, MAX_ENUM)
    .map((choice) =>
      isJsonObject(choice) && Array.isArray(choice.required)
        ? choice.required.map(String).map(exactName).join(' with ')
        : '',
    )
  return sets.length === 0 || sets.includes('')
    ? []
    : [`- required: ${toOneLine(sets.join(', or '), INPUT_SHAPE.chars)}`]
}

const isClosed = (schema: Schema): boolean => schema.additionalProperties === false || isJsonObject(schema.properties)

function renderInput(
  name: string,
  schema: unknown,
  { isRequired, root }: { readonly isRequired: boolean; readonly root: JsonSchema },
): string {
  const facts = [
    shapeOf(schema, root, INPUT_SHAPE),
    isRequired ? 'required' : 'optional',
    ...(isJsonObject(schema) ? limitsOf(schema) : []),
  ]
  const description = isJsonObject(schema) ? textOf(schema.description, MAX_INPUT_DESCRIPTION) : ''
  return `- ${exactName(name)} (${facts.join(', ')})${description === '' ? '' : `: ${description}`}`
}

const textOf = (value: unknown, maxChars: number): string =>
  typeof value === 'string' ? toOneLine(value, maxChars) : ''

/** What a value must keep to, in words; examples too, since a model learns a form from them fastest. */
function limitsOf(schema: Readonly<Record<string, unknown>>): string[] {
  const facts: string[] = []
  const format = textOf(schema.format, 40)
  if (format !== '') facts.push(`format ${format}`)
  const pattern = textOf(schema.pattern, 80)
  if (pattern !== '') facts.push(`pattern ${pattern}`)
  facts.push(...rangeOf(schema, 'minimum', 'maximum', ''), ...rangeOf(schema, 'minLength', 'maxLength', ' characters'))
  facts.push(...rangeOf(schema, 'minItems', 'maxItems', ' items'))
  if (schema.exclusiveMinimum !== undefined) facts.push(`more than ${literal(schema.exclusiveMinimum)}`)
  if (schema.exclusiveMaximum !== undefined) facts.push(`less than ${literal(schema.exclusiveMaximum)}`)
  if (schema.default !== undefined) facts.push(`default ${literal(schema.default)}`)
  const examples = Array.isArray(schema.examples)
    ? schema.examples
    : schema.example === undefined
      ? []
      : [schema.example]
  if (examples.length > 0) facts.push(`for example ${examples.slice(0, 3).map(literal).join(' or ')}`)
  return facts
}

function rangeOf(schema: Readonly<Record<string, unknown>>, low: string, high: string, unit: string): string[] {
  const [from, to] = [schema[low], schema[high]]
  if (typeof from === 'number' && typeof to === 'number') return [`${from} to ${to}${unit}`]
  if (typeof from === 'number') return [`at least ${from}${unit}`]
  return typeof to === 'number' ? [`at most ${to}${unit}`] : []
}

interface Shaping {
  /** Objects within objects that are still shown. */
  readonly levels: number
  /** Where `$ref` points into. */
  readonly root: JsonSchema
  /** Whether a key that nobody calls required is marked: inputs are optional by default, outputs merely undescribed. */
  readonly isInput: boolean
  readonly room: { nodes: number }
  /** Lists within lists, and references that lead to references. */
  readonly depth: number
}

interface ShapeLimits extends Pick<Shaping, 'levels' | 'isInput'> {
  readonly chars: number
}

/** The deepest rendering that fits. */
function shapeOf(schema: unknown, root: JsonSchema, { levels, chars, isInput }: ShapeLimits): string {
  let text = ''
  for (let left = levels; left > 0; left--) {
    const room = { nodes: MAX_NODES }
    text = renderShape(schema, { levels: left, root, isInput, room, depth: 0 })
    if (room.nodes > 0 && text.length <= chars) return text
  }
  return truncateText(text, chars)
}

/** A schema as a short type: `number`, `[string]`, `{code: string, name?: string}`, `"a" | "b"`. */
function renderShape(given: unknown, shaping: Shaping): string {
  const schema = shaping.room.nodes-- > 0 ? resolve(given, shaping.root) : undefined
  if (schema === undefined || shaping.depth > MAX_ARRAY_DEPTH) return 'any'
  if (Array.isArray(schema.enum)) return renderEnum(schema.enum)
  if (schema.const !== undefined) return literal(schema.const)
  const choices = Array.isArray(schema.anyOf) ? schema.anyOf : Array.isArray(schema.oneOf) ? schema.oneOf : undefined
  if (choices !== undefined && choices.length > 0) {
    const deeper = { ...shaping, depth: shaping.depth + 1 }
    return [...new Set(choices.slice(0, 6).map((choice) => renderShape(choice, deeper)))].join(' | ')
  }
  const types = Array.isArray(schema.type) ? schema.type : [schema.type]
  return [...new Set(types.map((type) => renderType(type, schema, shaping)))].join(' | ')
}

type Schema = Readonly<Record<string, unknown>>

/** The schema with what it refers to in the same document, and its parts as one; undefined when it says nothing. */
function resolve(given: unknown, root: JsonSchema): Schema | undefined {
  let schema = given
  for (let hops = 0; isJsonObject(schema) && typeof schema.$ref === 'string'; hops++) {
    if (hops === MAX_ARRAY_DEPTH) return undefined
    schema = targetOf(schema.$ref, root)
  }
  if (!isJsonObject(schema) || !Array.isArray(schema.allOf)) return isJsonObject(schema) ? schema : undefined
  const parts: Schema[] = [schema]
  for (const part of schema.allOf.slice(0, MAX_ARRAY_DEPTH)) {
    const target: unknown = isJsonObject(part) && typeof part.$ref === 'string' ? targetOf(part.$ref, root) : part
    if (isJsonObject(target)) parts.push(target)
  }
  const { allOf: _parts, ...merged } = Object.assign({}, ...parts.toReversed()) as Record<string, unknown>
  const properties = parts.flatMap((part) => (isJsonObject(part.properties) ? Object.entries(part.properties) : []))
  const required = parts.flatMap((part): unknown[] => (Array.isArray(part.required) ? part.required : []))
  return {
    ...merged,
    ...(properties.length > 0 && { properties: Object.fromEntries(properties) }),
    ...(required.length > 0 && { required }),
  }
}

/** A place in the same schema, `#/$defs/x`. */
function targetOf(ref: string, root: JsonSchema): unknown {
  if (!ref.startsWith('#/')) return ref === '#' ? root : undefined
  let node: unknown = root
  for (const part of ref.slice(2).split('/')) {
    const key = part.replaceAll('~1', '/').replaceAll('~0', '~')
    node = isJsonObject(node) && Object.hasOwn(node, key) ? node[key] : undefined
  }
  return node
}

function renderEnum(members: readonly unknown[]): string {
  const more = members.length > MAX_ENUM ? ` | and ${members.length - MAX_ENUM} more` : ''
  return members.slice(0, MAX_ENUM).map(literal).join(' | ') + more
}

function renderType(type: unknown, schema: Schema, shaping: Shaping): string {
  if (type === 'array' || (type === undefined && schema.items !== undefined))
    return `[${renderShape(schema.items, { ...shaping, depth: shaping.depth + 1 })}]`
  if (type === 'object' || (type === undefined && isJsonObject(schema.properties))) return renderObject(schema, shaping)
  return typeof type === 'string' ? toOneLine(type, 40) : 'any'
}

function renderObject(schema: Schema, shaping: Shaping): string {
  const { properties, required, additionalProperties: values } = schema
  const inner = { ...shaping, levels: shaping.levels - 1, depth: 0 }
  if (!isJsonObject(properties) || Object.keys(properties).length === 0) {
    // Keys that only run time knows, and what stands behind them.
    return isJsonObject(values) && shaping.levels > 0 ? `{[key]: ${renderShape(values, inner)}}` : 'object'
  }
  if (shaping.levels === 0) return 'object'
  const keys = Object.keys(properties).sort(compareText)
  const needed = Array.isArray(required) ? new Set<unknown>(required) : shaping.isInput ? new Set() : undefined
  const shown = keys
    .slice(0, MAX_OUTPUT_KEYS)
    .map((key) => `${exactName(key)}${needed?.has(key) === false ? '?' : ''}: ${renderShape(properties[key], inner)}`)
  return `{${shown.join(', ')}${keys.length > MAX_OUTPUT_KEYS ? ', ...' : ''}}`
}
