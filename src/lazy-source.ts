// A source of the configuration whose connector is loaded when it is first needed: a program that uses no MCP server loads no MCP.
import type { Discovery, Invoker, Source } from './contracts/parts.ts'
import type { PolicyOf } from './util/component-policies.ts'

export interface LazySourceOptions {
  /** Unlike the name of any other source, such as `mcp:github`. */
  readonly name: string
  /** Loads the connector and makes the source. Tried again at the next load when it fails. */
  readonly open: () => Promise<Source>
}

/** Opens a source once, and watches it from then on for whoever had asked before. */
class LazySource {
  readonly #open: () => Promise<Source>
  readonly #watchers = new Map<() => void, (() => void) | undefined>()
  #policyOf: PolicyOf | undefined
  #opening: Promise<Source> | undefined
  #source: Source | undefined
  #isClosed = false

  constructor(open: () => Promise<Source>) {
    this.#open = open
  }

  get opened(): Source | undefined {
    return this.#source
  }

  source(): Promise<Source> {
    this.#opening ??= this.#begin().catch((thrown: unknown) => {
      this.#opening = undefined
      throw thrown
    })
    return this.#opening
  }

  async #begin(): Promise<Source> {
    const source = await this.#open()
    // Closed while it was opened: whoever waits for it still gets it, and its parts close like those of any other.
    if (this.#isClosed) {
      await Promise.all([source.discovery.close?.(), source.invoker.close?.()])
      return source
    }
    if (this.#policyOf !== undefined) source.invoker.usePolicies?.(this.#policyOf)
    this.#source = source
    for (const changed of this.#watchers.keys()) this.#watchers.set(changed, source.discovery.watch?.(changed))
    return source
  }

  watch(changed: () => void): () => void {
    this.#watchers.set(changed, this.#source?.discovery.watch?.(changed))
    return () => {
      this.#watchers.get(changed)?.()
      this.#watchers.delete(changed)
    }
  }

  usePolicies(policyOf: PolicyOf): void {
    this.#policyOf = policyOf
    this.#source?.invoker.usePolicies?.(policyOf)
  }

  async close(): Promise<void> {
    this.#isClosed = true
    await this.#source?.discovery.close?.()
  }
}

/** A source that opens at its first `load`; nothing is imported and nothing connects before. */
export function createLazySource({ name, open }: LazySourceOptions): Source {
  const lazy = new LazySource(open)
  const discovery: Discovery = {
    name,
    load: async (signal) => await (await lazy.source()).discovery.load(signal),
    watch: (changed) => lazy.watch(changed),
    skipped: () => lazy.opened?.discovery.skipped?.() ?? [],
    close: () => lazy.close(),
  }
  const invoker: Invoker = {
    // What it calls was found by its discovery, so that it is open.
    invoke: (call) => lazy.opened?.invoker.invoke(call) ?? lazy.source().then((source) => source.invoker.invoke(call)),
    refreshCredentials: async (component, signal) =>
      (await lazy.opened?.invoker.refreshCredentials?.(component, signal)) ?? false,
    usePolicies: (policyOf) => lazy.usePolicies(policyOf),
    close: async () => await lazy.opened?.invoker.close?.(),
  }
  return { discovery, invoker }
}
