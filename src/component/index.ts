// The sub-path `tutti/component`: write a tool or an agent; schemas in, HTTP, registration and heartbeat out.

export type { CallContext, CapabilityDefinition, ServedCapability } from './capability.ts'
export { capability } from './capability.ts'
export type { ErrorCategory } from './component-error.ts'
export { ComponentError, componentError } from './component-error.ts'
export type { ComponentDefinition, RunningComponent, ServableComponent, StartOptions } from './create-component.ts'
export { createComponent } from './create-component.ts'
export type { EmbeddedRegistry, EmbeddedRegistryOptions } from './embedded-registry.ts'
export { createEmbeddedRegistry } from './embedded-registry.ts'
export type { ComponentRegistry, Registered, Registration } from './registry.ts'
export type { CapabilityRecord, ServiceRecord } from './service-record.ts'
