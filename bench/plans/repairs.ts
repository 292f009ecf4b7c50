// What deterministic repairs save: gold plans with the mistakes that models make in names and references, before and after; and
// plans that two small models wrote. Nodes are calls of capabilities that exist, edges lead between them.
import type { JsonObject, JsonValue } from '../../src/contracts/json.ts'
import type { PlanDocument } from '../../src/contracts/plan.ts'
import { checkDocument } from '../../src/plan/check.ts'
import {
  type CorpusTool,
  f1,
  type Gold,
  overlap,
  percent,
  readGold,
  readLines,
  toCapability,
  toComponent,
  toDocument,
  viewOf,
} from './data.ts'

type View = ReturnType<typeof viewOf>

/** Mistakes of recorded plans, as changes of the text of a right one. */
const MISTAKES: Readonly<Record<string, (document: JsonObject, gold: Gold) => JsonObject>> = {
  'tools in other words': (d) => changeActions(d, (name) => name.replace(/([a-z])([A-Z])/g, '$1_$2').toLowerCase()),
  'tools with escapes': (d) => changeActions(d, (name) => name.replace(/([a-z])([A-Z])/g, '$1\\_$2').toLowerCase()),
  'no component': (d) => mapSteps(d, ({ component: _, ...step }) => step),
  'component and tool in one': (d) =>
    mapSteps(d, ({ component, action, ...step }) => ({ ...step, action: `${textOf(component)}.${textOf(action)}` })),
  'references by place': (d, gold) =>
    changeText(d, (text) =>
      gold.steps.reduce((t, { id }, i) => t.replaceAll(`steps.${id}.output`, `steps.step_${i + 1}.output`), text),
    ),
  'other braces': (d) => changeText(d, (text) => text.replace(/\$\{steps\.(\w+)\.output([^}]*)\}/g, '{{$1.output$2}}')),
  'no "output"': (d) => changeText(d, (text) => text.replace(/\.output\b/g, '')),
  'waits for itself': (d) => mapSteps(d, (step) => ({ ...step, depends_on: [textOf(step['name'])] })),
  'inputs nobody knows': (d) =>
    mapSteps(d, (step) => ({ ...step, inputs: { ...(step['inputs'] as JsonObject), verbose_mode: 'yes' } })),
}

const textOf = (value: JsonValue | undefined): string => (typeof value === 'string' ? value : '')

const mapSteps = (document: JsonObject, change: (step: JsonObject) => JsonObject): JsonObject => ({
  ...document,
  steps: (document['steps'] as JsonObject[]).map(change),
})
const changeActions = (document: JsonObject, change: (name: string) => string): JsonObject =>
  mapSteps(document, (step) => ({ ...step, action: change(textOf(step['action'])) }))
const changeText = (document: JsonObject, change: (text: string) => string): JsonObject =>
  mapSteps(document, (step) => ({ ...step, inputs: JSON.parse(change(JSON.stringify(step['inputs']))) as JsonObject }))

interface Sum {
  nodes: { hits: number; found: number; gold: number }
  edges: { hits: number; found: number; gold: number }
  valid: number
}
const newSum = (): Sum => ({ nodes: { hits: 0, found: 0, gold: 0 }, edges: { hits: 0, found: 0, gold: 0 }, valid: 0 })

function add(to: Sum['nodes'], more: Sum['nodes']): void {
  to.hits += more.hits
  to.found += more.found
  to.gold += more.gold
}

/** Nodes and edges that would run as they stand. */
async function measureOne(input: unknown, gold: Gold, view: View, repair: boolean, sum: Sum): Promise<void> {
  const { document, plan } = await checkDocument(input, view, { origin: 'model', maxSteps: 1_000, repair })
  if (plan !== undefined) sum.valid++
  const places = new Map(gold.steps.map(({ id }, i) => [id, i]))
  const nodes = (document?.steps ?? []).filter((step) => isKnown(step, view)).map(({ action = '' }) => action)
  add(
    sum.nodes,
    overlap(
      nodes,
      gold.steps.map(({ tool }) => tool),
    ),
  )
  const edges = plan?.steps.flatMap(({ index, dependencies }) => dependencies.map((from) => `${from} > ${index}`)) ?? []
  const wanted = gold.steps.flatMap(({ dependsOn }, i) => dependsOn.map((from) => `${places.get(from) ?? -1} > ${i}`))
  add(sum.edges, overlap(edges, wanted))
}

