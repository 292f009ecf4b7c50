// A plan as a Mermaid flowchart. Texts of plans come from anywhere: none of them is ever read as markup, a link or a directive.
import type { StepStatus } from '../../contracts/compiled.ts'
import type { StepExplanation } from '../../contracts/explanation.ts'
import { inTime } from './words.ts'

/** Mermaid draws no more than 500 edges and 50,000 characters unless it is told to. */
const MAX_STEPS = 150
const MAX_EDGES = 400
const MAX_CHARS = 60

/** Letters and digits of any script, and marks that mean nothing to Mermaid, Markdown or HTML. */
const PLAIN = /[\p{L}\p{M}\p{N} _.,/+=-]/u

/** As text within a quoted label: all that might mean something is written as a character code; what is not seen is left out. */
export function escapeLabel(text: string): string {
  const characters = [
    ...text
      .toWellFormed()
      .replace(/[\s\p{Zl}\p{Zp}]+/gu, ' ')
      .replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cn}]/gu, ''),
  ]
  const shown = characters.length > MAX_CHARS ? [...characters.slice(0, MAX_CHARS - 1), '…'] : characters
  return shown.map((character) => (PLAIN.test(character) ? character : `#${character.codePointAt(0) ?? 0};`)).join('')
}

const STATUS_COLOURS: Readonly<Partial<Record<StepStatus, string>>> = {
  succeeded: 'fill:#d3f2d8,stroke:#2b8a3e,color:#000',
  failed: 'fill:#ffd9d9,stroke:#c92a2a,color:#000',
  skipped: 'fill:#eeeeee,stroke:#868e96,color:#000,stroke-dasharray:4 3',
  cancelled: 'fill:#eeeeee,stroke:#868e96,color:#000',
  running: 'fill:#d0ebff,stroke:#1971c2,color:#000',
  waiting: 'fill:#fff3bf,stroke:#e67700,color:#000',
}

/**
 * The first steps of a large plan, and how many more there are. The critical path has thick borders and edges; steps that change
 * something, or may, have slanted sides; after a run the colours tell how each step ended.
 */
export function writeMermaid(steps: readonly StepExplanation[]): string {
  const lines = ['flowchart TD']
  const shown = steps.slice(0, MAX_STEPS)
  const idOf = new Map(shown.map(({ name }, i) => [name, `s${i}`]))
  for (const [i, step] of shown.entries()) lines.push(`  s${i}${shapeOf(step)}`)
  if (steps.length > shown.length) lines.push(`  rest(["${steps.length - shown.length} more steps"])`)
  lines.push(...edgesOf(shown, idOf))
  const critical = shown.flatMap(({ isCritical }, i) => (isCritical ? [`s${i}`] : []))
  if (critical.length > 0) lines.push('  classDef critical stroke-width:4px', `  class ${critical.join(',')} critical`)
  for (const [status, colours] of Object.entries(STATUS_COLOURS)) {
    const ids = shown.flatMap(({ actual }, i) => (actual?.status === status ? [`s${i}`] : []))
    if (ids.length > 0) lines.push(`  classDef ${status} ${colours}`, `  class ${ids.join(',')} ${status}`)
  }
  return `${lines.join('\n')}\n`
}

function shapeOf({ name, what, effect, trouble, type, expectedMs, actual }: StepExplanation): string {
  const time = actual?.durationMs ?? (type === 'wait' ? undefined : expectedMs?.typical)
  const about = time === undefined ? '' : `${actual?.durationMs === undefined ? 'about ' : ''}${inTime(time)}`
  const details = [escapeLabel(what), about, trouble === undefined ? '' : trouble.replaceAll('-', ' ')]
  const label = `"${[escapeLabel(name), ...details.filter((part) => part !== '')].join('<br/>')}"`
  if (effect === 'write' || effect === 'unknown') return `[/${label}/]`
  return type === 'gate' || type === 'wait' ? `([${label}])` : `[${label}]`
}

function edgesOf(shown: readonly StepExplanation[], idOf: ReadonlyMap<string, string>): string[] {
  const lines: string[] = []
  let hidden = 0
  for (const [i, { dependsOn, isCritical }] of shown.entries())
    for (const name of dependsOn) {
      const from = idOf.get(name)
      if (from === undefined || lines.length >= MAX_EDGES) hidden++
      else
        lines.push(`  ${from} ${isCritical && shown[Number(from.slice(1))]?.isCritical === true ? '==>' : '-->'} s${i}`)
    }
  if (hidden > 0) lines.push(`  %% ${hidden} more edges`)
  return lines
}
