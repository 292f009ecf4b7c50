// The document in code, written as files and wires have it. Reading what was written gives the same document again.
import type { JsonObject, JsonValue } from '../../contracts/json.ts'
import type { FallbackSpec, InputSpec, PlanDocument, RetrySpec, Step } from '../../contracts/plan.ts'
import { formatDuration } from '../../util/duration.ts'
import { isJsonObject } from '../../util/json.ts'
import { type Shape, toWireValue } from '../../util/shape.ts'
import { BUDGET_SHAPE, POLICIES_SHAPE } from './policies.ts'

type Entry = readonly [key: string, value: JsonValue | undefined]

const toObject = (entries: readonly Entry[]): JsonObject =>
  Object.fromEntries(entries.filter((entry): entry is readonly [string, JsonValue] => entry[1] !== undefined))

const duration = (ms: number | undefined): string | undefined => (ms === undefined ? undefined : formatDuration(ms))

/** The document in snake_case with durations as text. */
export function documentToWire(document: PlanDocument): JsonObject {
  const { inputs } = document
  return toObject([
    ['api_version', document.apiVersion],
    ['name', document.name],
    ['version', document.version],
    ['description', document.description],
    ['inputs', inputs && Object.fromEntries(Object.entries(inputs).map(([name, spec]) => [name, inputToWire(spec)]))],
    ['steps', document.steps.map(stepToWire)],
    ['outputs', document.outputs],
    ['timeout', duration(document.timeoutMs)],
    ['on_error', document.onError && { strategy: document.onError.strategy }],
    ['priority', document.priority],
    ['budget', document.budget && policyToWire(BUDGET_SHAPE, document.budget)],
    ['recovery', document.recovery && policyToWire(POLICIES_SHAPE, document.recovery)],
    ['reason', document.reason],
    ['missing', document.missing],
  ])
}

/** The document as YAML 1.2, as `tutti ask --save` writes it. */
export async function documentToYaml(document: PlanDocument): Promise<string> {
  const { writeYaml } = await import('./yaml.ts')
  return writeYaml(documentToWire(document))
}

const inputToWire = (spec: InputSpec): JsonObject =>
  toObject([
    ['type', spec.type],
    ['required', spec.required],
    ['default', spec.default],
    ['description', spec.description],
    ['enum', spec.enum],
    ['secret', spec.secret],
  ])

function stepToWire(step: Step): JsonObject {
  return toObject([
    ['name', step.name],
    ['type', step.type === 'call' ? undefined : step.type],
    ['description', step.description],
    [step.kind ?? 'component', step.component],
    ['action', step.action],
    ['capability', step.capability],
    ['inputs', step.inputs],
    ['depends_on', step.dependsOn.length === 0 ? undefined : step.dependsOn],
    ['if', step.if],
    ['replan_if', step.replanIf],
    ['retry', step.retry && retryToWire(step.retry)],
    ['timeout', duration(step.timeoutMs)],
    ['deadline', duration(step.deadlineMs)],
    ['on_error', step.onError],
    ['fallback', step.fallback?.map(fallbackToWire)],
    ['idempotent', step.idempotent],
    ['priority', step.priority],
    ['optional', step.optional],
    ['concurrency', step.concurrency && { key: step.concurrency.key, limit: step.concurrency.limit }],
    ['resources', step.resources],
    ['set', step.set],
    ['wait', step.wait && waitToWire(step.wait)],
    ['prompt', step.prompt],
    ['output_schema', step.outputSchema && schemaToWire(step.outputSchema)],
  ])
}

const retryToWire = (retry: RetrySpec): JsonObject =>
  toObject([
    ['max_attempts', retry.maxAttempts],
    ['backoff', retry.backoff],
    ['initial_wait', duration(retry.initialWaitMs)],
    ['max_wait', duration(retry.maxWaitMs)],
  ])

/** What was read from JSON is JSON. */
const policyToWire = (shape: Shape, policy: object): JsonObject | undefined => {
  const wire = toWireValue(shape, policy)
  return isJsonObject(wire) ? wire : undefined
}

const waitToWire = (wait: NonNullable<Step['wait']>): JsonObject =>
  'forMs' in wait
    ? { for: formatDuration(wait.forMs) }
    : toObject([
        ['until', wait.until],
        ['timeout', duration(wait.timeoutMs)],
      ])

const fallbackToWire = (fallback: FallbackSpec): JsonObject =>
  'value' in fallback
    ? { value: fallback.value }
    : toObject([
        ['component', fallback.component],
        ['action', fallback.action],
        ['inputs', fallback.inputs],
      ])

/** A document's schema was JSON when it was read. */
const schemaToWire = (schema: NonNullable<Step['outputSchema']>): JsonObject => schema as JsonObject
