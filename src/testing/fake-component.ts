// Components made of functions, behind the same Source that a registry would give: what was called is kept for assertions.
import type { Capability, Component, Effect } from '../contracts/capability.ts'
import { TuttiError } from '../contracts/errors.ts'
import type { JsonObject, JsonSchema, JsonValue } from '../contracts/json.ts'
import type { InvokerCall, InvokerResult, Source } from '../contracts/parts.ts'

const REPLY = Symbol('tutti.testing.reply')

/** An answer as HTTP would give it. */
export interface FakeReply {
  readonly [REPLY]: true
  readonly status: number
  readonly body: JsonValue
  readonly headers?: Readonly<Record<string, string>>
}

/** Answers with a status, such as 404 with an error body. */
export const reply = (status: number, body: JsonValue, headers?: Readonly<Record<string, string>>): FakeReply => ({
  [REPLY]: true,
  status,
  body,
  ...(headers !== undefined && { headers }),
})

/** What a fake capability answers: its output, or a {@link reply} with a status. */
export type FakeAnswer = JsonValue | FakeReply

/** A capability and what it answers. */
export interface FakeCapability {
  readonly description?: string
  /** Default: an object of any shape. */
  readonly input?: JsonSchema
  readonly output?: JsonSchema
  /** Default `read`. */
  readonly effect?: Effect
  readonly idempotent?: boolean
  readonly tags?: readonly string[]
  readonly requires?: readonly string[]
  readonly internal?: boolean
  /** What it answers: a value (status 200), a {@link reply}, or what it throws. `n` counts its calls from 1. */
  run(inputs: JsonObject, call: InvokerCall, n: number): FakeAnswer | Promise<FakeAnswer>
}

/** A fake component: its capabilities by name. */
export interface FakeComponentSpec {
  readonly name: string
  /** Default `tool`. */
  readonly kind?: 'tool' | 'agent'
  readonly description?: string
  readonly capabilities: Readonly<Record<string, FakeCapability>>
  /** How many instances; default 1. */
  readonly instances?: number
}

/** One call that a fake component got. */
export interface FakeCall {
  readonly component: string
  readonly action: string
  readonly inputs: JsonObject
  readonly instance: string
  readonly idempotencyKey: string
}

/** A source for `createOrchestrator({sources})` that keeps what was called. */
export interface FakeSource extends Source {
  /** Every call, in the order in which they began. */
  readonly calls: readonly FakeCall[]
  of(action: string): FakeCall[]
}

/** A component as a catalog holds it, without anything that answers. */
export function createFakeComponent(spec: FakeComponentSpec, source = 'fake'): Component {
  return {
    name: spec.name,
    kind: spec.kind ?? 'tool',
    source,
    trust: 'configured',
    envelope: 'bare',
    capabilities: Object.entries(spec.capabilities).map(([name, capability]) => toCapability(name, capability)),
    instances: Array.from({ length: spec.instances ?? 1 }, (_, i) => ({
      id: `${spec.name}-${i + 1}`,
      health: 'healthy',
    })),
    ...(spec.description !== undefined && { description: spec.description }),
  }
}

function toCapability(name: string, spec: FakeCapability): Capability {
  return {
    name,
    description: spec.description ?? name,
    inputSchema: spec.input ?? { type: 'object' },
    effect: spec.effect ?? 'read',
    ...(spec.output !== undefined && { outputSchema: spec.output }),
    ...(spec.idempotent !== undefined && { idempotent: spec.idempotent }),
    ...(spec.tags !== undefined && { tags: spec.tags }),
    ...(spec.requires !== undefined && { requires: spec.requires }),
    ...(spec.internal !== undefined && { internal: spec.internal }),
  }
}

/**
 * A source of one or more fake components.
 * @example
 * const source = fakeSource({ name: 'weather', capabilities: { forecast: { run: ({ city }) => ({ city, celsius: 21 }) } } })
 * const tutti = createOrchestrator({ sources: [source], model })
 */
export function fakeSource(...specs: readonly FakeComponentSpec[]): FakeSource {
  const name = `fake:${specs.map((spec) => spec.name).join(',')}`
  const components = specs.map((spec) => createFakeComponent(spec, name))
  const calls: FakeCall[] = []
  return {
    calls,
    of: (action) => calls.filter((call) => call.action === action),
    discovery: { name, load: async () => components },
    invoker: {
      async invoke(call): Promise<InvokerResult> {
        const { component, capability, instance, inputs, idempotencyKey } = call
        const capabilities = specs.find((spec) => spec.name === component.name)?.capabilities ?? {}
        const fake = Object.hasOwn(capabilities, capability.name) ? capabilities[capability.name] : undefined
        if (fake === undefined) {
          throw new TuttiError(
            'internal',
            `The fake source has no "${component.name}/${capability.name}". Add it to its capabilities.`,
          )
        }
        calls.push({
          component: component.name,
          action: capability.name,
          inputs,
          instance: instance.id,
          idempotencyKey,
        })
        const n = calls.filter((one) => one.component === component.name && one.action === capability.name).length
        const answered = await fake.run(inputs, call, n)
        if (!isReply(answered)) return { status: 200, body: answered }
        const { status, body, headers } = answered
        return { status, body, ...(headers !== undefined && { headers }) }
      },
    },
  }
}

const isReply = (value: FakeAnswer): value is FakeReply => typeof value === 'object' && value !== null && REPLY in value
