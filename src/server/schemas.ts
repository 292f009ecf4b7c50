// The shapes that cross the wire: bodies and queries are checked with them, and openapi.json is made from them.
import { z } from 'zod'
import { budgetSchema, PRIORITIES } from '../contracts/policy.ts'
import { parseDuration } from '../util/duration.ts'
import { explanationSchema } from './explanation-schema.ts'
import { anyObject, documentSchema, issueSchema, runSchema, statuses, summarySchema } from './run-schema.ts'

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
  max_replans: z
    .number()
    .int()
    .min(0)
    .max(5)
    .optional()
    .describe('How often the rest of the plan of a request may be written anew.'),
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
  .strictObject({
    plan: documentSchema.optional(),
    workflow: documentSchema.optional(),
    lock: anyObject.optional().describe('The content of its lock file: what has changed since is told too.'),
  })
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
    .max(1_000, 'must have at most 1000 characters')
    .refine((text) => text.trim() !== '', 'must not be blank'),
  k: wholeNumber(1, 100, 10),
  explain: z
    .enum(['true', 'false'])
    .optional()
    .describe(
      'Whether to say what was held back, and why. Then helpers count among the hits, and what the key may not use is left out.',
    ),
})
/** GoMind's; other keys of it are passed over, as there. */
export const capabilitiesBody = z.object({
  query: z
    .string({ error: 'must be given' })
    .max(10_000, 'must have at most 10000 characters')
    .refine((text) => text.trim() !== '', 'must not be blank'),
  metadata: z.record(z.string(), z.unknown()).nullish(),
  top_k: z.number().int().min(1).max(200).default(20),
  threshold: z.number().min(0).max(1).optional(),
})
export const emptyQuery = z.strictObject({})
/** For routes that monitors call with parameters of their own. */
export const anyQuery = z.record(z.string(), z.string())

// ---- answers ------------------------------------------------------------------------------------------------------

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
  Run: runSchema,
  RunList: z.object({ items: z.array(summarySchema), next_cursor: z.string().optional() }),
  PlanOutcome: z.object({
    plan: documentSchema,
    issues: z.array(issueSchema),
    explanation: explanationSchema,
    way: z.enum(['model', 'cache', 'local', 'given']),
    degraded: z.object({ reason: z.string(), way: z.string() }).optional(),
  }),
  Explanation: explanationSchema,
  Validation: z.object({ valid: z.boolean(), issues: z.array(issueSchema) }),
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
        why: z.string().optional(),
        degraded: z.literal(true).optional(),
        input_schema: anyObject,
      }),
    ),
    hidden: z
      .array(z.object({ name: z.string(), why: z.string() }))
      .optional()
      .describe('With `explain`: what was held back, and why.'),
  }),
  Capabilities: z.object({
    capabilities: z.string(),
    agent_names: z.array(z.string()),
    agents_found: z.number().int(),
    tools_found: z.number().int(),
    search_method: z.string(),
    processing_time: z.string(),
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
    issues: z.array(issueSchema).optional(),
    run_id: z.string().optional(),
  }),
} as const
export type AnswerName = keyof typeof answers
