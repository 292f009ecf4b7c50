// `tutti/mcp`: MCP servers as sources of components.

export type { McpServerSpec } from '../../contracts/sources.ts'
export { createMcpSource, type McpSourceOptions } from './mcp-source.ts'
