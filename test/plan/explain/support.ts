// Facts for explanations, as literals.
import type { Capability, Component } from '../../../src/contracts/capability.ts'
import type { CompiledPlan } from '../../../src/contracts/compiled.ts'
import { configSchema } from '../../../src/contracts/config.ts'
import type { CallHistory, Explanation } from '../../../src/contracts/explanation.ts'
import { compilePlan } from '../../../src/plan/compile.ts'
import { readDocument } from '../../../src/plan/document.ts'
import { type ExplainFacts, type ExplainOptions, explainPlan } from '../../../src/plan/explain.ts'

export const capability = (name: string, more: Partial<Capability> = {}): Capability => ({
  name,
  description: name,
  inputSchema: { type: 'object' },
  effect: 'read',
  ...more,
})

export const component = (name: string, capabilities: Capability[], more: Partial<Component> = {}): Component => ({
  name,
  kind: 'tool',
  source: 'test',
  trust: 'local',
  capabilities,
  instances: [{ id: `${name}-1`, health: 'healthy' }],
  ...more,
})

export const took = (typical: number, more: Partial<CallHistory> = {}): CallHistory => ({
  low: typical / 2,
  typical,
  high: typical * 2,
  calls: 10,
  successRate: 1,
  ...more,
})

/** @param history by `component/action`, and `ai-generate` */
export function factsOf(
  components: readonly Component[],
  history: Readonly<Record<string, CallHistory>> = {},
  more: Partial<ExplainFacts> = {},
): ExplainFacts {
  const of = (name: string): Component | undefined => components.find((each) => each.name === name)
  const find: ExplainFacts['view']['find'] = (name, action) =>
    of(name)?.capabilities.find((each) => each.name === action)
  const unused = (): never => {
    throw new Error('An explanation does not use this.')
  }
  return {
    view: {
      fingerprint: 'f',
      components: () => components,
      component: of,
      find,
      offering: (name) => components.filter((each) => find(each.name, name) !== undefined),
      pick: unused,
      busy: unused,
      refresh: unused,
    },
    history: { historyOf: (name, action) => history[`${name}/${action}`], historyOfType: (type) => history[type] },
    policyOf: () => undefined,
    breakers: [],
    settings: configSchema.parse({}),
    model: () => undefined,
    isAnswered: false,
    ...more,
  }
}

export const compile = async (input: unknown): Promise<CompiledPlan> => {
  const { document } = await readDocument(input)
  const { plan } = await compilePlan(document ?? { steps: [] })
  if (plan === undefined) throw new Error('The document does not compile.')
  return plan
}

export const explain = async (input: unknown, options: ExplainOptions): Promise<Explanation> =>
  explainPlan(await compile(input), options)