const isKnown = ({ component, action }: PlanDocument['steps'][number], view: View): boolean =>
  component !== undefined && action !== undefined && view.find(component, action)?.name === action

async function measureInjected(): Promise<string[]> {
  const corpus = readLines<CorpusTool>('retrieval-corpus').filter(
    ({ set }) => set === 'sealtools' || set.startsWith('nestful'),
  )
  const known = new Map(corpus.map((tool) => [tool.name, tool]))
  const plans = [...readGold('sealtools-plans').plans, ...readGold('nestful').plans]
  const lines = [
    '| mistake | valid before | after | node F1 before | after | edge F1 before | after |',
    '| --- | --- | --- | --- | --- | --- | --- |',
  ]
  for (const [name, spoil] of Object.entries(MISTAKES)) {
    const [before, after] = [newSum(), newSum()]
    for (const gold of plans) {
      const names = [...new Set(gold.steps.map(({ tool }) => tool))]
      const capabilities = names.map((tool) => ({
        ...toCapability(known.get(tool) ?? { id: tool, set: '', name: tool, description: '' }),
        // The gold leaves out required inputs here and there, and has some that its tools do not: only their names are held to.
        inputSchema: {
          type: 'object',
          properties: Object.fromEntries(
            gold.steps.filter((s) => s.tool === tool).flatMap((s) => Object.keys(s.args).map((key) => [key, {}])),
          ),
          additionalProperties: false,
        },
      }))
      const view = viewOf([toComponent(capabilities)])
      const spoiled = spoil(toDocument(gold), gold)
      await measureOne(spoiled, gold, view, false, before)
      await measureOne(spoiled, gold, view, true, after)
    }
    const share = (sum: Sum): string => percent(sum.valid / plans.length)
    lines.push(
      `| ${name} | ${share(before)} | ${share(after)} | ${percent(f1(before.nodes))} | ${percent(f1(after.nodes))} | ${percent(f1(before.edges))} | ${percent(f1(after.edges))} |`,
    )
  }
  return lines
}

interface Prediction {
  readonly id: string
  readonly model: string
  readonly plan: { readonly task_nodes?: readonly { readonly task?: string; readonly arguments?: unknown }[] }
}

/** Plans of small models: there is no gold for them here, so what counts is what could run. */
async function measureRecorded(): Promise<string[]> {
  const tools = readLines<{ set: string; name: string; description: string }>('taskbench-tools')
  const rows = readLines<Prediction>('taskbench-predictions')
  const lines = [
    '| model | plans | calls | known as written | after repair | plans with only known calls | after repair |',
    '| --- | --- | --- | --- | --- | --- | --- |',
  ]
  for (const model of new Set(rows.map((row) => row.model))) {
    const count = { plans: 0, calls: 0, before: 0, after: 0, wholeBefore: 0, wholeAfter: 0 }
    for (const { id, plan } of rows.filter((row) => row.model === model)) {
      const set = id.split('/')[0] ?? ''
      const own = tools.filter((tool) => tool.set === set && typeof tool.name === 'string')
      const view = viewOf([toComponent(own.map((tool) => toCapability({ id: tool.name, ...tool })))])
      const steps = (plan.task_nodes ?? []).map(({ task }, i) => ({
        name: `s${i}`,
        component: 'tools',
        action: String(task),
      }))
      if (steps.length === 0) continue
      const known = async (repair: boolean): Promise<number> => {
        const { document } = await checkDocument({ steps }, view, { origin: 'model', maxSteps: 1_000, repair })
        return (document?.steps ?? []).filter((step) => isKnown(step, view)).length
      }
      const [before, after] = [await known(false), await known(true)]
      count.plans++
      count.calls += steps.length
      count.before += before
      count.after += after
      if (before === steps.length) count.wholeBefore++
      if (after === steps.length) count.wholeAfter++
    }
    lines.push(
      `| ${model} | ${count.plans} | ${count.calls} | ${percent(count.before / count.calls)} | ${percent(count.after / count.calls)} | ${percent(count.wholeBefore / count.plans)} | ${percent(count.wholeAfter / count.plans)} |`,
    )
  }
  return lines
}

export async function measureRepairs(): Promise<string[]> {
  return [...(await measureInjected()), '', ...(await measureRecorded())]
}
