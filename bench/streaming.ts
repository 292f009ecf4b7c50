// What it brings to begin while the plan is still being written: a model that says 50 tokens a second, a plan of six steps that
// read, tools that take 800 ms; with early start and without, in turn. `node bench/streaming.ts [rounds]`
import { setTimeout as sleep } from 'node:timers/promises'
import { encode } from 'gpt-tokenizer/encoding/o200k_base'
import { tool } from '../src/connectors/local/tool.ts'
import type { LanguageModel, ModelEvent } from '../src/contracts/model.ts'
import type { Response } from '../src/contracts/run.ts'
import { createOrchestrator } from '../src/create-orchestrator.ts'

const TOKENS_PER_SECOND = 50
const TOOL_MS = 800
const rounds = Number(process.argv[2] ?? 3)

const step = (name: string, action: string, inputs: object) => ({ name, component: action, action, inputs })
const plan = JSON.stringify({
  steps: [
    step('seoul', 'find_place', { name: 'Seoul' }),
    step('lima', 'find_place', { name: 'Lima' }),
    step('rates', 'list_rates', { currency: 'USD' }),
    step('weather_seoul', 'weather_at', { place: '${steps.seoul.output.id}' }),
    step('weather_lima', 'weather_at', { place: '${steps.lima.output.id}' }),
    step('news', 'search_news', { query: 'travel between Seoul and Lima' }),
  ],
})
const answer = 'Both are warm.'

const text = { type: 'string' } as const
const reading = (name: string, input: string) =>
  tool({
    name,
    description: `Reads: ${name}`,
    effect: 'read',
    input: { type: 'object', properties: { [input]: text }, required: [input] },
    output: { type: 'object', properties: { id: text } },
    execute: async (_inputs, { signal }) => {
      await sleep(TOOL_MS, undefined, { signal })
      return { id: name }
    },
  })
const tools = [
  reading('find_place', 'name'),
  reading('list_rates', 'currency'),
  reading('weather_at', 'place'),
  reading('search_news', 'query'),
]

/** The text in tokens of 20 ms each. */
const speaking: LanguageModel = {
  id: 'bench:50',
  async *stream({ purpose, signal }): AsyncGenerator<ModelEvent> {
    const said = purpose === 'synthesize' ? answer : plan
    // About four characters are a token.
    const count = encode(said).length
    const begun = performance.now()
    for (let i = 0; i < count; i++) {
      const due = begun + ((i + 1) * 1000) / TOKENS_PER_SECOND - performance.now()
      if (due > 0) await sleep(due, undefined, { signal })
      const at = (k: number): number => Math.round((k * said.length) / count)
      yield { type: 'text', text: said.slice(at(i), at(i + 1)) }
    }
    yield { type: 'end', finish: 'stop', usage: { inputTokens: 0, outputTokens: count }, model: 'bench:50' }
  },
}

async function measure(earlyStart: boolean): Promise<Response> {
  const orchestrator = createOrchestrator({
    model: speaking,
    tools,
    planner: { earlyStart, cacheEnabled: false, shortWay: false },
    synthesizer: { strategy: 'template' },
  })
  await orchestrator.start()
  const response = await orchestrator.processRequest('Compare travelling to Seoul and to Lima')
  await orchestrator.close()
  if (response.status !== 'succeeded')
    throw new Error(`The run is ${response.status}: ${JSON.stringify(response.errors)}`)
  return response
}

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0
const found = { with: [] as Response[], without: [] as Response[] }
for (let round = 0; round < rounds; round++) {
  found.without.push(await measure(false))
  found.with.push(await measure(true))
}
const total = (list: readonly Response[]): number => median(list.map(({ timings }) => timings.totalMs))
const first = (list: readonly Response[]): number =>
  median(list.map(({ timings }) => timings.firstStepMs ?? Number.NaN))
console.log(
  `Plan of ${encode(plan).length} tokens at ${TOKENS_PER_SECOND} a second, tools of ${TOOL_MS} ms, medians of ${rounds}.`,
)
console.log('\n| early start | first step, ms | total, ms |\n| --- | --- | --- |')
console.log(`| off | ${first(found.without)} | ${total(found.without)} |`)
console.log(`| on | ${first(found.with)} | ${total(found.with)} |`)
console.log(
  `| ratio | ${(first(found.with) / first(found.without)).toFixed(2)} | ${(total(found.with) / total(found.without)).toFixed(2)} |`,
)
