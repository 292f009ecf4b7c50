// A step that the model answers: text, or JSON by a schema.
import { FENCE_RULE, fence } from '../../asking/fence.ts'
import { ABSENT, type CompiledStep } from '../../contracts/compiled.ts'
import { TuttiError } from '../../contracts/errors.ts'
import type { JsonValue } from '../../contracts/json.ts'
import type { AskModel, StepContext, StepHandler } from '../../contracts/parts.ts'
import { stringifyJson } from '../../util/json.ts'
import { hideSecrets } from '../../util/secrets.ts'

/** Characters for what other steps gave. */
const SOURCES_BUDGET = 24_000

const SYSTEM = `You do one step of a larger task. Answer with the result of this step only, without a preface. ${FENCE_RULE}`

export function createGenerateHandler(ask: AskModel): StepHandler {
  return {
    type: 'ai-generate',
    async run(compiled, context) {
      const { run, signal } = context
      const { outputSchema } = compiled.step
      const question = {
        purpose: 'generate',
        system: SYSTEM,
        messages: [{ role: 'user', content: questionOf(compiled, context) }],
        runId: run.runId,
        step: compiled.name,
        signal,
        emit: run.emit,
      } as const
      if (outputSchema === undefined) return { output: await ask.text(question) }
      return { output: await ask.json({ ...question, schema: outputSchema }) }
    },
  }
}

function questionOf(compiled: CompiledStep, context: StepContext): string {
  const { run } = context
  const shown = (value: JsonValue): string => {
    const hidden = hideSecrets(value, run.secrets)
    return typeof hidden === 'string' ? hidden : stringifyJson(hidden, 2)
  }
  const sources = Object.entries(context.sources())
  const budget = Math.floor(SOURCES_BUDGET / Math.max(1, sources.length))
  const parts = [
    run.request === null ? '' : `The whole request, for context:\n${shown(run.request)}`,
    ...sources.map(([name, output]) => fence(`output of step ${name}`, shown(output), { maxChars: budget })),
    `Your step:\n${shown(promptOf(compiled, context))}`,
  ]
  return parts.filter((part) => part !== '').join('\n\n')
}

function promptOf({ name, step, prompt }: CompiledStep, { scope }: StepContext): JsonValue {
  if (prompt === undefined) return step.prompt ?? step.description ?? name.replaceAll(/[-_]+/g, ' ')
  const value = prompt.evaluate(scope)
  if (value !== ABSENT) return value
  throw new TuttiError('binding_failed', `The prompt of step "${name}" refers to something that is not there.`)
}
