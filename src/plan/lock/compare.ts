// What became of one locked capability: each difference in words, and whether a plan that was made for it may break.
import type { Capability, Component, Effect } from '../../contracts/capability.ts'
import type { JsonSchema } from '../../contracts/json.ts'
import type { LockedCapability } from '../../contracts/lock.ts'
import { isJsonObject } from '../../util/json.ts'
import { nearest, resembles } from '../../util/text.ts'
import { hashSchema, printProperties } from './schema-print.ts'

export interface Change {
  readonly isBreaking: boolean
  /** Goes on after the name of the capability: `needs the input "unit" now`. */
  readonly what: string
  readonly alternatives?: readonly string[]
}

/** What steps read of an output: names of its properties, or everything. */
export type UsedOutputs = ReadonlySet<string> | 'all'

export function lockCapability({ version }: Component, capability: Capability): LockedCapability {
  const { effect, inputSchema, outputSchema } = capability
  return {
    ...(version !== undefined && { version }),
    effect,
    input_schema: hashSchema(inputSchema),
    ...(outputSchema !== undefined && { output_schema: hashSchema(outputSchema) }),
    inputs: printProperties(inputSchema),
    ...(outputSchema !== undefined && { outputs: printProperties(outputSchema) }),
  }
}

export function compareCapability(
  locked: LockedCapability,
  component: Component,
  capability: Capability,
  used: UsedOutputs,
): Change[] {
  const now = lockCapability(component, capability)
  const changes: Change[] = []
  if (locked.version !== now.version)
    changes.push({
      isBreaking: false,
      what: `is of version ${now.version ?? 'unknown'}, not ${locked.version ?? 'unknown'}`,
    })
  if (locked.effect !== now.effect) changes.push(compareEffects(locked.effect, now.effect))
  if (locked.input_schema !== now.input_schema) changes.push(...compareInputs(locked, now, capability.inputSchema))
  if (locked.output_schema !== now.output_schema) changes.push(...compareOutputs(locked, now, used))
  return changes
}

const STRENGTH: readonly Effect[] = ['read', 'unknown', 'write']
const EFFECTS: Readonly<Record<Effect, string>> = { read: 'only reads', unknown: 'may write', write: 'writes' }

/** What only read when the plan was accepted must not write unseen. */
const compareEffects = (before: Effect, now: Effect): Change => ({
  isBreaking: STRENGTH.indexOf(now) > STRENGTH.indexOf(before),
  what: `${EFFECTS[now]} now; it said that it ${EFFECTS[before]}`,
})

const isRequired = (print: string): boolean => print.endsWith('!')
const typeOf = (print: string): string => (isRequired(print) ? print.slice(0, -1) : print)
const own = (prints: Readonly<Record<string, string>>, name: string): string | undefined =>
  Object.hasOwn(prints, name) ? prints[name] : undefined

function compareInputs(locked: LockedCapability, now: LockedCapability, schema: JsonSchema): Change[] {
  const changes: Change[] = []
  const added = Object.keys(now.inputs).filter((name) => own(locked.inputs, name) === undefined)
  for (const [name, before] of Object.entries(locked.inputs)) {
    const after = own(now.inputs, name)
    if (after === undefined) changes.push({ isBreaking: true, ...goneOrRenamed('input', name, added) })
    else if (typeOf(before) !== typeOf(after))
      changes.push({ isBreaking: true, what: retyped('input', name, before, after) })
    else if (isRequired(after) && !isRequired(before))
      changes.push({ isBreaking: true, what: `needs the input "${name}" now` })
    else if (before !== after) changes.push({ isBreaking: false, what: `no longer needs the input "${name}"` })
  }
  for (const name of added)
    changes.push(
      isRequired(own(now.inputs, name) ?? '')
        ? { isBreaking: true, what: `needs a new input "${name}"` }
        : { isBreaking: false, what: `takes a new optional input "${name}"` },
    )
  const isExplained =
    changes.some(({ isBreaking }) => isBreaking) || hashSchema(undone(locked, schema)) === locked.input_schema
  return isExplained ? changes : [...changes, { isBreaking: true, what: 'takes its inputs by other rules now' }]
}

/** The schema of now without what was added and with what was required: that of the lock, unless something else has changed. */
function undone(locked: LockedCapability, schema: JsonSchema): JsonSchema {
  const { properties } = schema
  if (!isJsonObject(properties)) return schema
  const kept = Object.entries(properties).filter(([name]) => own(locked.inputs, name) !== undefined)
  const needed = Object.keys(locked.inputs).filter((name) => isRequired(own(locked.inputs, name) ?? ''))
  return { ...schema, properties: Object.fromEntries(kept), required: needed }
}

function goneOrRenamed(kind: string, name: string, added: readonly string[]): Pick<Change, 'what' | 'alternatives'> {
  const alternatives = nearest(name, added)
  const [best] = alternatives
  const renamed = best !== undefined && resembles(name, best) ? `; it may be called "${best}" now` : ''
  return { what: `has no ${kind} "${name}" any more${renamed}`, alternatives }
}

/** `string:1f3a99c2` is said as a string under other rules. */
function retyped(kind: string, name: string, before: string, after: string): string {
  const [was = '', is = ''] = [before, after].map((print) => typeOf(print).split(':')[0] ?? '')
  return was === is
    ? `has other rules for the ${kind} "${name}" (${was})`
    : `has the ${kind} "${name}" as ${is}, not ${was}`
}

/** What no step reads may change. */
function compareOutputs(locked: LockedCapability, now: LockedCapability, used: UsedOutputs): Change[] {
  if (locked.outputs === undefined) return [{ isBreaking: false, what: 'says now what it returns' }]
  if (now.outputs === undefined) return [{ isBreaking: false, what: 'no longer says what it returns' }]
  const [before, after] = [locked.outputs, now.outputs]
  const isUsed = (name: string): boolean => used === 'all' || used.has(name)
  const changes: Change[] = []
  const added = Object.keys(after).filter((name) => own(before, name) === undefined)
  for (const [name, was] of Object.entries(before)) {
    const is = own(after, name)
    if (is === undefined) changes.push({ isBreaking: isUsed(name), ...goneOrRenamed('output', name, added) })
    else if (typeOf(was) !== typeOf(is))
      changes.push({ isBreaking: isUsed(name), what: retyped('output', name, was, is) })
    else if (isRequired(was) && !isRequired(is))
      changes.push({ isBreaking: false, what: `may leave out the output "${name}"` })
  }
  for (const name of added) changes.push({ isBreaking: false, what: `returns "${name}" too` })
  return changes.length > 0
    ? changes
    : [{ isBreaking: used === 'all' || used.size > 0, what: 'describes what it returns otherwise' }]
}
