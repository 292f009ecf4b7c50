import { createOrchestrator } from 'tutti'

const tutti = createOrchestrator({
  sources: {
    mcpServers: {
      memory: {
        command: 'node',
        args: ['node_modules/@modelcontextprotocol/server-memory/dist/index.js'],
        env: { MEMORY_FILE_PATH: '/tmp/does-not-exist-yet.jsonl' },
        tools: { delete_entities: { hidden: true }, create_entities: { effect: 'write' } },
      },
    },
  },
})
const { status, outputs } = await tutti.execute({
  steps: [{ name: 'look', component: 'memory', action: 'search_nodes', inputs: { query: 'Seoul' } }],
  outputs: { found: '${steps.look.output.entities}' },
})
console.log(status, outputs)
console.log(tutti.catalog.component('memory')?.capabilities.map(({ name, effect }) => `${name}: ${effect}`))
await tutti.close()
