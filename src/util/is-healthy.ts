// What counts as healthy where a component is asked for, in one place.
import type { Component } from '../contracts/capability.ts'

/** Whether one of its instances may be well: what is unknown is tried. */
export const isHealthy = ({ instances }: Pick<Component, 'instances'>): boolean =>
  instances.some(({ health }) => health !== 'unhealthy')
