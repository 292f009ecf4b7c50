// A catalog of a few components as validation sees it, without the catalog.
import type { Capability, Component } from '../../src/contracts/capability.ts'
import type { CatalogView } from '../../src/contracts/parts.ts'

export const capability = (
  name: string,
  inputSchema: Capability['inputSchema'],
  more: Partial<Capability> = {},
): Capability => ({
  name,
  description: `Does ${name}`,
  inputSchema,
  effect: 'unknown',
  ...more,
})

export const component = (
  name: string,
  capabilities: readonly Capability[],
  more: Partial<Component> = {},
): Component => ({
  name,
  kind: 'tool',
  source: 'test',
  trust: 'local',
  capabilities,
  instances: [{ id: `${name}-1`, health: 'healthy' }],
  ...more,
})

export function createView(components: readonly Component[]): CatalogView {
  const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase()
  const byName = (name: string): Component | undefined => components.find((item) => same(item.name, name))
  return {
    fingerprint: 'f',
    components: () => components,
    component: byName,
    find: (name, action) => byName(name)?.capabilities.find((item) => same(item.name, action)),
    offering: (name) => components.filter((item) => item.capabilities.some((offered) => same(offered.name, name))),
    pick: (name) => byName(name)?.instances[0],
    busy: () => () => undefined,
    refresh: async () => undefined,
  }
}

export const newsSchema = {
  type: 'object',
  properties: {
    query: { type: 'string' },
    max_results: { type: 'integer' },
    language: { type: 'string', enum: ['en', 'de'] },
    token: { type: 'string', 'x-secret': true },
  },
  required: ['query'],
  additionalProperties: false,
}

export const demoView = createView([
  component('news-tool', [
    capability('search_news', newsSchema, {
      effect: 'read',
      outputSchema: {
        type: 'object',
        properties: {
          articles: { type: 'array', items: { type: 'object', properties: { title: { type: 'string' } } } },
          count: { type: 'integer' },
        },
      },
    }),
  ]),
  component('mail-tool', [
    capability(
      'send',
      { type: 'object', properties: { to: { type: 'string' }, body: { type: 'string' } }, required: ['to', 'body'] },
      { effect: 'write' },
    ),
    capability('list_mail', { type: 'object' }, { effect: 'read' }),
    capability('reset_all', { type: 'object' }, { internal: true }),
  ]),
  component('research-agent', [capability('research', { type: 'object' })], { kind: 'agent' }),
])
