// The shapes that cross the wire: bodies and queries are checked with them, and openapi.json is made from them.
import { z } from 'zod'
import { budgetSchema, PRIORITIES } from '../contracts/policy.ts'
import { parseDuration } from '../util/duration.ts'

const statuses = ['queued', 'running', 'waiting', 'paused', 'succeeded', 'partial', 'failed', 'cancelled'] as const
const anyObject = z.record(z.string(), z.unknown())

/** A document as an object, or as YAML or JSON text. openapi.ts puts the document's own schema in its place. */
export const documentSchema = z.union([anyObject, z.string().min(1)], {
  error: 'must be a document: an object, or YAML text',
})

const request = z
  .string({ error: 'must be text' })
  .max(100_000)
  .refine((text) => text.trim() !== '', 'must not be blank')
  .describe('What you want, in plain language.')

const DURATION = 'must be a duration such as 30s or 5m'
const durationText = z.string({ error: DURATION }).refine((text) => (parseDuration(text) ?? 0) > 0, DURATION)
const budget = z
  .strictObject({
    model_calls: budgetSchema.shape.modelCalls,
    tokens: budgetSchema.shape.tokens,
    cost: budgetSchema.shape.cost,
    wall_time: durationText.optional().describe('From the start of the run, waiting not counted; such as 2m.'),
    component_calls: budgetSchema.shape.componentCalls,
  })
  .describe('What the run may use up; of what the server sets itself the smaller limit holds.')

const options = z.strictObject({
  thread_id: z.string().min(1).max(200).optional().describe('Keeps earlier turns of the same conversation.'),
  timeout: durationText.optional().describe('Bounds the whole run.'),
  metadata: z
    .record(z.string(), z.unknown())
    .optional()
    .describe('Facts about the caller, for the planner. Data, never instructions.'),
  max_concurrency: z.number().int().min(1).max(10_000).optional().describe('Steps of this run in flight.'),
  priority: z
    .enum(PRIORITIES)
    .optional()
    .describe('Before whom it goes when there is not room for all. Default normal.'),
  key: z
    .string()
    .max(200)
    .regex(/^[^/\s]+(?:\/[^/\s]+)*$/, 'must be names with slashes between them, such as payments/alice')
    .optional()
    .describe('Whose quota and fair share it takes, below those of the API key.'),
  due_in: durationText.optional().describe('When it should be done: the earliest first among equals. Bounds nothing.'),
  budget: budget.optional(),
})

export const submitBody = z
  .strictObject({
    request: request.optional(),
    plan: documentSchema.optional().describe('Runs as a plan: a failed step leaves independent ones running.'),
    workflow: documentSchema.optional().describe('Runs as a workflow: after a failure no new step starts.'),
    inputs: anyObject.optional().describe("The document's inputs."),
    options: options.optional(),
  })
  .refine(
    (body) => [body.request, body.plan, body.workflow].filter((v) => v !== undefined).length === 1,
    'must hold exactly one of request, plan, workflow',
  )

export const planBody = z.strictObject({
  request,
  options: options.pick({ thread_id: true, metadata: true }).optional(),
})

export const validateBody = z
  .strictObject({ plan: documentSchema.optional(), workflow: documentSchema.optional() })
  .refine(
    (body) => (body.plan === undefined) !== (body.workflow === undefined),
    'must hold exactly one of plan, workflow',
  )

const wholeNumber = (least: number, most: number, fallback: number) =>
  z
    .string()
    .regex(/^\d{1,9}$/, `must be a whole number from ${least} to ${most}`)
    .transform(Number)
    .pipe(z.number().min(least).max(most))
    .default(fallback)

export const submitQuery = z.strictObject({
  wait: z.enum(['true', 'false']).default('false').describe('Answer with the final response instead of 202.'),
})
export const listQuery = z.strictObject({
  limit: wholeNumber(1, 100, 20),
  status: z.enum(statuses).optional(),
  cursor: z
    .string()
    .regex(/^[\w.:=~-]{1,300}$/, 'is not one that was given out')
    .optional(),
})
export const searchQuery = z.strictObject({
  q: z
    .string({ error: 'must be given' })
    .max(1_000)
    .refine((text) => text.trim() !== '', 'must not be blank'),
  k: wholeNumber(1, 100, 10),
})
export const emptyQuery = z.strictObject({})
/** For routes that monitors call with parameters of their own. */
export const anyQuery = z.record(z.string(), z.string())

// ---- answers ------------------------------------------------------------------------------------------------------

