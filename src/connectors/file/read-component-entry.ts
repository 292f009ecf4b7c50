// One entry of a component file, checked strictly: what a person misspells is named, not passed over.
import { z } from 'zod'
import type { Capability, Component } from '../../contracts/capability.ts'
import type { JsonObject } from '../../contracts/json.ts'
import { parseDuration } from '../../util/duration.ts'
import { isJsonObject } from '../../util/json.ts'
import { inWords } from '../../util/schema-words.ts'
import { didYouMean } from '../../util/text.ts'
import { readCapability } from '../gomind/read-capability.ts'

const jsonObject = z.custom<JsonObject>(isJsonObject, 'must be an object')
const name = z.string().trim().min(1)

/** `http://host:port` of an address without path, query or credentials; the scheme may be left out. */
function originOf(text: string): string | undefined {
  const whole = /^[a-z]+:\/\//i.test(text) ? text : `http://${text}`
  if (!URL.canParse(whole)) return undefined
  const url = new URL(whole)
  const isOrigin = url.pathname === '/' && url.search === '' && url.hash === '' && url.username === ''
  return isOrigin && (url.protocol === 'http:' || url.protocol === 'https:') ? url.origin : undefined
}

const origin = z.string().transform((text, context) => {
  const address = originOf(text.trim())
  if (address !== undefined) return address
  context.addIssue({ code: 'custom', message: 'must be an origin such as "http://localhost:8096"' })
  return z.NEVER
})
const duration = z.string().transform((text, context) => {
  const ms = parseDuration(text)
  if (ms !== undefined) return ms
  context.addIssue({ code: 'custom', message: 'must be a duration such as "500ms" or "30s"' })
  return z.NEVER
})

const capabilityEntry = z.strictObject({
  name,
  description: z.string(),
  endpoint: z.string().startsWith('/', 'must begin with "/"').optional(),
  input_schema: jsonObject.refine((schema) => schema['type'] === 'object', 'must have type: object').optional(),
  input_summary: jsonObject.optional(),
  output_schema: jsonObject.optional(),
  output_summary: jsonObject.optional(),
  effect: z.enum(['read', 'write', 'unknown']).optional(),
  idempotent: z.boolean().optional(),
  internal: z.boolean().optional(),
  approval: z.enum(['always', 'never']).optional(),
  tags: z.array(z.string()).optional(),
  requires: z.array(name).optional(),
  examples: z
    .array(z.object({ inputs: jsonObject, output: z.json().optional(), description: z.string().optional() }))
    .optional(),
  timeout: duration.optional(),
  undo: z.string().optional(),
})

const instanceEntry = z.strictObject({ id: name.optional(), address: origin, region: name.optional() })

const componentEntry = z
  .strictObject({
    name,
    kind: z.enum(['tool', 'agent']).default('tool'),
    description: z.string().optional(),
    address: origin.optional(),
    instances: z.array(instanceEntry).min(1).optional(),
    envelope: z.enum(['bare', 'data']).optional(),
    capabilities: z.array(capabilityEntry).min(1),
  })
  .refine(({ address, instances }) => (address === undefined) !== (instances === undefined), {
    message: 'needs either "address" or "instances"',
  })

const KEYS = [...Object.keys(componentEntry.shape), ...Object.keys(capabilityEntry.shape), 'id', 'region']

export interface EntryProblem {
  /** Within the entry. */
  readonly path: readonly PropertyKey[]
  readonly message: string
}

type CapabilityEntry = z.output<typeof capabilityEntry>

/** Absent options stay absent: a key that is there with undefined means something else. */
function definedOf<T extends object>(options: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>
  }
}

function capabilityOf(entry: CapabilityEntry): Capability | undefined {
  const { input_schema, output_schema, examples, timeout, undo, ...record } = entry
  const read = readCapability(definedOf(record))
  if (read === undefined) return undefined
  return {
    ...read.capability,
    ...(input_schema !== undefined && { inputSchema: input_schema }),
    ...(output_schema !== undefined && { outputSchema: output_schema }),
    ...(examples !== undefined && {
      examples: examples.map((example) => ({ inputs: example.inputs, ...definedOf(example) })),
    }),
    ...(timeout !== undefined && { timeoutMs: timeout }),
    ...(undo !== undefined && { undo }),
  }
}

const aboutKey = (path: readonly PropertyKey[], message: string): string => {
  const key = path.findLast((part) => typeof part === 'string')
  return key === undefined ? message : `"${key}" ${message}`
}

/** Misspelt keys alone where there are any: what else is missing is mostly what they were meant to be. */
function problemsOf(issues: readonly z.core.$ZodIssue[]): EntryProblem[] {
  const misspelt = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? issue.keys.map((key) => ({ path: [...issue.path, key], key })) : [],
  )
  if (misspelt.length === 0) return issues.map(({ path, message }) => ({ path, message: aboutKey(path, message) }))
  return misspelt.map(({ path, key }) => {
    return { path, message: `"${key}" is not a key here.${didYouMean(key, KEYS)}` }
  })
}

/** The component that an entry describes, or what is wrong with it. */
export function readComponentEntry(
  entry: unknown,
  source: string,
): { readonly component: Component } | { readonly problems: readonly EntryProblem[] } {
  const parsed = componentEntry.safeParse(entry, { error: inWords })
  if (!parsed.success) return { problems: problemsOf(parsed.error.issues) }
  const { capabilities: entries, address, instances, ...rest } = parsed.data
  const addresses: readonly z.output<typeof instanceEntry>[] = instances ?? (address === undefined ? [] : [{ address }])
  const capabilities: Capability[] = []
  const problems: EntryProblem[] = []
  for (const [i, one] of entries.entries()) {
    const capability = capabilityOf(one)
    if (capability !== undefined) capabilities.push(capability)
    else problems.push({ path: ['capabilities', i], message: `the name or endpoint of "${one.name}" cannot be used` })
  }
  if (problems.length > 0) return { problems }
  return {
    component: {
      name: rest.name,
      kind: rest.kind,
      ...definedOf({ description: rest.description, envelope: rest.envelope }),
      source,
      trust: 'configured',
      capabilities,
      instances: addresses.map((instance) => ({
        id: instance.id ?? `${rest.name}@${new URL(instance.address).host}`,
        address: instance.address,
        health: 'unknown',
        ...definedOf({ region: instance.region }),
      })),
    },
  }
}
