// The outputs one after another, as they are: for programs that take the answer apart again.
import type { Response } from '../../contracts/run.ts'
import { digestAll } from '../../util/digest.ts'
import { stringifyJson } from '../../util/json.ts'
import { reasonOf } from './template.ts'

export function renderConcat(record: Response, maxChars: number): string {
  const steps = record.steps.filter((step) => step.status === 'succeeded' || step.status === 'failed')
  const done = steps.filter((step) => step.status === 'succeeded')
  const texts = digestAll(
    done.map((step) => step.output ?? null),
    maxChars,
  )
  const textOf = new Map(
    done.map((step, index) => [
      step.name,
      typeof step.output === 'string' && step.output.length <= (texts[index]?.length ?? 0)
        ? step.output
        : (texts[index] ?? ''),
    ]),
  )
  const parts = steps.map((step) => `## ${step.name}\n${textOf.get(step.name) ?? `failed: ${reasonOf(step)}`}`)
  if (record.missing !== undefined && record.missing.length > 0)
    parts.push(`## missing\n${stringifyJson([...record.missing])}`)
  return parts.length === 0 ? 'No step gave a result.' : parts.join('\n\n')
}