const error = z.object({
  code: z.string(),
  message: z.string(),
  retryable: z.boolean().optional(),
  details: anyObject.optional(),
})
const issue = z.object({
  code: z.string(),
  severity: z.enum(['error', 'warning']),
  step: z.string().optional(),
  pointer: z.string().describe('JSON pointer into the document.'),
  message: z.string(),
  alternatives: z.array(z.string()),
  line: z.number().int().optional(),
  column: z.number().int().optional(),
})
const attempt = z.object({
  n: z.number().int(),
  component: z.string().optional(),
  action: z.string().optional(),
  instance: z.string().optional(),
  inputs: z.unknown(),
  status: z.enum(['running', 'succeeded', 'failed', 'cancelled']),
  error: error.optional(),
  started_at: z.iso.datetime(),
  duration_ms: z.number().optional(),
})
const decision = z.object({
  class: z.string(),
  error,
  options: z.array(
    z.object({
      way: z.string(),
      what: z.string().optional(),
      feasible: z.boolean(),
      why: z.string(),
      cost: z.string(),
      impact: z.string(),
      wait_ms: z.number().optional(),
    }),
  ),
  chosen: z.string(),
  why: z.string(),
  next: z.string().optional(),
})
const step = z.object({
  name: z.string(),
  component: z.string().optional(),
  action: z.string().optional(),
  status: z.enum(['pending', 'running', 'waiting', 'succeeded', 'failed', 'skipped', 'cancelled']),
  inputs: z.unknown().optional(),
  output: z.unknown().optional(),
  error: error.optional(),
  skip_reason: z.string().optional(),
  attempts: z.array(attempt),
  repairs: z.array(anyObject).optional(),
  recoveries: z.array(decision).optional(),
  degraded: z.literal(true).optional(),
  depends_on: z.array(z.string()),
  started_at: z.iso.datetime().optional(),
  ended_at: z.iso.datetime().optional(),
  duration_ms: z.number().optional(),
})
const tokens = { model_calls: z.number().int(), input_tokens: z.number().int(), output_tokens: z.number().int() }
const run = z.object({
  run_id: z.string(),
  status: z.enum(statuses),
  answer: z.string().nullable(),
  request: z.string().optional(),
  outputs: anyObject.optional(),
  plan: documentSchema.nullable(),
  steps: z.array(step),
  usage: z.object({ ...tokens, by_purpose: z.record(z.string(), z.object(tokens)) }),
  timings: z.object({
    planning_ms: z.number(),
    execution_ms: z.number(),
    synthesis_ms: z.number(),
    total_ms: z.number(),
  }),
  degraded: z.object({ reason: z.string(), way: z.string() }).optional(),
  missing: z.array(z.string()).optional(),
  stop_reason: z.enum(['budget']).optional().describe('Why the run ended before everything was done.'),
  budget: z
    .object({
      limits: z.record(z.string(), z.number()),
      used: z.record(z.string(), z.number()),
      exceeded: z.string().optional(),
    })
    .optional()
    .describe('What the run was allowed and what it used: model_calls, tokens, cost, wall_time_ms, component_calls.'),
  errors: z.array(error.extend({ step: z.string().optional() })).optional(),
  started_at: z.iso.datetime().optional(),
  ended_at: z.iso.datetime().optional(),
})
const summary = z.object({
  run_id: z.string(),
  status: z.enum(statuses),
  request: z.string().optional(),
  name: z.string().optional(),
  principal: z.string(),
  created_at: z.iso.datetime(),
  ended_at: z.iso.datetime().optional(),
})
const explanation = z.object({
  stages: z.array(z.array(z.string())),
  critical_path: z.array(z.string()),
  edges: z.array(z.object({ from: z.string(), to: z.string() })),
  max_parallelism: z.number().int(),
  text: z.string(),
})
const capability = z.object({
  name: z.string(),
  description: z.string(),
  effect: z.enum(['read', 'write', 'unknown']),
  input_schema: anyObject,
  output_schema: anyObject.optional(),
  idempotent: z.boolean().optional(),
  internal: z.boolean().optional(),
  tags: z.array(z.string()).optional(),
})
const component = z.object({
  name: z.string(),
  kind: z.enum(['tool', 'agent']),
  description: z.string().optional(),
  source: z.string(),
  trust: z.enum(['local', 'configured', 'discovered']),
  capabilities: z.array(capability),
  instances: z.array(
    z.object({ id: z.string(), address: z.string().optional(), health: z.enum(['healthy', 'unhealthy', 'unknown']) }),
  ),
})

/** Every answer that openapi.json names. */
export const answers = {
  Accepted: z.object({ run_id: z.string(), status: z.enum(statuses) }),
  Run: run,
  RunList: z.object({ items: z.array(summary), next_cursor: z.string().optional() }),
  PlanOutcome: z.object({
    plan: documentSchema,
    issues: z.array(issue),
    explanation,
    way: z.enum(['model', 'cache', 'local', 'given']),
    degraded: z.object({ reason: z.string(), way: z.string() }).optional(),
  }),
  Validation: z.object({ valid: z.boolean(), issues: z.array(issue) }),
  Catalog: z.object({ fingerprint: z.string(), components: z.array(component), sources: z.array(anyObject) }),
  Component: component,
  SearchResult: z.object({
    items: z.array(
      z.object({
        component: z.string(),
        action: z.string(),
        description: z.string(),
        effect: z.string(),
        score: z.number().optional(),
        input_schema: anyObject,
      }),
    ),
  }),
  Health: z.object({
    status: z.enum(['healthy', 'degraded', 'unhealthy']),
    ready: z.boolean(),
    checks: z.record(z.string(), z.string()),
  }),
  Ready: z.object({ ready: z.literal(true) }),
  Any: z.unknown(),
  Problem: z.object({
    type: z.string(),
    title: z.string(),
    status: z.number().int(),
    code: z.string(),
    detail: z.string(),
    issues: z.array(issue).optional(),
    run_id: z.string().optional(),
  }),
} as const
export type AnswerName = keyof typeof answers
