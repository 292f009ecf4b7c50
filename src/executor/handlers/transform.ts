// A step that makes an object of expressions, without calling anything.
import { ABSENT } from '../../contracts/compiled.ts'
import { TuttiError } from '../../contracts/errors.ts'
import type { StepHandler } from '../../contracts/executor.ts'
import type { JsonValue } from '../../contracts/json.ts'

export const transformHandler: StepHandler = {
  type: 'transform',
  async run({ name: step, set }, { scope }) {
    const output: [string, JsonValue][] = []
    for (const { name, value } of set ?? []) {
      const made = value.evaluate(scope)
      if (made === ABSENT) {
        throw new TuttiError(
          'binding_failed',
          `"${name}" of step "${step}" refers to ${JSON.stringify(value.source)}, which is not there. Refer to something that is, or guard it with has().`,
        )
      }
      output.push([name, made])
    }
    return { output: Object.fromEntries(output) }
  },
}
