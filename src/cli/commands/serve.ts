// serve: the HTTP server, until a signal says that it is enough; then running steps get their time to end.
import { listSecrets } from '../../config/describe-config.ts'
import { loadConfig } from '../../config/load-config.ts'
import type { ConfigInput } from '../../contracts/config.ts'
import { createEventLog, createLogger } from '../../telemetry/log.ts'
import { EXIT, type ExitCode, type Terminal } from '../terminal.ts'

export interface ServeOptions {
  readonly port?: number
  readonly host?: string
  readonly json?: boolean
}

/** Open requests get this long after the runs have ended. */
const LAST_ANSWERS_MS = 2_000

export async function serve(options: ServeOptions, terminal: Terminal): Promise<ExitCode> {
  const { clock, stderr } = terminal
  const server: ConfigInput['server'] = {
    ...(options.port !== undefined && { port: options.port }),
    ...(options.host !== undefined && { host: options.host }),
  }
  const { config, warnings } = await loadConfig({ cwd: terminal.cwd, strictVariables: false, options: { server } })
  const log = createLogger({
    stream: stderr,
    clock,
    format: stderr.isTTY === true && options.json !== true ? 'pretty' : 'json',
    secrets: listSecrets(config),
  })
  for (const warning of warnings) log.warn(warning)
  const [{ createOrchestrator }, { createServer }] = await Promise.all([
    import('../../create-orchestrator.ts'),
    import('../../server/create-server.ts'),
  ])
  const orchestrator = createOrchestrator({ ...config, log, clock, onEvent: createEventLog(log) })
  const stopped = new Promise<void>((resolve) => {
    const stopListening = terminal.onStop(['SIGTERM', 'SIGINT'], () => {
      stopListening()
      resolve()
    })
  })
  const running = await createServer({ orchestrator, config, log, clock }).catch(async (error: unknown) => {
    await orchestrator.close()
    throw error
  })
  await orchestrator.start()
  log.info('listening', {
    url: running.url,
    keys: config.server.apiKeys !== undefined,
    model: config.model.default ?? null,
  })
  if (config.server.apiKeys === undefined && config.server.host !== '127.0.0.1') {
    log.warn('no API keys are configured: requests from other machines are refused', { host: config.server.host })
  }
  if (orchestrator.catalog.sources().length === 0) {
    log.warn('no source of components is configured: nothing can be called. Set REDIS_URL to where they register.')
  }

  await stopped
  log.info('shutting down', { drainMs: config.server.shutdownTimeoutMs })
  running.drain()
  await orchestrator.close({ drainMs: config.server.shutdownTimeoutMs })
  await running.close(LAST_ANSWERS_MS)
  log.info('stopped')
  return EXIT.ok
}
