// A component by the name that somebody typed.
import type { Orchestrator } from '../contracts/api.ts'
import type { Component } from '../contracts/capability.ts'
import { TuttiError } from '../contracts/errors.ts'
import { didYouMean } from '../util/text.ts'

/** @throws TuttiError `not_found`, with the nearest name that there is */
export function findComponent(
  catalog: Orchestrator['catalog'],
  name: string,
  caller: { readonly principal?: string } = {},
): Component {
  const component = catalog.component(name, caller)
  if (component !== undefined) return component
  const known = catalog.components(caller).map((one) => one.name)
  throw new TuttiError('not_found', `There is no component "${name.slice(0, 100)}".${didYouMean(name, known)}`)
}
