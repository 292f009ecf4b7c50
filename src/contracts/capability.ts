// What can be called: components, their capabilities and running instances, as every source describes them.
import type { JsonObject, JsonSchema, JsonValue } from './json.ts'

/** `unknown` is the default: at least once, each call with its idempotency key. */
export type Effect = 'read' | 'write' | 'unknown'
/** How far what a source says is believed: `discovered` texts never stand in the system text of a prompt. */
export type Trust = 'local' | 'configured' | 'discovered'

/** A call as an example for planners. */
export interface Example {
  readonly inputs: JsonObject
  readonly output?: JsonValue
  readonly description?: string
}

/** One callable operation. A document's key for it is `action`. */
export interface Capability {
  readonly name: string
  readonly description: string
  /** Always of type object. `{type: 'object'}` when nothing is known: then any inputs pass. */
  readonly inputSchema: JsonSchema
  readonly outputSchema?: JsonSchema
  readonly effect: Effect
  /** Absent: true for `read`, false for `write`, and for `unknown` as `recovery.unknown` says. */
  readonly idempotent?: boolean
  /** Never offered to a planner. */
  readonly internal?: boolean
  readonly approval?: 'always' | 'never'
  readonly examples?: readonly Example[]
  readonly tags?: readonly string[]
  /** Capabilities that are usually needed with it, to get what it wants: names, or `component/name`. They are offered with it. */
  readonly requires?: readonly string[]
  readonly timeoutMs?: number
  readonly undo?: string
  /** HTTP sources: the path on the instance's origin, always beginning with `/`. */
  readonly endpoint?: string
}

/** A tool or an agent: a process (or a local function) that offers capabilities. */
export interface Component {
  readonly name: string
  readonly kind: 'tool' | 'agent'
  readonly description?: string
  /** As its author counts them; part of what a plan is locked to. */
  readonly version?: string
  /** The `Discovery.name` it came from; the invoker of that source calls it. */
  readonly source: string
  readonly trust: Trust
  readonly capabilities: readonly Capability[]
  readonly instances: readonly Instance[]
  /** How inputs are sent: the bare object, or `{data: inputs}`. Default: `bare` for tools, `data` for agents. */
  readonly envelope?: 'bare' | 'data'
}

/** One running copy of a component. */
export interface Instance {
  readonly id: string
  /** An origin, `http://host:port`, without path or query. Absent for local functions. */
  readonly address?: string
  readonly health: 'healthy' | 'unhealthy' | 'unknown'
  /** Where it runs, when its registration says so. */
  readonly region?: string
}

/** A capability that a planner may use. */
export interface OfferedCapability {
  readonly component: Component
  readonly capability: Capability
  /** Relevance, larger is better; absent when nothing was ranked. */
  readonly score?: number
  /** Why it is offered: which words of the request it answers, or whose helper it is. */
  readonly why?: string
  /** Its component keeps failing, and no call is let through at the moment. */
  readonly degraded?: true
}
