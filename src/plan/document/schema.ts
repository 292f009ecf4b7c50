// The document as files and wires have it: snake_case, strict. The one source for reading and for the JSON Schema of editors.
// What the format names and this release does not run is here too, so that it is refused by name instead of being overlooked.
import { z } from 'zod'
import type { JsonSchema, JsonValue } from '../../contracts/json.ts'
import { MAX_ATTEMPTS, PRIORITIES } from '../../contracts/policy.ts'
import { wireKeysAt } from '../../util/shape.ts'
import { duration } from './duration-text.ts'
import { BUDGET_SHAPE, POLICIES_SHAPE, wireBudgetSchema, wirePoliciesSchema } from './policies.ts'

/** JSON of any shape; that it is JSON was made sure of when the text or object was read. */
const json = z.custom<JsonValue>()
const jsonObject = z.record(z.string(), json)

const inputs = z
  .union([jsonObject, z.string()])
  .describe('Values may hold ${...}; a text is one reference that yields the whole object.')

const LATER = 'Not supported yet.'
const later = (what: string) => json.optional().describe(`${LATER} ${what}`)

const retrySchema = z.strictObject({
  max_attempts: z
    .number()
    .int()
    .min(1, 'must be at least 1: the first call counts as an attempt')
    .max(MAX_ATTEMPTS)
    .optional(),
  backoff: z.enum(['fixed', 'linear', 'exponential']).optional(),
  initial_wait: duration.optional(),
  max_wait: duration.optional(),
})

const waitSchema = z.strictObject({
  for: duration.optional().describe('How long to wait.'),
  until: z
    .string()
    .min(1)
    .optional()
    .describe('An ISO time, or an expression that gives one, or a condition that becomes true.'),
  timeout: duration.optional().describe('Longest wait for `until`.'),
  signal: later('Waiting for a signal from outside.'),
})

const fallbackCall = z.strictObject({
  component: z.string().min(1),
  action: z.string().min(1).optional(),
  inputs: inputs.optional(),
})
const fallbackValue = z.strictObject({ value: json })
const fallback = z.union([fallbackCall, fallbackValue])

const priority = z.enum(PRIORITIES)
const concurrencySchema = z.strictObject({
  key: z.string().min(1).describe('May hold ${inputs.NAME}.'),
  limit: z.number().int().min(1),
})

const STEP_TYPES = ['call', 'gate', 'transform', 'wait', 'ai-generate'] as const
export const LATER_STEP_TYPES = ['ai-routing', 'workflow', 'approval', 'parallel'] as const

export const LATER_STEP_KEYS = {
  components: later('The components that an ai-routing step may use.'),
  workflow: later('Another workflow, by name.'),
  parallel: later('Steps that run as children of this one.'),
  steps: later('Steps that run as children of this one.'),
  for_each: later('One child for each item of a list.'),
  max_parallel: later('How many children run at once.'),
  scatter_gather: later('A call to every component that offers a capability.'),
  aggregate: later('How the outputs of children become one.'),
  sync: later('Going on before every dependency has settled.'),
  approval: later('Asking a person before the step runs.'),
  compensate: later('What undoes this step when the run fails.'),
  state_key: later('Stores the output under `state.KEY`.'),
}

const stepSchema = z.strictObject({
  name: z.string().optional().describe("Unique; default: the component's name."),
  type: z
    .enum([...STEP_TYPES, 'condition', ...LATER_STEP_TYPES])
    .optional()
    .describe(
      `Default: call when a component or capability is named, else gate. ${LATER_STEP_TYPES.join(', ')}: not supported yet.`,
    ),
  description: z.string().optional(),
  component: z.string().min(1).optional().describe('The component to call.'),
  tool: z.string().min(1).optional().describe('The component to call, which must be a tool.'),
  agent: z.string().min(1).optional().describe('The component to call, which must be an agent.'),
  action: z.string().min(1).optional().describe("The capability's name; default: the component's only one."),
  capability: z.string().min(1).optional().describe('Alone: any healthy component that offers it.'),
  inputs: inputs.optional(),
  depends_on: z
    .union([z.array(z.string()), z.string()])
    .optional()
    .describe('Steps to wait for; references count by themselves.'),
  if: z.string().optional().describe('An expression; the step is skipped when it is false.'),
  condition: json.optional().describe('The older way to write `if`: {if, then?, else?}.'),
  replan_if: z
    .string()
    .optional()
    .describe('An expression; true once the step has succeeded means that the rest of the plan is thought over.'),
  retry: retrySchema.optional(),
  timeout: duration.optional().describe('Bounds one attempt.'),
  deadline: duration.optional().describe('Bounds the step with queueing, retries and recovery.'),
  on_error: z.enum(['fail', 'continue']).optional(),
  fallback: z.union([fallbackCall, fallbackValue, z.array(fallback).min(1)]).optional(),
  idempotent: z.boolean().optional().describe('Whether the call may be repeated after a lost answer.'),
  priority: priority.optional().describe("Which of the steps that could start does first. Default: the run's."),
  optional: z.boolean().optional().describe('May be left out when a budget comes to its end.'),
  concurrency: concurrencySchema
    .optional()
    .describe('At most `limit` steps with this key at once, over all runs of the process.'),
  resources: z
    .record(z.string(), z.number().positive())
    .optional()
    .describe('Named slots of resources.inventory, all taken at once while the step is at work.'),
  set: jsonObject.optional().describe('type transform: the output, key by key.'),
  wait: waitSchema.optional().describe('type wait: `for`, or `until`.'),
  prompt: z.string().min(1).optional().describe('type ai-generate: what the model is asked.'),
  output_schema: jsonObject
    .optional()
    .describe('type ai-generate: the JSON Schema of the answer; without it the answer is text.'),
  ...LATER_STEP_KEYS,
})

