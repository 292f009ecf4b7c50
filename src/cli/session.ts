// What most commands need: the configuration, components from somewhere, and an orchestrator over them.
import { listSecrets } from '../config/describe-config.ts'
import { loadConfig } from '../config/load-config.ts'
import type { Orchestrator } from '../contracts/api.ts'
import type { Config } from '../contracts/config.ts'
import type { Logger } from '../contracts/parts.ts'
import { createLogger } from '../telemetry/log.ts'
import { awaitSources } from './await-sources.ts'
import { type Aside, createAside } from './live-output.ts'
import type { Terminal } from './terminal.ts'

export interface Session {
  readonly orchestrator: Orchestrator
  readonly config: Config
  readonly log: Logger
  /** What the log is written to. */
  readonly aside: Aside
  /** Where components come from. */
  readonly world: 'redis' | 'sources' | 'demo'
  close(): Promise<void>
}

/** Reads the configuration for a command and says what is odd about it. @throws TuttiError `invalid_config` */
export async function readConfig(terminal: Terminal): Promise<Config> {
  const { config, warnings } = await loadConfig({ cwd: terminal.cwd, strictVariables: true })
  for (const warning of warnings) terminal.stderr.write(`warning: ${warning}\n`)
  return config
}

export interface SessionOptions {
  /** `register`: the demo components are started in any case, in Redis too. */
  readonly demo: 'if-needed' | 'register'
  /** The command says itself how each source is: the log does not say it too. */
  readonly showsSources?: boolean
}

/** Without what is said of a source being away, which carries its trouble, or of those not waited for. */
const withoutSources = (log: Logger): Logger => ({
  ...log,
  warn: (message, facts = {}) => 'trouble' in facts || 'sources' in facts || log.warn(message, facts),
})

/**
 * Opens an orchestrator over the configured Redis and sources; without any, over the demo components, which run in this process.
 * @throws TuttiError `invalid_config`
 */
export async function openSession(terminal: Terminal, options: SessionOptions): Promise<Session> {
  const config = await readConfig(terminal)
  const { clock, stderr } = terminal
  const aside = createAside(stderr)
  const logger = createLogger({ stream: aside, clock, format: 'plain', level: 'warn', secrets: listSecrets(config) })
  const log = options.showsSources === true ? withoutSources(logger) : logger
  const { url, namespaces } = config.redis
  const world = url !== undefined ? 'redis' : options.demo === 'if-needed' && hasSources(config) ? 'sources' : 'demo'
  if (world === 'demo' && options.demo === 'if-needed') {
    stderr.write(
      'No components are configured: using the demo components. Set REDIS_URL, or list your sources in tutti.config.yaml, to use yours.\n',
    )
  }
  const demo = world === 'demo' || options.demo === 'register' ? await startDemo() : undefined
  const { createOrchestrator } = await import('../create-orchestrator.ts')
  const orchestrator = await createOrFree()
  return {
    orchestrator,
    config,
    log,
    aside,
    world,
    async close() {
      await orchestrator.close()
      await demo?.close()
    },
  }

  /** Components that listen would keep the process alive after a wrong setting. */
  async function createOrFree() {
    try {
      return createOrchestrator({
        ...config,
        log,
        clock,
        ...(demo?.source !== undefined && { sources: [demo.source] }),
      })
    } catch (error) {
      await demo?.close()
      throw error
    }
  }

  async function startDemo() {
    const world = await import('../demo/start-demo.ts')
    const [namespace] = namespaces
    return await world.startDemo({
      clock,
      log,
      ...(url !== undefined && { registry: url }),
      ...(namespace !== undefined && { namespace }),
    })
  }
}

const hasSources = ({ sources: { files, ...byName } }: Config): boolean =>
  files.length > 0 || Object.values(byName).some((entries) => Object.keys(entries).length > 0)

/** Opens a session for some work and closes it whatever happens. */
export async function withSession<T>(
  terminal: Terminal,
  work: (session: Session) => Promise<T>,
  options: Pick<SessionOptions, 'showsSources'> = {},
): Promise<T> {
  const session = await openSession(terminal, { demo: 'if-needed', ...options })
  try {
    await awaitSources(session.orchestrator, terminal, session.aside)
    return await work(session)
  } finally {
    await session.close()
  }
}
