// The sub-path `tutti/server`: the HTTP surface of an orchestrator, for programs that serve it themselves.
export { createServer, type RunningServer, type ServerOptions } from './create-server.ts'