const INPUT_TYPES = ['string', 'number', 'integer', 'boolean', 'object', 'array', 'any'] as const
const inputType = z.enum(INPUT_TYPES)
const inputSpecSchema = z.strictObject({
  type: inputType.optional(),
  required: z.boolean().optional(),
  default: json.optional(),
  description: z.string().optional(),
  enum: z.array(json).min(1).optional(),
  secret: z.boolean().optional().describe('Shown as [secret NAME] everywhere but in the call itself.'),
})

const onErrorSchema = z.strictObject({ strategy: z.enum(['fail', 'continue']) })

/** Loaded, and of no effect in this release. */
export const IDLE_DOCUMENT_KEYS = {
  compatible_with: json.optional().describe('Loaded; has no effect yet.'),
  migration: json.optional().describe('Loaded; has no effect yet.'),
}
export const LATER_DOCUMENT_KEYS = {
  state: later('State that outlives the run.'),
}

export const documentSchema = z.strictObject({
  api_version: z.literal(1).optional(),
  name: z.string().min(1).optional().describe('Makes the document a workflow: a failure then stops it.'),
  version: z.string().optional(),
  description: z.string().optional(),
  inputs: z.record(z.string(), z.union([inputSpecSchema, inputType])).optional(),
  steps: z.array(stepSchema),
  outputs: jsonObject.optional().describe('Values may hold ${...}.'),
  timeout: duration.optional().describe('Bounds the whole run.'),
  on_error: onErrorSchema.optional().describe('Default: fail for a document with a name, else continue.'),
  priority: priority.optional().describe('Of the run. Default: normal.'),
  budget: wireBudgetSchema.optional().describe('What the run may use up.'),
  recovery: wirePoliciesSchema
    .optional()
    .describe('By component name: how failures are recovered from, laid over the configuration.'),
  reason: z.string().optional().describe('With `steps: []`: why nothing can be done.'),
  missing: z.array(z.string()).optional().describe('What would be needed to serve the request, or the rest of it.'),
  ...IDLE_DOCUMENT_KEYS,
  ...LATER_DOCUMENT_KEYS,
})

export type WireDocument = z.output<typeof documentSchema>
export type WireStep = z.output<typeof stepSchema>
export type WireFallback = z.output<typeof fallback>

const FALLBACK_KEYS = [...Object.keys(fallbackCall.shape), ...Object.keys(fallbackValue.shape)]

/** The keys that may stand in the object at this path of a document. */
export function legalKeysAt(path: readonly PropertyKey[]): readonly string[] {
  const [first, , third] = path
  if (path.length === 0) return Object.keys(documentSchema.shape)
  if (first === 'on_error') return Object.keys(onErrorSchema.shape)
  if (first === 'budget') return wireKeysAt(BUDGET_SHAPE, path.slice(1))
  if (first === 'recovery') return wireKeysAt(POLICIES_SHAPE, path.slice(1))
  if (first === 'inputs' && path.length === 2) return Object.keys(inputSpecSchema.shape)
  if (first !== 'steps') return []
  if (path.length === 2) return Object.keys(stepSchema.shape)
  if (third === 'retry') return Object.keys(retrySchema.shape)
  if (third === 'wait') return Object.keys(waitSchema.shape)
  if (third === 'concurrency') return Object.keys(concurrencySchema.shape)
  if (third === 'fallback') return FALLBACK_KEYS
  return []
}

let generated: JsonSchema | undefined

/** The JSON Schema (2020-12) of documents, for editors. */
export function documentJsonSchema(): JsonSchema {
  generated ??= {
    ...z.toJSONSchema(documentSchema, { io: 'input', unrepresentable: 'any' }),
    title: 'tutti plan or workflow',
  }
  return generated
}
