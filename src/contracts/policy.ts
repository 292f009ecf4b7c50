// What an operator declares of single components, models, keys and targets: limits, recovery, prices, credentials, whom to
// tell. One schema; files write the keys in snake_case and durations with a unit, as everywhere in the configuration.
import { z } from 'zod'
import type { ErrorClass } from './errors.ts'
import type { JsonObject, JsonValue } from './json.ts'

const LONGEST_MS = 2_147_483_647
const duration = () => z.number().int().min(0).max(LONGEST_MS)
const span = () => z.number().int().min(1).max(LONGEST_MS)
const count = () => z.number().int().min(1)
const json = z.custom<JsonValue>()
/** Each is kept in the record of the run. */
const attempts = () => count().max(MAX_ATTEMPTS)

/** Most calls that a step or a policy may ask for. */
export const MAX_ATTEMPTS = 100

/** Priorities by name, the most urgent first. */
export const PRIORITIES = ['critical', 'high', 'normal', 'low'] as const
/** One of {@link PRIORITIES}. */
export type Priority = (typeof PRIORITIES)[number]

/** What a run may use up. Absent: no such limit. */
export const budgetSchema = z.strictObject({
  modelCalls: count().optional().describe('Calls to models, in all.'),
  tokens: count().optional().describe('Input and output tokens, in all.'),
  cost: z.number().positive().optional().describe('In the currency of the price table.'),
  wallTimeMs: span().optional().describe('From the start of the run, waiting not counted.'),
  componentCalls: count().optional().describe('Calls to components, repeated ones too.'),
})
/** What a run may use up; absent: no such limit. */
export type BudgetSpec = z.output<typeof budgetSchema>
/** A limit of a {@link BudgetSpec}. */
export type BudgetKind = keyof BudgetSpec

/** So many within so long; `burst` at once (default: as many as `requests`). */
const rateLimitSchema = z.strictObject({
  requests: count(),
  perMs: span().default(1_000),
  burst: count().optional(),
})
/** So many `requests` within `perMs`, `burst` of them at once. */
export type RateLimitSpec = z.output<typeof rateLimitSchema>

/**
 * One alternative after a failure. With `component`: that component (default: the same action, the same inputs). With
 * `region`: the same capability on instances of that region. With `inputs` alone: the same call with these inputs laid over
 * (another model, a smaller page). With `value`: a degraded result. `when` is an expression over `error.code`, `error.class`,
 * `error.status` and `error.message`; without it the alternative always counts.
 */
const policyFallbackSchema = z.strictObject({
  component: z.string().min(1).optional(),
  action: z.string().min(1).optional(),
  region: z.string().min(1).optional(),
  inputs: z.record(z.string(), json).optional(),
  value: json.optional(),
  when: z.string().min(1).optional(),
})
export type PolicyFallback = z.output<typeof policyFallbackSchema>

const ERROR_CLASS_NAMES = [
  'transient',
  'backend',
  'authentication',
  'resource',
  'input',
  'permanent',
] as const satisfies readonly ErrorClass[]

const repeatShape = {
  maxAttempts: attempts().optional().describe('Calls in all.'),
  backoff: z.enum(['fixed', 'linear', 'exponential']).optional(),
  initialWaitMs: duration().optional(),
  factor: z.number().min(1).optional(),
  maxWaitMs: duration().optional(),
}

/** How failures of one component are recovered from; in the configuration and in documents. What a step says itself is stronger. */
export const recoveryPolicySchema = z.strictObject({
  ...repeatShape,
  classes: z
    .partialRecord(
      z.enum(ERROR_CLASS_NAMES),
      z.strictObject({
        ...repeatShape,
        strategy: z
          .enum(['retry', 'fallback', 'fail'])
          .optional()
          .describe('`retry` first (default), straight to the `fallback`s, or `fail` at once.'),
      }),
    )
    .optional()
    .describe('By class of error: transient, backend, authentication, resource, input, permanent.'),
  fallbacks: z.array(policyFallbackSchema).min(1).optional().describe('In this order, after retries.'),
  semantic: z.boolean().optional().describe('Whether the model may correct inputs.'),
  equivalents: z
    .boolean()
    .optional()
    .describe('Whether another component with the same capability may take over. Default true.'),
  escalateAfter: count().optional().describe('Failed steps in a row before people are told.'),
  notify: z.array(z.string().min(1)).optional().describe('Names of `notify.targets` that hear of escalations.'),
})
/** How failures of one component are recovered from. */
export type RecoveryPolicy = z.output<typeof recoveryPolicySchema>

/** Thresholds of the breakers of one component's instances. */
const breakerPolicySchema = z.strictObject({
  enabled: z.boolean().optional(),
  errorPercentage: z.number().min(1).max(100).optional(),
  volume: count().optional(),
  windowMs: span().optional(),
  resetMs: span().optional(),
  ramp: z.array(z.number().gt(0).max(1)).min(1).optional(),
  rampCalls: count().optional(),
})
export type BreakerPolicy = z.output<typeof breakerPolicySchema>

