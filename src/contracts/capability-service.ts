// An external service that searches capabilities, as GoMind's orchestrators have it. Its words are data: what counts is which
// components it names.
import type { JsonObject } from './json.ts'

/** One question to the service. */
export interface CapabilityQuestion {
  readonly query: string
  readonly metadata?: JsonObject
  readonly topK: number
  /** Least similarity, 0 to 1. */
  readonly threshold: number
  readonly signal: AbortSignal
}

/** What the service has found: components by name, the best first, and which of their capabilities it spoke of. */
export interface CapabilityAnswer {
  readonly agents: readonly { readonly name: string; readonly capabilities: readonly string[] }[]
}

/** Asks a search service for what fits a request; the one over HTTP is in connectors/http/capability-service. */
export interface CapabilityService {
  /** Where it is, without path or query: for messages. */
  readonly origin: string
  /** @throws TuttiError `component_*`, `bad_response`, `cancelled`; retryable where the same question may be answered later */
  find(question: CapabilityQuestion): Promise<CapabilityAnswer>
  /** Asks whether it is well. @throws TuttiError when it is not */
  probe(signal: AbortSignal): Promise<void>
  close(): Promise<void>
}

/** Decides whether the service is called at all: yours, such as opossum's `fire` or cockatiel's `execute`. */
export type CapabilityBreaker = <T>(work: () => Promise<T>) => Promise<T>
