// A server of the official library that speaks protocol 2026-07-28, over stdio or (with a port as argument) over HTTP.
import { createServer } from 'node:http'
import { type NodeIncomingMessageLike, toNodeHandler } from '@modelcontextprotocol/node'
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server'
import { serveStdio } from '@modelcontextprotocol/server/stdio'
import { z } from 'zod'

let hasMore = false

/** `notify` tells all who listen that the tools changed. */
function build(notify: (server: McpServer) => void): McpServer {
  const server = new McpServer(
    { name: 'modern', version: '7.0.0' },
    { instructions: 'For numbers.', capabilities: { tools: { listChanged: true } } },
  )
  server.registerTool(
    'add',
    {
      title: 'Adding',
      description: 'Adds two numbers',
      inputSchema: z.object({ a: z.number(), b: z.number() }),
      outputSchema: z.object({ sum: z.number() }),
      annotations: { readOnlyHint: true },
    },
    ({ a, b }) => ({ content: [{ type: 'text', text: String(a + b) }], structuredContent: { sum: a + b } }),
  )
  server.registerTool('grow', { description: 'Adds a tool', inputSchema: z.object({}) }, () => {
    hasMore = true
    notify(server)
    return { content: [{ type: 'text', text: 'grown' }] }
  })
  if (hasMore) server.registerTool('more', { description: 'New', inputSchema: z.object({}) }, () => ({ content: [] }))
  return server
}

const port = process.argv[2]
if (port === undefined) serveStdio(() => build((server) => void server.sendToolListChanged()))
else {
  const handler = createMcpHandler(() => build(() => handler.notify.toolsChanged()))
  const serve = toNodeHandler(handler)
  const http = createServer((request, response) => void serve(request as NodeIncomingMessageLike, response))
  http.listen(Number(port), '127.0.0.1', () => {
    const address = http.address()
    console.log(typeof address === 'object' && address !== null ? `listening ${address.port}` : '')
  })
}
