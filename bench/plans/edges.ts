// Whether the edges that follow from references are those that people wrote down: every edge of the gold, and no other.
import { checkDocument } from '../../src/plan/check.ts'
import { type Gold, overlap, percent, readGold, toCapability, toComponent, toDocument, viewOf } from './data.ts'

const viewFor = ({ steps }: Gold) =>
  viewOf([
    toComponent(
      [...new Set(steps.map(({ tool }) => tool))].map((name) => ({
        ...toCapability({ id: name, set: '', name, description: '' }),
        inputSchema: { type: 'object' },
      })),
    ),
  ])

/** `a > b` for every edge of the compiled plan; undefined when it is not valid. */
async function edgesOf(gold: Gold): Promise<readonly string[] | undefined> {
  const { plan } = await checkDocument(toDocument(gold), viewFor(gold), { origin: 'model', maxSteps: 1_000 })
  return plan?.steps.flatMap(({ name, dependencies }) =>
    dependencies.map((i) => `${plan.steps[i]?.name ?? ''} > ${name}`),
  )
}

export async function measureEdges(): Promise<string[]> {
  const lines = [
    '| set | plans | defective gold | gold edges | precision | recall |',
    '| --- | --- | --- | --- | --- | --- |',
  ]
  for (const set of ['sealtools-plans', 'nestful'] as const) {
    const { plans, defective } = readGold(set)
    const sum = { hits: 0, found: 0, gold: 0 }
    const different: string[] = []
    for (const gold of plans) {
      const wanted = gold.steps.flatMap(({ id, dependsOn }) => dependsOn.map((from) => `${from} > ${id}`))
      const found = await edgesOf(gold)
      const { hits, found: count, gold: all } = overlap(found ?? [], wanted)
      sum.hits += hits
      sum.found += count
      sum.gold += all
      if (found === undefined || hits !== count || hits !== all) different.push(gold.id)
    }
    const precision = sum.found === 0 ? 1 : sum.hits / sum.found
    const recall = sum.gold === 0 ? 1 : sum.hits / sum.gold
    lines.push(`| ${set} | ${plans.length} | ${defective} | ${sum.gold} | ${percent(precision)} | ${percent(recall)} |`)
    if (different.length > 0) lines.push(`<!-- different: ${different.join(', ')} -->`)
  }
  return lines
}
