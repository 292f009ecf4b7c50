// Steps told while the plan is still being written. Each has passed the one validation together with the steps that it builds on;
// whether it may run before the rest is there is for whoever runs it to say.
import type { OfferedCapability } from '../contracts/capability.ts'
import type { CompiledPlan, CompiledStep, CompiledValue } from '../contracts/compiled.ts'
import type { Config } from '../contracts/config.ts'
import type { JsonObject, JsonValue } from '../contracts/json.ts'
import type { Step } from '../contracts/plan.ts'
import type { PlanAsk, PlanEvent } from '../contracts/planner.ts'
import { checkDocument } from '../plan/check.ts'
import { mapTexts } from '../plan/map-texts.ts'
import { looksLikeForeignReference } from '../plan/reference.ts'
import { isJsonObject } from '../util/json.ts'
import { nameKey } from '../util/name-key.ts'
import { cleanStep } from './parse-plan.ts'
import { createStepStream, type StepStream } from './stream-steps.ts'

type StepEvent = Extract<PlanEvent, { readonly type: 'step' }>

/** Steps of one answer. */
export interface EarlySteps {
  /** The next piece of the answer; gives the steps that may be told now. */
  read(text: string): AsyncIterable<StepEvent>
}

/** Each step is checked with those before it: beyond so many, what is gained is not worth the work. */
const MAX_EARLY = 32
/** GoMind's plans are read as a whole. */
const FOREIGN_KEYS = ['step_id', 'agent_name', 'metadata'] as const

/** What is never offered, never told: `offered` is what the model was shown. */
export async function createEarlySteps(
  ask: Pick<PlanAsk, 'view'>,
  settings: Config,
  offered: readonly OfferedCapability[],
): Promise<EarlySteps> {
  const stream: StepStream = await createStepStream()
  const shown = new Set(offered.map(({ component, capability }) => keyOf(component.name, capability.name)))
  /** Every step so far, so that counted references find their step; those that were not told do nothing. */
  const written: JsonObject[] = []
  const told = new Map<string, Step>()
  let isOff = false

  const check = async (steps: readonly JsonValue[] | readonly Step[]): Promise<CompiledPlan | undefined> => {
    const { plan, issues } = await checkDocument({ steps }, ask.view, {
      origin: 'model',
      maxSteps: settings.executor.maxSteps,
      offered,
      repair: true,
    })
    return issues.length === 0 ? plan : undefined
  }
  const tell = async (raw: JsonObject): Promise<StepEvent | undefined> => {
    // A name that is made up here may be another one once the later steps are there.
    if (typeof raw.name !== 'string') return undefined
    const plan = await check([...written, raw])
    const last = plan?.steps.at(-1)
    if (plan === undefined || last === undefined || !mayBeTold(last, shown)) return undefined
    const needed = new Set<Step>()
    for (const index of dependenciesOf(last, plan)) {
      const before = told.get(plan.steps[index]?.name ?? '')
      if (before === undefined) return undefined
      needed.add(before)
    }
    // Alone with what it builds on: nobody is to run what the rest of the plan does not need yet.
    const repaired = plan.document.steps.at(-1) ?? last.step
    const own = await check([...[...told.values()].filter((step) => needed.has(step)), repaired])
    // Of the document, whose steps name every dependency.
    const step = own?.document.steps.at(-1)
    if (own === undefined || step === undefined) return undefined
    told.set(step.name, step)
    return { type: 'step', step, plan: own }
  }

  return {
    async *read(text) {
      if (isOff) return
      for (const found of stream.write(text)) {
        isOff ||= written.length >= MAX_EARLY || !isJsonObject(found) || FOREIGN_KEYS.some((key) => key in found)
        if (isOff || !isJsonObject(found)) return
        const raw = cleanStep(found)
        const event = await tell(raw)
        written.push(event === undefined ? gateFor(raw, written.length) : raw)
        if (event !== undefined) yield event
      }
    },
  }
}

const keyOf = (component: string, action: string): string => JSON.stringify([nameKey(component), nameKey(action)])

/** Keeps the place and the name of a step that was not told. */
const gateFor = ({ name }: JsonObject, index: number): JsonObject => ({
  name: typeof name === 'string' && /^[A-Za-z_][\w-]*$/.test(name) ? name : `untold-${index + 1}`,
})

/** Calls of what was shown, and values made of other steps' outputs. */
function mayBeTold({ step, ...compiled }: CompiledStep, shown: ReadonlySet<string>): boolean {
  const isKnown =
    step.type === 'transform' ||
    (step.type === 'call' &&
      step.component !== undefined &&
      step.action !== undefined &&
      shown.has(keyOf(step.component, step.action)))
  // What else a plan may refer to, such as its declared inputs, is known only with the whole of it.
  const values: readonly (CompiledValue | undefined)[] = [
    compiled.condition,
    compiled.wholeInputs,
    compiled.concurrencyKey,
    ...[...(compiled.inputs ?? []), ...(compiled.set ?? [])].map(({ value }) => value),
  ]
  const isClosed = values.every((value) =>
    (value?.references ?? []).every(({ root }) => root === 'steps' || root === 'run'),
  )
  return isKnown && isClosed && values.every((value) => value === undefined || !mayRefer(value))
}

const STEP_LIKE = /\bsteps?[.[_-]|\.(?:outputs?|response|results?)\b/

/** A text that may turn out to be a reference, in another syntax, to a step that is not written yet: it must not be sent as it is. */
function mayRefer({ isLiteral, source }: CompiledValue): boolean {
  let isFound = false
  if (isLiteral)
    mapTexts(source, (text) => {
      isFound ||= looksLikeForeignReference(text) || STEP_LIKE.test(text)
      return text
    })
  return isFound
}

/** All that it waits for, directly or not. */
function dependenciesOf({ dependencies }: CompiledStep, { steps }: CompiledPlan): ReadonlySet<number> {
  const found = new Set(dependencies)
  // A set grows while it is walked.
  for (const index of found) for (const further of steps[index]?.dependencies ?? []) found.add(further)
  return found
}
