// What the local planner finds without any model: the calls it plans against those of the gold, beside what the search could have
// given it at best. Every capability counts as reading, since the sets do not tell; writing ones it would only propose.
import type { Capability, OfferedCapability } from '../../src/contracts/capability.ts'
import { createOrchestrator } from '../../src/create-orchestrator.ts'
import { planLocally } from '../../src/planner/local-planner.ts'
import { type CorpusTool, f1, overlap, percent, readGold, readLines, toCapability, toComponent } from './data.ts'

interface Task {
  readonly request: string
  readonly gold: readonly string[]
  offer(): Promise<readonly OfferedCapability[]>
}

interface BfclRow {
  readonly question: readonly (readonly { readonly role: string; readonly content: string }[])[]
  readonly tools: readonly {
    readonly name: string
    readonly description: string
    readonly parameters: {
      readonly properties?: Readonly<
        Record<string, { readonly type?: string; readonly description?: string; readonly enum?: readonly string[] }>
      >
      readonly required?: readonly string[]
    }
  }[]
  readonly gold: readonly Readonly<Record<string, unknown>>[]
}

async function sealTasks(): Promise<Task[]> {
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
    gold: steps.map(({ tool }) => tool),
    offer: () => orchestrator.catalog.search(request, { limit: 20 }),
  }))
}

function bfclTasks(): Task[] {
  return readLines<BfclRow>('bfcl-parallel').map(({ question, tools, gold }) => {
    const capabilities = tools.map(({ name, description, parameters }): Capability => {
      const params = Object.entries(parameters.properties ?? {}).map(([key, { type, description: text }]) => ({
        name: key,
        ...(type !== undefined && { type }),
        description: text ?? '',
        required: parameters.required?.includes(key) === true,
      }))
      return toCapability({ id: name, set: 'bfcl', name, description, params })
    })
    const component = toComponent(capabilities)
    return {
      request: question.flat().findLast(({ role }) => role === 'user')?.content ?? '',
      gold: gold.flatMap((call) => Object.keys(call)),
      offer: () => Promise.resolve(capabilities.map((capability) => ({ component, capability }))),
    }
  })
}

export async function measureLocalPlanner(): Promise<string[]> {
  const lines = [
    '| set | requests | node F1 | precision | recall | ceiling of recall | whole plans | certain | right when certain | ms a request |',
    '| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |',
  ]
  for (const [set, tasks] of [
    ['Seal-Tools, whole catalog', await sealTasks()],
    ['BFCL, tools given', bfclTasks()],
  ] as const) {
    const sum = { hits: 0, found: 0, gold: 0 }
    let [ceiling, whole, certain, rightWhenCertain, ms] = [0, 0, 0, 0, 0]
    for (const { request, gold, offer } of tasks) {
      const offered = await offer()
      const begun = performance.now()
      const plan = planLocally(request, offered)
      ms += performance.now() - begun
      const calls = plan.steps.map(({ action = '' }) => action)
      const of = overlap(calls, gold)
      sum.hits += of.hits
      sum.found += of.found
      sum.gold += of.gold
      const names = new Set(offered.map(({ capability }) => capability.name))
      ceiling += gold.filter((name) => names.has(name)).length
      const isRight = of.hits === of.found && of.hits === of.gold
      if (isRight) whole++
      if ('certain' in plan && plan.certain === true) {
        certain++
        if (isRight) rightWhenCertain++
      }
    }
    const row = [
      set,
      tasks.length,
      percent(f1(sum)),
      percent(sum.hits / Math.max(1, sum.found)),
      percent(sum.hits / sum.gold),
      percent(ceiling / sum.gold),
      percent(whole / tasks.length),
      certain,
      rightWhenCertain,
      (ms / tasks.length).toFixed(2),
    ]
    lines.push(`| ${row.join(' | ')} |`)
  }
  return lines
}
