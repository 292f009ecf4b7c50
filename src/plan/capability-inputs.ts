// What a capability takes, read off its input schema once: names, which are required, and whether others may be given too.
import type { Capability } from '../contracts/capability.ts'
import type { JsonSchema } from '../contracts/json.ts'
import { isJsonObject } from '../util/json.ts'
import { resolvePointer, typeNameOf } from './schema/normalise.ts'

export interface CapabilityInputs {
  readonly properties: ReadonlyMap<string, JsonSchema>
  readonly required: readonly string[]
  /** Whether inputs that are not listed may be given. */
  readonly isOpen: boolean
}

const known = new WeakMap<JsonSchema, CapabilityInputs>()

export function inputsOf({ inputSchema }: Pick<Capability, 'inputSchema'>): CapabilityInputs {
  const cached = known.get(inputSchema)
  if (cached !== undefined) return cached
  const inputs = readInputs(inputSchema)
  known.set(inputSchema, inputs)
  return inputs
}

function readInputs(root: JsonSchema): CapabilityInputs {
  const properties = new Map<string, JsonSchema>()
  const required = new Set<string>()
  // Alternatives as a whole say nothing about single names: then everything may be given.
  let isOpen = false
  const visit = (schema: JsonSchema, depth: number): void => {
    if (isJsonObject(schema.properties)) {
      for (const [name, property] of Object.entries(schema.properties)) {
        properties.set(name, isJsonObject(property) ? property : {})
        if (isJsonObject(property) && property.required === true) required.add(name)
      }
    }
    if (Array.isArray(schema.required)) {
      for (const name of schema.required) if (typeof name === 'string') required.add(name)
    }
    const { additionalProperties: additional } = schema
    if (additional === true || isJsonObject(additional) || isJsonObject(schema.patternProperties)) isOpen = true
    if (schema.anyOf !== undefined || schema.oneOf !== undefined || schema.if !== undefined) isOpen = true
    if (depth > 10) return
    if (Array.isArray(schema.allOf)) for (const part of schema.allOf) if (isJsonObject(part)) visit(part, depth + 1)
    if (typeof schema.$ref === 'string') {
      const target = resolveRef(root, schema.$ref)
      if (target === undefined) isOpen = true
      else visit(target, depth + 1)
    }
  }
  visit(root, 0)
  if (properties.size === 0 && root.additionalProperties !== false) isOpen = true
  return { properties, required: [...required], isOpen }
}

/** A place in the same schema, `#/$defs/x`. */
export function resolveRef(root: JsonSchema, ref: string): JsonSchema | undefined {
  if (!ref.startsWith('#/')) return undefined
  const target = resolvePointer(root, ref)
  return isJsonObject(target) ? target : undefined
}

/** Whether the schema, as far as it says, takes an object. */
export function takesObject(schema: JsonSchema): boolean {
  if (schema.type === undefined) return true
  const names: readonly unknown[] = Array.isArray(schema.type) ? schema.type : [schema.type]
  return names.some((name) => typeof name !== 'string' || [undefined, 'object'].includes(typeNameOf(name)))
}

/** Whether the schema marks an input as secret: `x-secret`, `writeOnly`, or the format `password`. */
export const isSecretSchema = (schema: JsonSchema | undefined): boolean =>
  schema !== undefined && (schema['x-secret'] === true || schema.writeOnly === true || schema.format === 'password')

/** Whether repeating the call is known to be harmless, whatever the configuration says of unknown effects. */
export const isKnownIdempotent = ({ effect, idempotent }: Capability): boolean => idempotent ?? effect === 'read'
