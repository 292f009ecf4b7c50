// Sources as a catalog meets them: object literals whose next answer the test decides.
import type { Capability, Component, Instance } from '../../src/contracts/capability.ts'
import type { Config } from '../../src/contracts/config.ts'
import type { Invoker, Logger, Source } from '../../src/contracts/parts.ts'

export const settings: Config['catalog'] = { refreshMs: 10_000, startTimeoutMs: 3_000, loadTimeoutMs: 5_000 }
export const anySignal = new AbortController().signal
export const invoker: Invoker = { invoke: () => Promise.resolve({ body: null }) }

export const capability = (name: string, more: Partial<Capability> = {}): Capability => ({
  name,
  description: `Does ${name}`,
  inputSchema: { type: 'object' },
  effect: 'unknown',
  ...more,
})

export const instance = (id: string, health: Instance['health'] = 'healthy'): Instance => ({ id, health })

export const component = (name: string, more: Partial<Component> = {}): Component => ({
  name,
  kind: 'tool',
  source: 'one',
  trust: 'discovered',
  capabilities: [capability('do')],
  instances: [instance(`${name}-1`)],
  ...more,
})

export interface FakeSource extends Source {
  /** What the next loads do. */
  answer: (signal: AbortSignal) => Promise<readonly Component[]>
  loads: number
  changed: () => void
  closed: number
}

export function fakeSource(name: string, components: readonly Component[] = []): FakeSource {
  const fake: FakeSource = {
    answer: () => Promise.resolve(components),
    loads: 0,
    changed: () => undefined,
    closed: 0,
    invoker: { ...invoker },
    discovery: {
      name,
      load(signal) {
        fake.loads++
        return fake.answer(signal)
      },
      watch(changed) {
        fake.changed = changed
        return () => {
          fake.changed = () => undefined
        }
      },
      close() {
        fake.closed++
        return Promise.resolve()
      },
    },
  }
  return fake
}

export function recordingLog(): Logger & { readonly warnings: string[] } {
  const warnings: string[] = []
  return { warnings, debug() {}, info() {}, warn: (message) => warnings.push(message), error() {} }
}
