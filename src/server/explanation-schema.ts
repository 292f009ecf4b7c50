// The shape of an explanation on the wire, for openapi.json.
import { z } from 'zod'

const amounts = z.object({ low: z.number(), high: z.number() })
const times = z
  .object({ low: z.number(), typical: z.number(), high: z.number() })
  .describe('Milliseconds: of ten times, one is quicker than low and one slower than high.')

const step = z.object({
  name: z.string(),
  type: z.string(),
  what: z.string(),
  component: z.string().optional(),
  action: z.string().optional(),
  effect: z.enum(['read', 'write', 'unknown']).optional(),
  depends_on: z.array(z.string()),
  stage: z.number().int().describe('The earliest in which it can start, from 1.'),
  expected_ms: times.optional(),
  history: z.object({ calls: z.number().int(), success_rate: z.number() }).optional(),
  cost: amounts.optional(),
  model_calls: amounts,
  trouble: z
    .enum(['unknown-component', 'unknown-action', 'unhealthy', 'breaker-open', 'breaker-half-open', 'no-model'])
    .optional()
    .describe('Why it may not work as it is planned.'),
  asks_approval: z.literal(true).optional(),
  is_critical: z.boolean(),
  actual: z
    .object({
      status: z.string(),
      duration_ms: z.number().optional(),
      attempts: z.number().int(),
      waited_ms: z.number().optional(),
    })
    .optional()
    .describe('What became of it. Only of a run.'),
})

export const explanationSchema = z.object({
  stages: z.array(z.array(z.string())),
  critical_path: z.array(z.string()),
  edges: z.array(z.object({ from: z.string(), to: z.string() })),
  max_parallelism: z.number().int(),
  steps: z.array(step),
  expected_ms: times.optional().describe('Absent while nothing is known of the steps in unknown_times.'),
  unknown_times: z.array(z.string()),
  cost: amounts.optional().describe('As far as prices are declared.'),
  model_calls: amounts.describe('With the answer, without planning.'),
  side_effects: z.array(z.string()).describe('Steps that change something, or may.'),
  approvals: z.array(z.string()).describe('Steps that will ask a person.'),
  limits: z.array(
    z.object({
      kind: z.enum(['run', 'component', 'resource', 'concurrency']),
      name: z.string(),
      limit: z.number(),
      wanted: z.number().describe('What steps of one stage would take together.'),
    }),
  ),
  issues: z.array(z.record(z.string(), z.unknown())),
  text: z.string(),
  mermaid: z.string().describe('A flowchart.'),
  actual: z
    .object({
      run_id: z.string(),
      status: z.string(),
      execution_ms: z.number(),
      total_ms: z.number(),
      model_calls: z.number().int(),
      drift: z.array(z.string()).describe('Where the run went otherwise than expected, in sentences.'),
    })
    .optional(),
})