const origins = () =>
  z
    .array(z.string().min(1))
    .min(1)
    .optional()
    .describe(
      'Where they may go, such as "https://pay.example": nowhere else. Must be said for components that register in Redis.',
    )

/** Sent to the component's own origin only, and only to `origins` where they are said. */
const credentialsSchema = z.discriminatedUnion('type', [
  z.strictObject({ type: z.literal('bearer'), token: z.string().min(1), origins: origins() }),
  z.strictObject({
    type: z.literal('header'),
    name: z.string().min(1),
    value: z.string().min(1),
    origins: origins(),
  }),
  z.strictObject({
    type: z.literal('client-credentials'),
    origins: origins(),
    tokenUrl: z.string().min(1),
    clientId: z.string().min(1),
    clientSecret: z.string().min(1),
    scope: z.string().optional(),
    audience: z.string().optional(),
  }),
])
/** What a component is shown with each call. */
export type CredentialsSpec = z.output<typeof credentialsSchema>

/** What is declared of one component, under `components.NAME`. */
export const componentPolicySchema = z.strictObject({
  maxConcurrency: count()
    .optional()
    .describe('Calls in flight to it, over all runs. Default executor.component_concurrency.'),
  adaptive: z.enum(['off', 'errors', 'latency']).optional().describe('Default executor.adaptive.'),
  maxQueued: count().optional().describe('Steps that may wait for it. Default executor.max_queued.'),
  rateLimit: rateLimitSchema.optional(),
  connections: count().optional().describe('Sockets per instance. Default 64.'),
  timeoutMs: span().optional().describe('One attempt; a step that says its own is stronger.'),
  cost: z.number().min(0).optional().describe('Of one call, for budgets.'),
  resources: z
    .record(z.string(), z.number().positive())
    .optional()
    .describe('What each call takes of resources.inventory.'),
  credentials: credentialsSchema.optional(),
  breaker: breakerPolicySchema.optional(),
  recovery: recoveryPolicySchema.optional(),
})
/** What is declared of one component. */
export type ComponentPolicy = z.output<typeof componentPolicySchema>

/** What is declared of one model, under `models."VENDOR:NAME"`. Prices are per million tokens. */
export const modelPolicySchema = z.strictObject({
  inputPrice: z.number().min(0).optional(),
  outputPrice: z.number().min(0).optional(),
  maxConcurrency: count().optional(),
  rateLimit: rateLimitSchema.optional(),
  tokensPerMinute: count().optional(),
})
/** What is declared of one model. Prices are per million tokens. */
export type ModelPolicy = z.output<typeof modelPolicySchema>

/** What one key (a principal, a team, `team/user`) may use, under `quotas.KEY`; `default` is for every key without its own. */
export const quotaSchema = z.strictObject({
  maxConcurrency: count().optional().describe('Steps at work at once, over all runs of the key.'),
  maxRuns: count().optional().describe('Runs at work at once; more wait.'),
  maxQueued: count().optional().describe('Runs that may wait; more are refused.'),
  weight: z.number().positive().optional().describe('Share when keys compete. Default 1.'),
  budget: budgetSchema.optional().describe('Of each run of the key.'),
})
/** What one key may use. */
export type QuotaSpec = z.output<typeof quotaSchema>

/** What can be told to a target of notifications. */
const NOTICE_KINDS = ['escalation', 'recovered', 'recovery-failed', 'breaker', 'run-failed', 'budget'] as const
/** One of {@link NOTICE_KINDS}. */
export type NoticeKind = (typeof NOTICE_KINDS)[number]

/** A webhook under `notify.targets.NAME`. Bodies are signed with the secret (HMAC-SHA256). */
export const notifyTargetSchema = z.strictObject({
  url: z.string().min(1),
  secret: z.string().min(8).optional(),
  on: z.array(z.enum(NOTICE_KINDS)).min(1).optional().describe('Default: escalation, recovery-failed, breaker.'),
  components: z.array(z.string().min(1)).optional().describe('Only what concerns these. Default: all.'),
})
/** A webhook that is told of notices. */
export type NotifyTarget = z.output<typeof notifyTargetSchema>

/** What a notice says; also the body of the webhook, in snake_case. No inputs, no outputs, no secrets. */
export interface Notice {
  readonly id: string
  readonly kind: NoticeKind
  /** ISO 8601 UTC. */
  readonly at: string
  readonly runId?: string
  readonly step?: string
  readonly component?: string
  readonly message: string
  readonly details?: JsonObject
  /** Names of targets that are told whatever they listen to. */
  readonly targets?: readonly string[]
}
