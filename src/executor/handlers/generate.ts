// A step that the model answers: text, or JSON by a schema.
import { FENCE_RULE, fence } from '../../asking/fence.ts'
import { ABSENT, type CompiledStep } from '../../contracts/compiled.ts'
import { TuttiError } from '../../contracts/errors.ts'
import type { StepContext, StepHandler } from '../../contracts/executor.ts'
import type { JsonValue } from '../../contracts/json.ts'
import type { AskModel, Clock } from '../../contracts/parts.ts'
import { formatDuration } from '../../util/duration.ts'
import { stringifyJson } from '../../util/json.ts'
import { isLarge } from '../../util/large-value.ts'
import { hideSecrets } from '../../util/secrets.ts'
import type { Duration } from '../durations.ts'
import { fenceOutput } from '../recovery/evidence.ts'

/** Characters for what other steps gave. */
const SOURCES_BUDGET = 24_000

const SYSTEM = `You do one step of a larger task. Answer with the result of this step only, without a preface. ${FENCE_RULE}`

export interface GenerateParts {
  readonly ask: AskModel
  readonly clock: Clock
  /** Learns how long such steps take. */
  readonly durations?: Duration
}

export function createGenerateHandler({ ask, clock, durations }: GenerateParts): StepHandler {
  const askOnce = async (compiled: CompiledStep, content: string, context: StepContext): Promise<JsonValue> => {
    const { outputSchema, timeoutMs } = compiled.step
    const { run } = context
    const limit = createLimit(compiled.name, timeoutMs, clock)
    const question = {
      purpose: 'generate',
      system: SYSTEM,
      messages: [{ role: 'user', content }],
      runId: run.runId,
      step: compiled.name,
      signal: limit === undefined ? context.signal : AbortSignal.any([context.signal, limit.signal]),
      emit: run.emit,
      ...(run.budget !== undefined && { budget: run.budget }),
    } as const
    const asked = outputSchema === undefined ? ask.text(question) : ask.json({ ...question, schema: outputSchema })
    try {
      return await (limit === undefined ? asked : Promise.race([asked, limit.passed]))
    } finally {
      limit?.cancel()
    }
  }
  return {
    type: 'ai-generate',
    async run(compiled, context) {
      const begun = clock.now()
      const output = await askOnce(compiled, questionOf(compiled, context), context)
      durations?.observe(clock.now() - begun)
      return { output }
    },
  }
}

/** Bounds one question; whatever the model does, `passed` rejects when the time is over. */
function createLimit(
  step: string,
  timeoutMs: number | undefined,
  clock: Clock,
): { readonly signal: AbortSignal; readonly passed: Promise<never>; readonly cancel: () => void } | undefined {
  if (timeoutMs === undefined) return undefined
  const controller = new AbortController()
  const { promise: passed, reject } = Promise.withResolvers<never>()
  passed.catch(() => undefined)
  const cancel = clock.after(timeoutMs, () => {
    const message = `The model gave step "${step}" no answer within its timeout of ${formatDuration(timeoutMs)}. Raise it, or ask for less.`
    const error = new TuttiError('model_timeout', message)
    reject(error)
    controller.abort(error)
  })
  return { signal: controller.signal, passed, cancel }
}

function questionOf(compiled: CompiledStep, context: StepContext): string {
  const { run } = context
  const shown = (value: JsonValue): string => {
    const hidden = hideSecrets(value, run.secrets)
    return typeof hidden === 'string' ? hidden : stringifyJson(hidden, 2)
  }
  const sources = Object.entries(context.sources())
  const inputs = inputsOf(compiled, context)
  const budget = Math.floor(SOURCES_BUDGET / Math.max(1, sources.length))
  const parts = [
    run.request === null ? '' : `The whole request, for context:\n${shown(run.request)}`,
    ...sources.map(([name, output]) =>
      isLarge(output, budget)
        ? fenceOutput(name, output, context, budget)
        : fence(`output of step ${name}`, shown(output), { maxChars: budget * 2 }),
    ),
    inputs === undefined ? '' : fence('inputs of your step', shown(inputs), { maxChars: SOURCES_BUDGET }),
    `Your step:\n${shown(promptOf(compiled, context))}`,
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

function inputsOf({ inputs, wholeInputs }: CompiledStep, { scope }: StepContext): JsonValue | undefined {
  if (wholeInputs !== undefined) {
    const value = wholeInputs.evaluate(scope)
    return value === ABSENT ? undefined : value
  }
  if (inputs === undefined || inputs.length === 0) return undefined
  const given: [string, JsonValue][] = []
  for (const { name, value } of inputs) {
    const bound = value.evaluate(scope)
    if (bound !== ABSENT) given.push([name, bound])
  }
  return Object.fromEntries(given)
}

function promptOf({ name, step, prompt }: CompiledStep, { scope }: StepContext): JsonValue {
  if (prompt === undefined) return step.prompt ?? step.description ?? name.replaceAll(/[-_]+/g, ' ')
  const value = prompt.evaluate(scope)
  if (value !== ABSENT) return value
  throw new TuttiError('binding_failed', `The prompt of step "${name}" refers to something that is not there.`)
}
