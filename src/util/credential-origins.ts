// Where credentials may go. Who registers a component says where it runs: were its word enough, credentials would go to whoever
// can write a registration. Only who declares them, or declares the component, can say so.
import type { Component, Instance } from '../contracts/capability.ts'
import type { CredentialsSpec } from '../contracts/policy.ts'
import type { PolicyOf } from './component-policies.ts'

const originOf = (address: string): string => (URL.canParse(address) ? new URL(address).origin : '')

/** Whether an instance of the component may be shown these credentials. */
export function mayShowCredentials(
  { trust }: Pick<Component, 'trust'>,
  { address = '' }: Pick<Instance, 'address'>,
  { origins }: Pick<CredentialsSpec, 'origins'>,
): boolean {
  if (origins === undefined) return trust !== 'discovered'
  const origin = originOf(address)
  return origin !== '' && origins.some((allowed) => originOf(allowed) === origin)
}

/** Components with credentials that no instance may be shown, by name: every call of them is refused. */
export function listWithheld(components: readonly Component[], policyOf: PolicyOf): string[] {
  return components.flatMap((component) => {
    const spec = policyOf(component.name)?.credentials
    const isWithheld =
      spec !== undefined && !component.instances.some((one) => mayShowCredentials(component, one, spec))
    return isWithheld && component.instances.length > 0 ? [component.name] : []
  })
}
