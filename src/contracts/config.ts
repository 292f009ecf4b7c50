// All settings, in one schema: types, defaults, file keys and environment variables derive from it.
// A key that ends in `Ms` is a duration: in files and variables it is written without the suffix, as `30s` or `500ms`;
// `executor.stepTimeoutMs` is `executor.step_timeout` in a file and `TUTTI_EXECUTOR_STEP_TIMEOUT` in the environment.
import { z } from 'zod'
import { budgetSchema, componentPolicySchema, modelPolicySchema, notifyTargetSchema, quotaSchema } from './policy.ts'
import { sourcesSchema } from './sources.ts'

const duration = (defaultMs: number) => z.number().int().min(0).max(2_147_483_647).default(defaultMs)
const positive = (value: number) => z.number().int().min(1).default(value)
const section = <T extends z.ZodRawShape>(shape: T) => z.strictObject(shape).prefault({} as never)

export const configSchema = z.strictObject({
  profile: z
    .enum(['development', 'production', 'testing'])
    .default('development')
    .describe('Where this runs. It is shown, and changes nothing yet.'),
  model: section({
    default: z
      .string()
      .optional()
      .describe('`openai:NAME`, `anthropic:NAME`, or a comma list: failover in that order. TUTTI_MODEL.'),
    plan: z.string().optional().describe('Model for planning, instead of the default one.'),
    select: z.string().optional().describe('Model for choosing capabilities.'),
    fill: z.string().optional().describe('Model for missing inputs.'),
    reResolve: z.string().optional().describe('Model for correcting inputs after a failure.'),
    generate: z.string().optional().describe('Model for ai-generate steps.'),
    synthesize: z.string().optional().describe('Model for the answer.'),
    idleTimeoutMs: duration(60_000).describe(
      'Longest pause within a streamed answer; the clock restarts with every piece.',
    ),
    timeoutMs: duration(300_000).describe('Longest whole model call, from send to the last piece.'),
    maxAttempts: positive(3).describe('Calls per model, for transient errors; then the next of the list.'),
    temperature: z
      .number()
      .min(0)
      .max(2)
      .optional()
      .describe(
        "Sent as given, 0 as 0; absent: 0 for planning and correction, the vendor's own else. Never sent to reasoning models.",
      ),
  }),
  openai: section({
    apiKey: z.string().optional().describe('OPENAI_API_KEY'),
    baseUrl: z
      .string()
      .optional()
      .describe('OPENAI_BASE_URL: a compatible server (Ollama, vLLM, a gateway); then chat completions are used.'),
  }),
  anthropic: section({
    apiKey: z.string().optional().describe('ANTHROPIC_API_KEY'),
    baseUrl: z.string().optional().describe('ANTHROPIC_BASE_URL'),
  }),
  redis: section({
    url: z.string().optional().describe('REDIS_URL: where components register.'),
    namespaces: z
      .array(z.string())
      .default(['tutti', 'gomind'])
      .describe('Key prefixes that are read. TUTTI_REDIS_NAMESPACE, a comma list.'),
  }),
  catalog: section({
    refreshMs: duration(10_000).describe('Pause between refreshes; begins when a refresh ends.'),
    startTimeoutMs: duration(3_000).describe('Longest that start-up waits for a source.'),
    loadTimeoutMs: duration(5_000).describe('Longest single load of a source.'),
  }),
  capabilities: section({
    provider: z
      .enum(['auto', 'all', 'search', 'service', 'tiered'])
      .default('auto')
      .describe(
        '`auto`: all of them up to 50, search above; `service` when a service URL is set. `tiered`: a cheap model picks from summaries.',
      ),
    topK: positive(20).describe('How many capabilities a search offers.'),
    serviceUrl: z
      .string()
      .optional()
      .describe('An external search service (`POST {url}/capabilities`). Setting it turns the provider `service` on.'),
    threshold: z.number().min(0).max(1).default(0.7).describe('Least similarity that the service should return.'),
    serviceTimeoutMs: duration(10_000).describe('One request to the service.'),
    dependencies: z
      .enum(['off', 'declared', 'inferred'])
      .default('declared')
      .describe(
        'Whether a search brings what a hit needs: by its `requires`, or also by outputs that feed its required inputs.',
      ),
    effects: z
      .array(z.enum(['read', 'write', 'unknown']))
      .min(1)
      .optional()
      .describe('Only capabilities with these effects are offered. Default: all.'),
    tags: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe('Only capabilities with one of these tags are offered.'),
    excludeTags: z
      .array(z.string().min(1))
      .min(1)
      .optional()
      .describe('Capabilities with one of these tags are not offered.'),
    maxCost: z
      .number()
      .min(0)
      .optional()
      .describe('Capabilities of components whose call costs more (components.NAME.cost) are not offered.'),
    embeddings: z
      .string()
      .optional()
      .describe('`openai:NAME`: an embedding model of OpenAI or a compatible server, fused with the lexical search.'),
    embeddingsFile: z.string().optional().describe('Where vectors are kept between starts.'),
  }),
  planner: section({
    cacheEnabled: z.boolean().default(true),
    cacheTtlMs: duration(300_000).describe('How long a plan is reused for the same request.'),
    cacheSize: positive(1_000),
    maxRepairs: z.number().int().min(0).max(5).default(2).describe('Model calls to correct an invalid plan.'),
    earlyStart: z
      .boolean()
      .default(true)
      .describe('Whether steps that only read may begin while the model still writes the plan.'),
    maxReplans: z
      .number()
      .int()
      .min(0)
      .max(5)
      .default(0)
      .describe(
        'How often the rest of a plan may be written anew, after steps failed for good or changed the picture.',
      ),
    shortWay: z
      .boolean()
      .default(true)
      .describe('Whether a request that one capability surely serves is planned without asking the model.'),
    examples: z.number().int().min(0).max(5).default(2).describe('Earlier good plans shown for similar requests.'),
    template: z
      .string()
      .optional()
      .describe('Your own system text for planning; `{{rules}}` stands for the standard rules.'),
    persona: z.string().optional().describe('Who the planner and synthesizer speak as.'),
    domain: z.string().optional().describe('Rules of the domain, added to the prompt.'),
  }),
  executor: section({
    maxConcurrency: positive(10).describe('Steps of one run in flight.'),
    componentConcurrency: positive(64).describe('Calls in flight to one component, over all runs.'),
    processConcurrency: z
      .number()
      .int()
      .min(1)
      .optional()
      .describe('Steps in flight in this process, over all runs. Default: no such limit.'),
    keyConcurrency: z
      .number()
      .int()
      .min(1)
      .optional()
      .describe('Steps in flight of one key, over all its runs. Default: no such limit.'),
    maxQueued: positive(10_000).describe('Steps that may wait for one component; more fail with queue_full.'),
    adaptive: z
      .enum(['off', 'errors', 'latency'])
      .default('errors')
      .describe(
        'Whether the calls in flight to a component follow what it can bear: by its errors, also by its latency.',
      ),
    largeOutputBytes: positive(65_536).describe(
      'Larger outputs stand in journals and prompts as a digest and a reference.',
    ),
    stepTimeoutMs: duration(30_000).describe('One attempt, from send to the last byte.'),
    maxSteps: positive(20_000).describe('Largest document.'),
    maxResponseBytes: positive(10_000_000).describe('Largest answer of a component.'),
  }),
  recovery: section({
    maxAttempts: positive(3).describe('Calls in all for transient failures.'),
    initialWaitMs: duration(100),
    factor: z.number().min(1).default(2),
    maxWaitMs: duration(5_000),
    unknown: z
      .enum(['repeat', 'ask'])
      .default('repeat')
      .describe('Whether a capability of unknown effect may be repeated after a lost answer.'),
    semanticEnabled: z
      .boolean()
      .default(true)
      .describe('Correct the inputs with the model after a failure that speaks of them.'),
    semanticAttempts: z.number().int().min(0).max(10).default(2),
    fillEnabled: z.boolean().default(true).describe('Ask the model for required inputs that are missing.'),
  }),
  breaker: section({
    enabled: z.boolean().default(true),
    errorPercentage: z.number().min(1).max(100).default(50),
    volume: positive(10).describe('Calls in the window before it may open.'),
    windowMs: duration(60_000),
    resetMs: duration(30_000).describe('How long it stays open before one call is let through.'),
    ramp: z
      .array(z.number().gt(0).max(1))
      .min(1)
      .default([0.1, 0.5, 1])
      .describe('Shares of the traffic that an instance takes after it has recovered, one after the other.'),
    rampCalls: positive(10).describe('Calls that must succeed before the next share.'),
    shared: z
      .boolean()
      .default(true)
      .describe('Whether processes that share a Redis tell each other of open breakers.'),
  }),
  sources: sourcesSchema
    .prefault({})
    .describe('Where components come from, beside Redis and the tools of the program.'),
  budget: budgetSchema.prefault({}).describe('What each run may use up.'),
  resources: section({
    inventory: z
      .record(z.string(), z.number().positive())
      .default({})
      .describe('What there is of each resource (cpu, memory, gpu, or your own) for the steps of this process.'),
  }),
  components: z.record(z.string(), componentPolicySchema).default({}).describe('Policies by component name.'),
  models: z
    .record(z.string(), modelPolicySchema)
    .default({})
    .describe('Prices and limits by model, such as "openai:gpt-5-mini".'),
  quotas: z.record(z.string(), quotaSchema).default({}).describe('By key; `default` for every key without its own.'),
  notify: section({
    targets: z.record(z.string(), notifyTargetSchema).default({}).describe('Webhooks by name.'),
    timeoutMs: duration(5_000).describe('One delivery.'),
    maxAttempts: positive(5).describe('Deliveries of one notice to one target.'),
    maxQueued: positive(1_000).describe('Notices that wait; the oldest are dropped.'),
  }),
  synthesizer: section({
    strategy: z.enum(['model', 'template', 'concat']).default('model'),
    maxOutputTokens: positive(6_000).describe('Token budget for the outputs of all steps in the prompt.'),
  }),
  journal: z.string().default('memory:').describe('`memory:`. Others come later.'),
  runs: section({
    concurrency: positive(1_000).describe('Runs at work at once in this process.'),
    maxQueued: positive(1_000).describe('Runs accepted and not ended; more are refused.'),
    keepEnded: positive(1_000).describe('Ended runs kept in memory.'),
    keepEndedBytes: positive(256_000_000).describe('Rough size of ended runs kept in memory.'),
    maxDepth: positive(5).describe('Orchestrators calling orchestrators.'),
  }),
  server: section({
    host: z.string().default('127.0.0.1'),
    port: z.number().int().min(0).max(65_535).default(8080),
    apiKeys: z.string().optional().describe('`NAME:ROLE:KEY,...` with roles read, run, approve, admin.'),
    publicMetrics: z.boolean().default(false),
    maxBodyBytes: positive(1_000_000),
    requestsPerSecond: positive(100).describe('Per key.'),
    shutdownTimeoutMs: duration(25_000),
  }),
})

/** The whole configuration, defaults filled in. Keys that end in `Ms` are milliseconds. */
export type Config = z.output<typeof configSchema>
/** What a caller may write: everything optional. */
export type ConfigInput = z.input<typeof configSchema>
