// Catalog and plans as the wire shows them: our keys in snake_case, schemas and names untouched.
import type { PlanOutcome, SourceHealth } from '../contracts/api.ts'
import type { Capability, Component, OfferedCapability } from '../contracts/capability.ts'
import { documentToWire } from '../plan/document.ts'
import { issueToWire } from '../record/wire.ts'
import { formatDuration } from '../util/duration.ts'
import { explanationToWire } from './explanation-wire.ts'

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
  requires: capability.requires,
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

export const offeredToWire = ({
  component,
  capability,
  score,
  why,
  degraded,
}: OfferedCapability): Record<string, unknown> => ({
  component: component.name,
  action: capability.name,
  description: capability.description,
  effect: capability.effect,
  score,
  why,
  degraded,
  input_schema: capability.inputSchema,
})

export const sourceToWire = (source: SourceHealth): Record<string, unknown> => ({
  name: source.name,
  state: source.state,
  components: source.components,
  capabilities: source.capabilities,
  skipped: source.skipped,
  loaded_at: source.loadedAt,
  error: source.error,
})

export const outcomeToWire = (outcome: PlanOutcome): Record<string, unknown> => ({
  plan: documentToWire(outcome.document),
  issues: outcome.issues.map(issueToWire),
  explanation: explanationToWire(outcome.explanation),
  way: outcome.way,
  degraded: outcome.degraded,
})
