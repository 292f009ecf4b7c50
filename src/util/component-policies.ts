// What the configuration declares of components, by name without regard to case.
import type { ComponentPolicy } from '../contracts/policy.ts'
import { nameKey } from './name-key.ts'

export type PolicyOf = (component: string) => ComponentPolicy | undefined

/** One pass over what is declared; then a look-up. */
export function policiesByName(components: Readonly<Record<string, ComponentPolicy>>): PolicyOf {
  const policies = new Map(Object.entries(components).map(([name, policy]) => [nameKey(name), policy]))
  return policies.size === 0 ? () => undefined : (component) => policies.get(nameKey(component))
}
