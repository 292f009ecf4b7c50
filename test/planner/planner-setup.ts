// A planner over the demo world with a scripted model, and what it emitted and asked for.
import type { Component, OfferedCapability } from '../../src/contracts/capability.ts'
import { type ConfigInput, configSchema } from '../../src/contracts/config.ts'
import type { RunFact } from '../../src/contracts/events.ts'
import type { Logger } from '../../src/contracts/parts.ts'
import type { PlanAsk, PlanEvent } from '../../src/contracts/planner.ts'
import { createPlanner } from '../../src/planner/planner.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { demoComponents, demoOffer, viewOf } from './demo-world.ts'
import { collect, type Said, scriptedAsk } from './scripted-ask.ts'

const log: Logger = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }

export const step = (component: string, action: string, inputs: unknown, more: object = {}): object => ({
  name: 'a',
  component,
  action,
  inputs,
  ...more,
})
export const plan = (...steps: object[]): string => JSON.stringify({ steps })
export const news = (query = 'x', more: object = {}): object =>
  step('news-tool', 'search_news', { query }, { name: 'news', ...more })
export const GOOD = plan(news())

interface Setup {
  readonly answers?: readonly Said[]
  readonly available?: boolean
  readonly planner?: NonNullable<ConfigInput['planner']>
  readonly components?: readonly Component[]
  readonly offered?: readonly OfferedCapability[]
  readonly widened?: readonly OfferedCapability[]
}

export function setup({
  answers = [],
  available = true,
  planner: given = {},
  components = demoComponents,
  offered = demoOffer,
  widened = [],
}: Setup) {
  const model = scriptedAsk(answers, { available })
  const clock = createManualClock()
  const planner = createPlanner({ ask: model, settings: configSchema.parse({ planner: given }), clock, log })
  const facts: RunFact[] = []
  const words: string[] = []
  const askOf = (more: Partial<PlanAsk> = {}): PlanAsk => ({
    request: 'Search the news',
    runId: 'run_1',
    principal: 'local',
    turns: [],
    offered,
    widen: async (text) => {
      words.push(text)
      return widened
    },
    view: viewOf(components),
    signal: new AbortController().signal,
    emit: (fact) => facts.push(fact),
    ...more,
  })
  const run = async (more: Partial<PlanAsk> = {}) => {
    const events: PlanEvent[] = await collect(planner.plan(askOf(more)))
    const last = events.at(-1)
    if (last?.type !== 'document') throw new Error('no document')
    const deltas = events.flatMap((event) => (event.type === 'delta' ? [event.text] : [])).join('')
    return { ...last, deltas, errors: last.issues.filter(({ severity }) => severity === 'error') }
  }
  const invalid = () => facts.flatMap((fact) => (fact.type === 'plan-invalid' ? [fact] : []))
  return { model, clock, planner, run, words, facts, invalid, askOf }
}
