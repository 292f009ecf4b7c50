// A plan as a small tree: each step stands under the last of those it waits for.
import type { PlanDocument, Step } from '../../contracts/plan.ts'
import { displayWidth, oneLine, type Paint, padText, paintLine, type Span } from './text.ts'

/** What a step calls, without what its name says already: `stock-service stock_quote`, or `stock-service` for a step `stock_quote`. */
export function describeCall(name: string, component: string, action: string | undefined): string {
  const said = name.replace(/_\d+$/, '')
  const parts = [component, action ?? ''].filter(
    (part, i, all) => part !== name && part !== said && all.indexOf(part) === i,
  )
  return oneLine(parts.join(' '))
}

/** What a step does, in words: what it calls, or its type. */
export function describeStep(step: Pick<Step, 'name' | 'type' | 'component' | 'action' | 'capability'>): string {
  if (step.component !== undefined) return describeCall(step.name, step.component, step.action)
  if (step.capability !== undefined) return describeCall(step.name, 'any component', step.capability)
  return step.type
}

/** Declared dependencies, and those that references in its values make. */
function dependenciesOf(step: Step, names: ReadonlySet<string>): string[] {
  const values = JSON.stringify([step.inputs, step.if, step.set, step.prompt, step.wait], (_key, value: unknown) =>
    typeof value === 'bigint' ? String(value) : value,
  )
  const referenced = [...values.matchAll(/\bsteps\.([A-Za-z_][\w-]*)/g)].map((match) => match[1] ?? '')
  return [...new Set([...step.dependsOn, ...referenced])].filter((name) => names.has(name) && name !== step.name)
}

interface Node {
  readonly step: Step
  readonly dependencies: readonly string[]
  readonly children: Node[]
}

/** Steps that wait for nothing are at the top; a step in a circle is too, so that none is lost. */
function growTree(steps: readonly Step[]): Node[] {
  const names = new Set(steps.map((step) => step.name))
  const nodes = new Map<string, Node>(
    steps.map((step) => [step.name, { step, dependencies: dependenciesOf(step, names), children: [] }]),
  )
  const depths = new Map<string, number>()
  const depthOf = (name: string, above: ReadonlySet<string>): number => {
    const known = depths.get(name)
    if (known !== undefined) return known
    if (above.has(name)) return 0
    const below = new Set(above).add(name)
    const depth = Math.max(0, ...(nodes.get(name)?.dependencies ?? []).map((d) => depthOf(d, below) + 1))
    depths.set(name, depth)
    return depth
  }
  const roots: Node[] = []
  for (const node of nodes.values()) {
    const own = depthOf(node.step.name, new Set())
    const parent = node.dependencies.filter((d) => depthOf(d, new Set()) === own - 1).at(-1)
    const above = parent === undefined ? undefined : nodes.get(parent)
    if (above === undefined) roots.push(node)
    else above.children.push(node)
  }
  return roots
}

/** Larger plans are cut: a tree is for eyes. */
const MAX_LINES = 40

export interface TreeRow {
  /** The branches before the name. */
  readonly lead: string
  readonly step: Step
  /** What it waits for besides the step it stands under. */
  readonly others: readonly string[]
}

/** The rows of the tree from top to bottom; a plan beyond 500 steps is cut. */
export function layoutPlanTree(document: PlanDocument): TreeRow[] {
  const rows: TreeRow[] = []
  const visit = (nodes: readonly Node[], indent: string, under: string | undefined): void => {
    nodes.forEach(({ step, dependencies, children }, i) => {
      const last = i === nodes.length - 1
      rows.push({
        lead: `${indent}${last ? '└─' : '├─'} `,
        step,
        others: dependencies.filter((name) => name !== under),
      })
      visit(children, `${indent}${last ? '   ' : '│  '}`, step.name)
    })
  }
  visit(growTree(document.steps.slice(0, 500)), '', undefined)
  return rows
}

/** @param columns width of a line; nothing is wider */
export function renderPlanTree(document: PlanDocument, paint: Paint, columns: number): string[] {
  const shown = layoutPlanTree(document).slice(0, MAX_LINES)
  const nameColumns = Math.min(40, Math.max(0, ...shown.map(({ lead, step }) => lead.length + displayWidth(step.name))))
  const lines = shown.map(({ lead, step, others }) => {
    const spans: Span[] = [
      ['dim', lead],
      padText(oneLine(step.name), nameColumns - lead.length),
      ['dim', `  ${describeStep(step)}`],
      ['dim', others.length === 0 ? '' : `  after ${others.map(oneLine).join(', ')}`],
    ]
    return paintLine(spans, paint, columns)
  })
  const rest = document.steps.length - shown.length
  return rest > 0 ? [...lines, paint('dim', `   and ${rest} more`)] : lines
}
