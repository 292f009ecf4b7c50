// Who may import whom (layers point left, parts meet only in the composition root). Each message says why.
const PARTS = ['catalog', 'connectors', 'planner', 'executor', 'synthesizer', 'providers', 'runs', 'telemetry', 'config', 'workflow']
const LEAVES = ['plan', 'resilience', 'asking', 'record']
const room = (names) => `^src/(${[].concat(names).join('|')})(/|\\.ts$)`
const only = (name, pattern, rooms, comment) => ({
  name,
  severity: 'error',
  comment,
  from: { path: '^src/', pathNot: rooms },
  to: { path: pattern, dependencyTypesNot: ['type-only'] },
})

module.exports = {
  forbidden: [
    { name: 'no-circles', severity: 'error', comment: 'A circle means two files are one; find the concept they share and put it to their left.', from: {}, to: { circular: true } },
    { name: 'contracts-import-nothing', severity: 'error', comment: 'Contracts are what everybody stands on: types, schemas and the error table, nothing else.', from: { path: room('contracts') }, to: { path: '^src/', pathNot: room('contracts') } },
    { name: 'util-stays-low', severity: 'error', comment: 'util holds only what two rooms need, so it can need none of them.', from: { path: room('util') }, to: { path: '^src/', pathNot: room(['contracts', 'util']) } },
    { name: 'leaves-stay-leaves', severity: 'error', comment: 'A leaf is usable alone: it imports contracts and util (record also reads plan documents).', from: { path: room(LEAVES) }, to: { path: '^src/', pathNot: room(['contracts', 'util', ...LEAVES]) } },
    ...LEAVES.map((leaf) => ({ name: `leaf-${leaf}`, severity: 'error', comment: 'Leaves do not import each other (record may read plan).', from: { path: room(leaf) }, to: { path: room(LEAVES.filter((l) => l !== leaf && !(leaf === 'record' && l === 'plan'))) } })),
    ...PARTS.map((part) => ({ name: `part-${part}`, severity: 'error', comment: 'Parts never import each other: they meet in create-orchestrator.ts through contracts.', from: { path: room(part) }, to: { path: '^src/', pathNot: room(['contracts', 'util', ...LEAVES, part]) } })),
    { name: 'plan-by-its-doors', severity: 'error', comment: 'The files of plan/ are its doors; what stands behind a door (plan/document/, plan/schema/, ...) is nobody else\'s business.', from: { path: '^src/', pathNot: room('plan') }, to: { path: '^src/plan/[^/]+/' } },
    { name: 'orchestrator-decides-order', severity: 'error', comment: 'The orchestrator decides order and does no work: it sees contracts, util and leaves.', from: { path: '^src/(orchestrator\\.ts$|coordinator/)' }, to: { path: '^src/', pathNot: room(['contracts', 'util', ...LEAVES, 'coordinator']) } },
    { name: 'coordinator-behind-its-door', severity: 'error', comment: 'orchestrator.ts is the door of coordinator/.', from: { path: '^src/', pathNot: '^src/(orchestrator\\.ts$|coordinator/)' }, to: { path: '^src/coordinator/' } },
    { name: 'nobody-imports-surfaces', severity: 'error', comment: 'Surfaces are the last layer: nothing inside may know of a server, a terminal or the demo.', from: { path: '^src/', pathNot: room(['server', 'cli', 'component', 'testing', 'demo']) }, to: { path: room(['server', 'cli', 'component', 'testing', 'demo']) } },
    { name: 'surfaces-stand-alone', severity: 'error', comment: 'Only the CLI brings surfaces together; the demo is written with the component kit.', from: { path: room(['server', 'component', 'testing']) }, to: { path: room(['server', 'cli', 'component', 'testing', 'demo']), pathNot: ['^src/$1/', room('server'), room('component'), room('testing')] } },
    only('openai-in-its-file', 'node_modules/(openai|@anthropic-ai)/', '^src/providers/', 'Vendor knowledge lives in providers/ and nowhere else.'),
    only('ioredis-at-the-edge', 'node_modules/ioredis/', '^src/(connectors/redis|runs|component)/', 'Redis is spoken in connectors/redis, runs/ and component/ only.'),
    only('undici-in-http', 'node_modules/undici/', '^src/connectors/http/', 'Components are called over HTTP in one place, where addresses are checked.'),
    only('a2a-in-its-connector', 'node_modules/@a2a-js/', '^src/connectors/a2a/', 'A2A is spoken in one place.'),
    only('mcp-in-its-connector', 'node_modules/@modelcontextprotocol/', '^src/connectors/mcp/', 'MCP is spoken in one place.'),
    only('opossum-in-breaker', 'node_modules/(opossum|@types/opossum)/', '^src/resilience/instance-breaker\\.ts$', 'opossum stands behind our CircuitBreaker.'),
    only('ajv-in-schema', 'node_modules/ajv(-formats)?/', '^src/plan/schema(/|\\.ts$)', 'Foreign JSON Schemas are interpreted in one place.'),
    only('cel-in-expression', 'node_modules/@marcbachmann/', '^src/plan/expression(/|\\.ts$)', 'cel-js only parses; evaluation is ours, with our number rule and budgets.'),
    only('streamparser-in-stream-steps', 'node_modules/@streamparser/', '^src/planner/stream-steps\\.ts$', 'Answers that are still being written are read in one place; lenience is for whole answers.'),
    only('yaml-where-texts-come-in', 'node_modules/yaml/', '^src/(plan/document/|config/read-file\\.ts$|connectors/(file|openapi)/)', 'YAML is read where documents, configuration and lists of components come in.'),
    only('http-servers-at-the-edge', '^(node:)?http$', '^src/(server|component)/', 'Only the server and components listen.'),
    only('hono-in-server', 'node_modules/(hono|@hono)/', '^src/(server|component)/', 'HTTP routing is a matter of the server.'),
    { name: 'testing-brings-no-runner', severity: 'error', comment: 'tutti/testing works under any test runner.', from: { path: '^src/testing/' }, to: { path: 'node_modules/vitest/' } },
    { name: 'no-dev-dependencies', severity: 'error', comment: 'What src/ imports must be installed for users too (optional peers say so when they are not).', from: { path: '^src/' }, to: { dependencyTypes: ['npm-dev'], dependencyTypesNot: ['type-only', 'npm-peer'] } },
    { name: 'no-unresolved', severity: 'error', comment: 'An import that does not resolve fails at run time.', from: { path: '^src/' }, to: { couldNotResolve: true } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'], extensions: ['.ts', '.js', '.cjs', '.mjs', '.json'] },
    combinedDependencies: true,
  },
}
