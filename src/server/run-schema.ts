// A run as the wire shows it: its steps, their attempts, its plans.
import { z } from 'zod'

export const statuses = [
  'queued',
  'running',
  'waiting',
  'paused',
  'succeeded',
  'partial',
  'failed',
  'cancelled',
] as const
export const anyObject = z.record(z.string(), z.unknown())

/** A document as an object, or as YAML or JSON text. openapi.ts puts the document's own schema in its place. */
export const documentSchema = z.union([anyObject, z.string().min(1)], {
  error: 'must be a document: an object, or YAML text',
})

const errorSchema = z.object({
  code: z.string(),
  message: z.string(),
  retryable: z.boolean().optional(),
  details: anyObject.optional(),
})
export const issueSchema = z.object({
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
  error: errorSchema.optional(),
  started_at: z.iso.datetime(),
  duration_ms: z.number().optional(),
})
const decision = z.object({
  class: z.string(),
  error: errorSchema,
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
  error: errorSchema.optional(),
  skip_reason: z.string().optional(),
  attempts: z.array(attempt),
  repairs: z.array(anyObject).optional(),
  recoveries: z.array(decision).optional(),
  degraded: z.literal(true).optional(),
  early: z.literal(true).optional().describe('It began while the plan was still being written.'),
  superseded: z.literal(true).optional().describe('Of an earlier revision of the plan.'),
  depends_on: z.array(z.string()),
  started_at: z.iso.datetime().optional(),
  ended_at: z.iso.datetime().optional(),
  duration_ms: z.number().optional(),
})
const tokens = { model_calls: z.number().int(), input_tokens: z.number().int(), output_tokens: z.number().int() }
const revision = z.object({
  revision: z.number().int(),
  reason: z.string().optional(),
  document: documentSchema,
  changes: z
    .object({
      kept: z.array(z.string()),
      added: z.array(z.string()),
      changed: z.array(z.string()),
      removed: z.array(z.string()),
    })
    .optional(),
  at: z.iso.datetime(),
})
export const runSchema = z.object({
  run_id: z.string(),
  status: z.enum(statuses),
  answer: z.string().nullable(),
  request: z.string().optional(),
  outputs: anyObject.optional(),
  plan: documentSchema.nullable(),
  revisions: z.array(revision).optional().describe('All plans of the run in order, when there was more than one.'),
  steps: z.array(step),
  usage: z.object({ ...tokens, by_purpose: z.record(z.string(), z.object(tokens)) }),
  timings: z.object({
    planning_ms: z.number(),
    execution_ms: z.number(),
    synthesis_ms: z.number(),
    first_step_ms: z.number().optional().describe('From the start of the run to its first step.'),
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
  errors: z.array(errorSchema.extend({ step: z.string().optional() })).optional(),
  started_at: z.iso.datetime().optional(),
  ended_at: z.iso.datetime().optional(),
})
export const summarySchema = z.object({
  run_id: z.string(),
  status: z.enum(statuses),
  request: z.string().optional(),
  name: z.string().optional(),
  principal: z.string(),
  created_at: z.iso.datetime(),
  ended_at: z.iso.datetime().optional(),
})
