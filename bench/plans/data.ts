// The public data sets as the bench of plans reads them: gold plans as documents of ours, with the tools that they call.
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Capability, Component } from '../../src/contracts/capability.ts'
import type { JsonObject, JsonValue } from '../../src/contracts/json.ts'
import type { CatalogView } from '../../src/contracts/parts.ts'

export const directory = process.env['TUTTI_BENCH_DATA'] ?? '../shared/data'

export const hasData = (): boolean => existsSync(join(directory, 'sealtools-plans.jsonl.gz'))

export function readLines<T>(file: string): T[] {
  const text = gunzipSync(readFileSync(join(directory, `${file}.jsonl.gz`))).toString('utf8')
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line): T => JSON.parse(line))
}

export interface GoldStep {
  readonly id: string
  readonly tool: string
  readonly args: JsonObject
  readonly outputs?: readonly string[]
  readonly dependsOn: readonly string[]
}

export interface Gold {
  readonly id: string
  readonly request: string
  readonly steps: readonly GoldStep[]
}

export interface CorpusTool {
  readonly id: string
  readonly set: string
  readonly name: string
  readonly description: string
  readonly params?: readonly {
    readonly name: string
    readonly type?: string
    readonly description?: string
    readonly required?: boolean
  }[]
  readonly category?: string
}

/** The plans of one set; those whose gold itself is broken (ids twice, steps that are not there) are counted, not used. */
export function readGold(set: 'sealtools-plans' | 'nestful'): { readonly plans: Gold[]; readonly defective: number } {
  const rows = readLines<{ id: string; request: string; gold: { steps: GoldStep[] } }>(set)
  const plans = rows.map(({ id, request, gold }) => ({ id, request, steps: gold.steps })).filter(isSound)
  return { plans, defective: rows.length - plans.length }
}

function isSound({ steps }: Gold): boolean {
  const ids = steps.map(({ id }) => id)
  return (
    new Set(ids).size === ids.length &&
    steps.every(
      ({ id, args, dependsOn }) => dependsOn.every((d) => d !== id && ids.includes(d)) && refersToKnown(args, ids),
    )
  )
}

const refersToKnown = (args: JsonObject, ids: readonly string[]): boolean =>
  [...JSON.stringify(args).matchAll(/\$(var\d+)(?:\.[^$"]*)?\$/g)].every(([, id = '']) => ids.includes(id))

/** Keys that are no plain names stand in brackets. */
const toPath = (path: string): string =>
  path.replace(/\.([^.[\]]+)/g, (whole, key: string) => (/^\w+$/.test(key) ? whole : `[${JSON.stringify(key)}]`))

/** Gold as a document: what it refers to in its own way becomes `${...}`; no edge is written down, they must be found. */
export function toDocument({ steps }: Gold): JsonObject {
  const stepOfOutput = new Map(steps.flatMap(({ id, outputs = [] }) => outputs.map((output) => [output, id] as const)))
  const text = (value: string): string =>
    value
      .replace(/\$(var\d+)((?:\.[^.$]+)*)\$/g, (_, id: string, path: string) => `\${steps.${id}.output${toPath(path)}}`)
      .replace(/\bAPI_call_\d+\b/g, (name) => {
        const id = stepOfOutput.get(name)
        return id === undefined ? name : `\${steps.${id}.output["${name}"]}`
      })
  const convert = (value: JsonValue): JsonValue => {
    if (typeof value === 'string') return text(value)
    if (Array.isArray(value)) return value.map(convert)
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, convert(inner)]))
  }
  return {
    steps: steps.map(({ id, tool, args }) => ({ name: id, component: 'tools', action: tool, inputs: convert(args) })),
  }
}

export const TYPES: Readonly<Record<string, string>> = {
  str: 'string',
  string: 'string',
  int: 'integer',
  integer: 'integer',
  float: 'number',
  number: 'number',
  bool: 'boolean',
  boolean: 'boolean',
  list: 'array',
  array: 'array',
  dict: 'object',
  object: 'object',
}

export function toCapability({ name, description, params = [], category }: CorpusTool): Capability {
  const properties = Object.fromEntries(
    params.map((param) => {
      const type = TYPES[(param.type ?? '').toLowerCase()]
      return [param.name, { ...(type !== undefined && { type }), description: param.description ?? '' }]
    }),
  )
  const required = params.filter((param) => param.required === true).map((param) => param.name)
  return {
    name,
    description,
    inputSchema: { type: 'object', properties, required },
    effect: 'read',
    ...(category !== undefined && { tags: [category] }),
  }
}

export const toComponent = (capabilities: readonly Capability[], name = 'tools'): Component => ({
  name,
  kind: 'tool',
  source: 'bench',
  trust: 'configured',
  capabilities,
  instances: [{ id: name, health: 'healthy' }],
})

/** A catalog that never changes. */
export function viewOf(components: readonly Component[]): CatalogView {
  const key = (text: string): string => text.toLowerCase()
  const byName = new Map(components.map((component) => [key(component.name), component]))
  const found = new Map(
    components.flatMap((component) =>
      component.capabilities.map((one) => [`${key(component.name)}/${key(one.name)}`, one] as const),
    ),
  )
  return {
    fingerprint: 'bench',
    components: () => components,
    component: (name) => byName.get(key(name)),
    find: (component, action) => found.get(`${key(component)}/${key(action)}`),
    offering: (name) => components.filter((component) => found.has(`${key(component.name)}/${key(name)}`)),
    pick: (name) => byName.get(key(name))?.instances[0],
    busy: () => () => undefined,
    refresh: () => Promise.resolve(),
  }
}

/** Precision, recall and F1 of two lists in which things may stand more than once. */
export function overlap(
  found: readonly string[],
  gold: readonly string[],
): { hits: number; found: number; gold: number } {
  const left = new Map<string, number>()
  for (const one of gold) left.set(one, (left.get(one) ?? 0) + 1)
  let hits = 0
  for (const one of found) {
    const count = left.get(one) ?? 0
    if (count === 0) continue
    hits++
    left.set(one, count - 1)
  }
  return { hits, found: found.length, gold: gold.length }
}

export const f1 = ({ hits, found, gold }: { hits: number; found: number; gold: number }): number =>
  found + gold === 0 ? 1 : (2 * hits) / (found + gold)

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`
