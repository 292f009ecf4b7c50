// doctor: is everything in place? It costs nothing: no model is called, no component is called.
import { describeConfig } from '../../config/describe-config.ts'
import type { CatalogApi, HealthReport } from '../../contracts/api.ts'
import type { Config } from '../../contracts/config.ts'
import { toTuttiError } from '../../contracts/errors.ts'
import type { JsonObject } from '../../contracts/json.ts'
import { stringifyJson } from '../../util/json.ts'
import { counted, didYouMean } from '../../util/text.ts'
import { awaitSources } from '../await-sources.ts'
import { createPaint, displayWidth, oneLine, padText, type Style } from '../render/text.ts'
import { wrapText } from '../render/wrap.ts'
import { openSession } from '../session.ts'
import { EXIT, type ExitCode, lineWidth, type Terminal } from '../terminal.ts'

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

/** Of names on a line; the message of a longer one begins below it. */
const MAX_NAME = 24
const MAX_LINES = 20

/** @throws TuttiError `invalid_config`, which is the finding then */
async function examine(terminal: Terminal): Promise<{ findings: Finding[]; configuration: JsonObject }> {
  const session = await openSession(terminal, { demo: 'if-needed', showsSources: true })
  const { orchestrator, config } = session
  const findings: Finding[] = [{ name: 'configuration', status: 'ok', message: `profile ${config.profile}` }]
  try {
    await awaitSources(orchestrator, terminal, session.aside)
    const { checks } = await orchestrator.health()
    for (const [name, check] of Object.entries(checks)) {
      if (name === 'source:redis') continue
      const note = name === 'model' && check.status === 'ok' ? ' (configured; not called)' : ''
      findings.push({ name, status: VERDICTS[check.status], message: `${check.message}${note}` })
    }
    const redis = orchestrator.catalog.sources().find((source) => source.name === 'redis')
    findings.push(
      config.redis.url === undefined
        ? { name: 'redis', status: 'off', message: 'REDIS_URL is not set.' }
        : checkRedis(redis),
    )
    findings.push(...checkPolicies(config, orchestrator.catalog))
    return { findings, configuration: describeConfig(config) }
  } finally {
    await session.close()
  }
}

/** What is declared by name. A component may come later, so that its name is no error; most often it is misspelt. */
function checkPolicies({ components, models, quotas, notify }: Config, catalog: CatalogApi): Finding[] {
  const declared = [components, models, quotas, notify.targets].map((section) => Object.keys(section).length)
  if (declared.every((count) => count === 0)) return []
  const names = Object.keys(components)
  const known = catalog.components().map(({ name }) => name)
  const strangers = names.filter((name) => catalog.component(name) === undefined)
  const [of = 0, ofModels = 0, ofKeys = 0, targets = 0] = declared
  const counts = `components: ${of}, models: ${ofModels}, keys: ${ofKeys}, webhooks: ${targets}`
  return [
    { name: 'policies', status: 'ok', message: counts },
    ...strangers.map((name): Finding => {
      const message = `components.${name} has no effect: the catalog has no such component.${didYouMean(name, known)}`
      return { name: 'policies', status: 'warning', message }
    }),
  ]
}

function checkRedis(
  source: { readonly state: string; readonly components: number; readonly error?: string } | undefined,
): Finding {
  if (source?.state === 'ready')
    return { name: 'redis', status: 'ok', message: `reachable, ${counted(source.components, 'component')}` }
  return { name: 'redis', status: 'failed', message: source?.error ?? 'It did not answer in time. Check REDIS_URL.' }
}

export async function doctor(options: { readonly json?: boolean }, terminal: Terminal): Promise<ExitCode> {
  const node: Finding = { name: 'node', status: 'ok', message: process.versions.node }
  const examined = await examine(terminal).catch((thrown: unknown) => {
    const error = toTuttiError(thrown)
    if (error.code !== 'invalid_config') throw error
    return {
      findings: [{ name: 'configuration', status: 'failed', message: error.message } as const],
      configuration: {},
    }
  })
  const findings: readonly Finding[] = [node, ...examined.findings]
  const isWell = findings.every((finding) => finding.status !== 'failed')
  if (options.json === true) {
    terminal.stdout.write(
      `${stringifyJson({ well: isWell, checks: findings, configuration: examined.configuration }, 2)}\n`,
    )
  } else {
    const paint = createPaint(terminal.color && terminal.stdout.isTTY === true)
    const columns = terminal.stdout.isTTY === true ? lineWidth(terminal.stdout) : Number.POSITIVE_INFINITY
    const width = Math.min(MAX_NAME, Math.max(...findings.map(({ name }) => displayWidth(oneLine(name)))))
    for (const { name, status, message } of findings) {
      const [style, mark] = MARKS[status]
      const lines = wrapText(oneLine(message), Math.max(30, columns - width - 4), MAX_LINES)
      const isLong = terminal.stdout.isTTY === true && displayWidth(oneLine(name)) > width
      const first = isLong ? '' : `  ${lines.shift() ?? ''}`
      terminal.stdout.write(`${paint(style, mark)} ${padText(oneLine(name), width)}${first}\n`)
      for (const line of lines) terminal.stdout.write(`${' '.repeat(width + 4)}${line}\n`)
    }
  }
  return isWell ? EXIT.ok : EXIT.failed
}
