// Catalog and plans as the wire shows them: our keys in snake_case, schemas and names untouched.
import type { Explanation, PlanOutcome, SourceHealth } from '../contracts/api.ts'
import type { Capability, Component, OfferedCapability } from '../contracts/capability.ts'
import { documentToWire } from '../plan/document.ts'
import { issueToWire } from '../record/wire.ts'
import { formatDuration } from '../util/duration.ts'

export const capabilityToWire = (capability: Capability): Record<string, unknown> => ({
  name: capability.name,
  description: capability.description,
  effect: capability.effect,
  input_schema: capability.inputSchema,
  output_schema: capability.outputSchema,
  idempotent: capability.idempotent,
  internal: capability.internal,
  approval: capability.approval,
  examples: capability.examples,
  tags: capability.tags,
  timeout: capability.timeoutMs === undefined ? undefined : formatDuration(capability.timeoutMs),
  undo: capability.undo,
})

export const componentToWire = (component: Component): Record<string, unknown> => ({
  name: component.name,
  kind: component.kind,
  description: component.description,
  source: component.source,
  trust: component.trust,
  capabilities: component.capabilities.map(capabilityToWire),
  instances: component.instances,
})

export const offeredToWire = ({ component, capability, score }: OfferedCapability): Record<string, unknown> => ({
  component: component.name,
  action: capability.name,
  description: capability.description,
  effect: capability.effect,
  score,
  input_schema: capability.inputSchema,
})

export const sourceToWire = (source: SourceHealth): Record<string, unknown> => ({
  name: source.name,
  state: source.state,
  components: source.components,
  loaded_at: source.loadedAt,
  error: source.error,
})

export const explanationToWire = (explanation: Explanation): Record<string, unknown> => ({
  stages: explanation.stages,
  critical_path: explanation.criticalPath,
  edges: explanation.edges,
  max_parallelism: explanation.maxParallelism,
  text: explanation.text,
})

export const outcomeToWire = (outcome: PlanOutcome): Record<string, unknown> => ({
  plan: documentToWire(outcome.document),
  issues: outcome.issues.map(issueToWire),
  explanation: explanationToWire(outcome.explanation),
  way: outcome.way,
  degraded: outcome.degraded,
})
