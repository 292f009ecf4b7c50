// What the local planner finds without any model: the calls it plans against those of the gold, beside what the search could have
// given it at best. Every capability counts as reading, since the sets do not tell; writing ones it would only propose.
import type { Capability, OfferedCapability } from '../../src/contracts/capability.ts'
import type { JsonSchema, JsonValue } from '../../src/contracts/json.ts'
import { createOrchestrator } from '../../src/create-orchestrator.ts'
import { planLocally } from '../../src/planner/local-planner.ts'
import { isJsonObject } from '../../src/util/json.ts'
import { type GoldCall, type PlannedCall, scoreArguments } from './accepted-values.ts'
import { type CorpusTool, f1, overlap, percent, readGold, readLines, TYPES, toCapability, toComponent } from './data.ts'

export interface LocalTask {
  readonly request: string
  readonly gold: readonly GoldCall[]
  offer(limit?: number): Promise<readonly OfferedCapability[]>
}

interface BfclRow {
  readonly question: readonly (readonly { readonly role: string; readonly content: string }[])[]
  readonly tools: readonly { readonly name: string; readonly description: string; readonly parameters: JsonSchema }[]
  readonly gold: readonly Readonly<Record<string, Readonly<Record<string, readonly JsonValue[]>>>>[]
}

export async function sealTasks(): Promise<LocalTask[]> {
  const tools = readLines<CorpusTool>('retrieval-corpus').filter(({ set }) => set === 'sealtools')
  const component = { ...toComponent(tools.map(toCapability)), source: 'seal' }
  const orchestrator = createOrchestrator({
    sources: [
      {
        discovery: { name: 'seal', fixed: true, load: () => Promise.resolve([component]) },
        invoker: { invoke: () => Promise.reject(new Error('nothing is called here')) },
      },
    ],
  })
  await orchestrator.start()
  return readGold('sealtools-plans').plans.map(({ request, steps }) => ({
    request,
    gold: steps.map(({ tool, args }) => ({
      tool,
      args: Object.fromEntries(Object.entries(args).map(([name, value]) => [name, [value]])),
    })),
    offer: (limit = 20) => orchestrator.catalog.search(request, { limit }),
  }))
}

export function bfclTasks(): LocalTask[] {
  return readLines<BfclRow>('bfcl-parallel').map(({ question, tools, gold }) => {
    const capabilities = tools.map(
      ({ name, description, parameters }): Capability => ({
        name,
        description,
        inputSchema: toJsonSchema(parameters),
        effect: 'read',
      }),
    )
    const component = toComponent(capabilities)
    return {
      request: question.flat().findLast(({ role }) => role === 'user')?.content ?? '',
      gold: gold.flatMap((call) => Object.entries(call).map(([tool, args]) => ({ tool, args }))),
      offer: () => Promise.resolve(capabilities.map((capability) => ({ component, capability }))),
    }
  })
}

/** The set writes `dict` for `object` and `float` for `number`, at any depth. */
function toJsonSchema(schema: JsonSchema): JsonSchema {
  return Object.fromEntries(
    Object.entries(schema).map(([key, value]) => [
      key,
      key === 'type' && typeof value === 'string'
        ? (TYPES[value] ?? value)
        : isJsonObject(value)
          ? toJsonSchema(value)
          : value,
    ]),
  )
}

/** What a plan calls; references into other calls stand for what the gold calls by a name of its own. */
export const callsOf = (steps: ReturnType<typeof planLocally>['steps']): PlannedCall[] =>
  steps.map(({ action = '', inputs }) => ({ tool: action, args: isJsonObject(inputs) ? inputs : {} }))

export async function measureLocalPlanner(): Promise<string[]> {
  const seal = await sealTasks()
  return [
    '| set | requests | node F1 | precision | recall | ceiling of recall | arguments accepted | whole plans | certain | right calls when certain | right values when certain | ms a request |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
    await measureSet('Seal-Tools, whole catalog, 20 offered', seal, 20),
    await measureSet('Seal-Tools, whole catalog, 200 offered', seal, 200),
    await measureSet('BFCL, tools given', bfclTasks(), 20),
  ]
}

async function measureSet(set: string, tasks: readonly LocalTask[], limit: number): Promise<string> {
  const nodes = { hits: 0, found: 0, gold: 0 }
  const values = { accepted: 0, compared: 0 }
  let [ceiling, whole, certain, rightCalls, rightValues, ms] = [0, 0, 0, 0, 0, 0]
  for (const { request, gold, offer } of tasks) {
    const offered = await offer(limit)
    const begun = performance.now()
    const plan = planLocally(request, offered)
    ms += performance.now() - begun
    const calls = callsOf(plan.steps)
    const wanted = gold.map(({ tool }) => tool)
    const of = overlap(
      calls.map(({ tool }) => tool),
      wanted,
    )
    nodes.hits += of.hits
    nodes.found += of.found
    nodes.gold += of.gold
    const args = scoreArguments(calls, gold)
    values.accepted += args.accepted
    values.compared += args.compared
    const names = new Set(offered.map(({ capability }) => capability.name))
    ceiling += wanted.filter((name) => names.has(name)).length
    const isRight = of.hits === of.found && of.hits === of.gold
    if (isRight) whole++
    if (!plan.certain) continue
    certain++
    if (isRight) rightCalls++
    if (isRight && args.wholeCalls === gold.length) rightValues++
  }
  const ofCertain = (right: number): string => (certain === 0 ? '-' : `${right} of ${certain}`)
  const row = [
    set,
    tasks.length,
    percent(f1(nodes)),
    percent(nodes.hits / Math.max(1, nodes.found)),
    percent(nodes.hits / nodes.gold),
    percent(ceiling / nodes.gold),
    percent(values.accepted / Math.max(1, values.compared)),
    percent(whole / tasks.length),
    certain,
    ofCertain(rightCalls),
    ofCertain(rightValues),
    (ms / tasks.length).toFixed(2),
  ]
  return `| ${row.join(' | ')} |`
}
