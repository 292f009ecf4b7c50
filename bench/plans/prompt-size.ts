// How large the prompt of a plan is, in tokens, as the catalog grows: all of it, or what the search offers for a request.
import { encode } from 'gpt-tokenizer/encoding/o200k_base'
import type { OfferedCapability } from '../../src/contracts/capability.ts'
import { createOrchestrator } from '../../src/create-orchestrator.ts'
import { renderMessages, renderPlanSystem } from '../../src/planner/prompt.ts'
import { type CorpusTool, readLines, toCapability, toComponent } from './data.ts'

const REQUESTS = 20

function tokensOf(request: string, offered: readonly OfferedCapability[]): number {
  const messages = renderMessages({ request, turns: [], offered, today: '2026-01-01' })
  const text = [renderPlanSystem({}), ...messages.map(({ content }) => content)].join('\n')
  return encode(text).length
}

export async function measurePromptSize(): Promise<string[]> {
  const lines = ['| capabilities | whole catalog, tokens | offered (20), tokens | ratio |', '| --- | --- | --- | --- |']
  const corpus = readLines<CorpusTool>('retrieval-corpus')
  const requests = readLines<{ query: string }>('retrieval-queries')
    .filter((_, i) => i % 97 === 0)
    .slice(0, REQUESTS)
  for (const size of [100, 1_000, 10_000]) {
    const step = Math.floor(corpus.length / size)
    const tools = corpus.filter((_, i) => i % step === 0).slice(0, size)
    const unique = [...new Map(tools.map((tool) => [tool.name.toLowerCase(), tool])).values()]
    const component = { ...toComponent(unique.map(toCapability)), source: 'bench' }
    const orchestrator = createOrchestrator({
      sources: [
        {
          discovery: { name: 'bench', fixed: true, load: () => Promise.resolve([component]) },
          invoker: { invoke: () => Promise.reject(new Error('nothing is called here')) },
        },
      ],
    })
    await orchestrator.start()
    const all = component.capabilities.map((capability) => ({ component, capability }))
    const whole = tokensOf(requests[0]?.query ?? '', all)
    let offered = 0
    for (const { query } of requests)
      offered += tokensOf(query, await orchestrator.catalog.search(query, { limit: 20 })) / requests.length
    await orchestrator.close()
    lines.push(`| ${unique.length} | ${whole} | ${Math.round(offered)} | ${(whole / offered).toFixed(1)} |`)
  }
  return lines
}
