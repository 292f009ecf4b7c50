// doctor: is everything in place? It costs nothing: no model is called, no component is called.
import { describeConfig } from '../../config/describe-config.ts'
import type { HealthReport } from '../../contracts/api.ts'
import type { Config } from '../../contracts/config.ts'
import { stringifyJson } from '../../util/json.ts'
import { createPaint, oneLine, type Style } from '../render/text.ts'
import { openSession } from '../session.ts'
import { EXIT, type ExitCode, type Terminal } from '../terminal.ts'

type Verdict = 'ok' | 'warning' | 'failed' | 'off'
interface Finding {
  readonly name: string
  readonly status: Verdict
  readonly message: string
}

const MARKS: Readonly<Record<Verdict, readonly [Style, string]>> = {
  ok: ['green', '✓'],
  warning: ['yellow', '!'],
  failed: ['red', '✗'],
  off: ['dim', '–'],
}
const VERDICTS: Readonly<Record<HealthReport['checks'][string]['status'], Verdict>> = {
  ok: 'ok',
  degraded: 'warning',
  failed: 'failed',
  off: 'off',
}

const KEY_OF: Readonly<Record<string, { readonly variable: string; readonly given: (config: Config) => boolean }>> = {
  openai: {
    variable: 'OPENAI_API_KEY',
    given: ({ openai }) => openai.apiKey !== undefined || openai.baseUrl !== undefined,
  },
  anthropic: { variable: 'ANTHROPIC_API_KEY', given: ({ anthropic }) => anthropic.apiKey !== undefined },
}

/** Each model of the configuration needs the key of its vendor. */
export function checkModel(config: Config): Finding {
  const { default: main, plan, select, fill, reResolve, generate, synthesize } = config.model
  const names = [main, plan, select, fill, reResolve, generate, synthesize]
    .flatMap((list) => (list ?? '').split(','))
    .map((name) => name.trim())
    .filter((name) => name !== '')
  if (names.length === 0) {
    return {
      name: 'model',
      status: 'off',
      message: 'No model is configured; the local planner is used. Set TUTTI_MODEL to openai:NAME or anthropic:NAME.',
    }
  }
  for (const name of new Set(names)) {
    const vendor = KEY_OF[name.slice(0, Math.max(0, name.indexOf(':')))]
    if (vendor === undefined)
      return { name: 'model', status: 'failed', message: `"${name}" is not of the form openai:NAME or anthropic:NAME.` }
    if (!vendor.given(config))
      return { name: 'model', status: 'failed', message: `"${name}" needs ${vendor.variable}.` }
  }
  return { name: 'model', status: 'ok', message: `${[...new Set(names)].join(', ')} (configured; not called)` }
}

async function examine(terminal: Terminal): Promise<{ findings: Finding[]; configuration: unknown }> {
  const findings: Finding[] = [{ name: 'node', status: 'ok', message: process.versions.node }]
  const session = await openSession(terminal, { demo: 'if-needed' })
  const { orchestrator, config } = session
  try {
    findings.push({ name: 'configuration', status: 'ok', message: `profile ${config.profile}` }, checkModel(config))
    await orchestrator.start()
    const { checks } = await orchestrator.health()
    for (const [name, check] of Object.entries(checks)) {
      if (name !== 'model') findings.push({ name, status: VERDICTS[check.status], message: check.message })
    }
    findings.push(
      config.redis.url === undefined
        ? { name: 'redis', status: 'off', message: 'REDIS_URL is not set.' }
        : checkRedis(orchestrator.catalog.sources().find((source) => source.name.startsWith('redis'))),
    )
    return { findings, configuration: describeConfig(config) }
  } finally {
    await session.close()
  }
}

function checkRedis(
  source: { readonly state: string; readonly components: number; readonly error?: string } | undefined,
): Finding {
  if (source?.state === 'ready')
    return { name: 'redis', status: 'ok', message: `reachable, ${source.components} components` }
  return { name: 'redis', status: 'failed', message: source?.error ?? 'It did not answer in time. Check REDIS_URL.' }
}

export async function doctor(options: { readonly json?: boolean }, terminal: Terminal): Promise<ExitCode> {
  const { findings, configuration } = await examine(terminal)
  const isWell = findings.every((finding) => finding.status !== 'failed')
  if (options.json === true) {
    terminal.stdout.write(`${stringifyJson({ well: isWell, checks: findings, configuration }, 2)}\n`)
  } else {
    const paint = createPaint(terminal.color && terminal.stdout.isTTY === true)
    for (const { name, status, message } of findings) {
      const [style, mark] = MARKS[status]
      terminal.stdout.write(`${paint(style, mark)} ${name.padEnd(16)} ${oneLine(message)}\n`)
    }
  }
  return isWell ? EXIT.ok : EXIT.failed
}
