// Calls a model as asking/ does, and keeps what it streamed until it ended or threw.

import { type TuttiError, toTuttiError } from '../../src/contracts/errors.ts'
import type { LanguageModel, ModelCall, ModelEvent } from '../../src/contracts/model.ts'
import type { Logger } from '../../src/contracts/parts.ts'

export const modelCall = (more: Partial<ModelCall> = {}): ModelCall => ({
  purpose: 'plan',
  system: 'You plan.',
  messages: [{ role: 'user', content: 'Plan a trip.' }],
  headers: { 'x-tutti-purpose': 'plan', 'x-tutti-run-id': 'run_1' },
  signal: new AbortController().signal,
  ...more,
})

export interface Collected {
  readonly text: string
  readonly pieces: readonly string[]
  readonly end: Extract<ModelEvent, { type: 'end' }> | undefined
  readonly error: TuttiError | undefined
}

export async function collect(model: Pick<LanguageModel, 'stream'>, call: ModelCall = modelCall()): Promise<Collected> {
  const pieces: string[] = []
  let end: Collected['end']
  let error: TuttiError | undefined
  try {
    for await (const event of model.stream(call)) {
      if (event.type === 'text') pieces.push(event.text)
      else end = event
    }
  } catch (thrown) {
    error = toTuttiError(thrown)
  }
  return { text: pieces.join(''), pieces, end, error }
}

export interface KeptLog extends Logger {
  readonly lines: {
    readonly level: string
    readonly message: string
    readonly facts: Readonly<Record<string, unknown>>
  }[]
}

export function createKeptLog(): KeptLog {
  const lines: KeptLog['lines'] = []
  const at =
    (level: string) =>
    (message: string, facts: Readonly<Record<string, unknown>> = {}) => {
      lines.push({ level, message, facts })
    }
  return { lines, debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
