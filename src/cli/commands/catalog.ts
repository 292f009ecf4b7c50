// catalog list, search, show: what can be called now.
import type { CapabilityChoice, SourceHealth } from '../../contracts/api.ts'
import type { Component } from '../../contracts/capability.ts'
import { TuttiError } from '../../contracts/errors.ts'
import { findComponent } from '../../server/find-component.ts'
import { capabilityToWire, componentToWire, offeredToWire, sourceToWire } from '../../server/wire.ts'
import { stringifyJson } from '../../util/json.ts'
import { counted } from '../../util/text.ts'
import { createPaint, oneLine, padText, paintLine } from '../render/text.ts'
import { type Session, withSession } from '../session.ts'
import { EXIT, type ExitCode, lineWidth, type Terminal } from '../terminal.ts'

interface JsonOption {
  readonly json?: boolean
}

const printJson = (terminal: Terminal, value: unknown): void => {
  terminal.stdout.write(`${stringifyJson(value, 2)}\n`)
}
const columnsOf = ({ stdout }: Terminal): number => (stdout.isTTY === true ? lineWidth(stdout) : 400)
const paintOf = ({ color, stdout }: Terminal) => createPaint(color && stdout.isTTY === true)

function healthOf(component: Component): string {
  const healthy = component.instances.filter((instance) => instance.health !== 'unhealthy').length
  return `${healthy}/${component.instances.length} healthy`
}

export async function listCatalog(options: JsonOption, terminal: Terminal): Promise<ExitCode> {
  const work = async ({ orchestrator: { catalog } }: Session): Promise<ExitCode> => {
    const components = catalog.components()
    if (options.json === true) {
      const sources = catalog.sources().map(sourceToWire)
      printJson(terminal, { fingerprint: catalog.fingerprint, components: components.map(componentToWire), sources })
      return EXIT.ok
    }
    if (components.length === 0)
      terminal.stderr.write('The catalog is empty. `tutti doctor` says which sources are read.\n')
    const paint = paintOf(terminal)
    for (const component of components) {
      const head = `${paint('bold', oneLine(component.name))}  ${paint('dim', `${component.kind}, ${component.source}, ${healthOf(component)}`)}`
      terminal.stdout.write(`${head}\n`)
      const width = Math.min(40, Math.max(0, ...component.capabilities.map((capability) => capability.name.length)))
      for (const { name, effect, description } of component.capabilities) {
        const line = paintLine(
          ['  ', padText(oneLine(name), width), ['dim', `  ${effect.padEnd(7)}  ${oneLine(description)}`]],
          paint,
          columnsOf(terminal),
        )
        terminal.stdout.write(`${line}\n`)
      }
    }
    listSources(catalog.sources(), terminal)
    return EXIT.ok
  }
  return withSession(terminal, work, { showsSources: true })
}

const MAX_SKIPPED = 20

/** Where all that comes from, when that is not one source that is well. */
function listSources(sources: readonly SourceHealth[], terminal: Terminal): void {
  const isPlain =
    sources.length < 2 && sources.every(({ state, skipped }) => state === 'ready' && skipped === undefined)
  if (isPlain) return
  const paint = paintOf(terminal)
  const say = (line: string): void => void terminal.stdout.write(`${paint('dim', line)}\n`)
  say('\nSources')
  for (const { name, state, components, capabilities, skipped = [], error } of sources) {
    const left = skipped.length === 0 ? '' : `, ${skipped.length} left out`
    const trouble = error === undefined ? '' : `  ${oneLine(error)}`
    say(
      `  ${oneLine(name)}  ${state}, ${counted(components, 'component')}, ${counted(capabilities, 'capability')}${left}${trouble}`,
    )
    for (const { name: entry, why } of skipped.slice(0, MAX_SKIPPED)) say(`    – ${oneLine(entry)}: ${oneLine(why)}`)
    if (skipped.length > MAX_SKIPPED) say(`    – and ${skipped.length - MAX_SKIPPED} more (--json lists them)`)
  }
}

export async function searchCatalog(
  query: string,
  options: JsonOption & { readonly limit: number; readonly why?: boolean },
  terminal: Terminal,
): Promise<ExitCode> {
  if (query.trim() === '')
    throw new TuttiError('invalid_request', 'The search is empty. Say what the capability should do.')
  return withSession(terminal, async ({ orchestrator: { catalog } }) => {
    if (options.why === true)
      return showChoice(await catalog.choose(query, { limit: options.limit }), options, terminal)
    const found = await catalog.search(query, { limit: options.limit })
    if (options.json === true) printJson(terminal, { items: found.map(offeredToWire) })
    else if (found.length === 0) terminal.stderr.write('Nothing fits.\n')
    else {
      const paint = paintOf(terminal)
      for (const { component, capability, score } of found) {
        const rank = score === undefined ? '' : score.toFixed(2).padStart(7)
        const line = paintLine(
          [
            ['dim', rank],
            `  ${oneLine(component.name)} ${oneLine(capability.name)}`,
            ['dim', `  ${oneLine(capability.description)}`],
          ],
          paint,
          columnsOf(terminal),
        )
        terminal.stdout.write(`${line}\n`)
      }
    }
    return EXIT.ok
  })
}

/** What a planner would see, and why: hits and helpers first, then what was held back. */
function showChoice({ offered, hidden }: CapabilityChoice, options: JsonOption, terminal: Terminal): ExitCode {
  if (options.json === true) {
    printJson(terminal, { items: offered.map(offeredToWire), hidden })
    return EXIT.ok
  }
  if (offered.length === 0) terminal.stderr.write('Nothing fits.\n')
  const paint = paintOf(terminal)
  const write = (mark: string, name: string, why: string): void => {
    const line = paintLine(
      [['dim', mark], ` ${oneLine(name)}`, ['dim', `  ${oneLine(why)}`]],
      paint,
      columnsOf(terminal),
    )
    terminal.stdout.write(`${line}\n`)
  }
  for (const { component, capability, why = 'found by the search' } of offered)
    write('+', `${component.name} ${capability.name}`, why)
  for (const { name, why } of hidden) write('-', name, why)
  return EXIT.ok
}

export async function showComponent(name: string, options: JsonOption, terminal: Terminal): Promise<ExitCode> {
  return withSession(terminal, async ({ orchestrator: { catalog } }) => {
    const component = findComponent(catalog, name)
    if (options.json === true) {
      printJson(terminal, componentToWire(component))
      return EXIT.ok
    }
    const paint = paintOf(terminal)
    const lines = [
      `${paint('bold', oneLine(component.name))}  ${paint('dim', `${component.kind}, ${component.source}, ${component.trust}, ${healthOf(component)}`)}`,
      ...(component.description === undefined ? [] : [`  ${oneLine(component.description)}`]),
      ...component.instances.map((instance) =>
        paint(
          'dim',
          `  ${[instance.id, instance.address ?? '', instance.health]
            .filter((part, i, all) => part !== '' && all.indexOf(part) === i)
            .map(oneLine)
            .join('  ')}`,
        ),
      ),
    ]
    for (const capability of component.capabilities) {
      const { name: action, description, ...rest } = capabilityToWire(capability)
      lines.push(
        '',
        `${paint('cyan', oneLine(String(action)))}  ${oneLine(String(description))}`,
        stringifyJson(rest, 2),
      )
    }
    terminal.stdout.write(`${lines.join('\n')}\n`)
    return EXIT.ok
  })
}
