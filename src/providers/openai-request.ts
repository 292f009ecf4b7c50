// What one call to OpenAI sends, whichever of its two APIs it goes through.
import type { OpenAI } from 'openai'
import type { ModelCall } from '../contracts/model.ts'
import type { FormattedCall } from './answer-format.ts'

export interface OpenAiRequest {
  readonly client: OpenAI
  readonly name: string
  readonly call: ModelCall
  readonly answer: FormattedCall
  readonly temperature: number | undefined
  readonly maxTokens: number | undefined
  readonly isReasoning: boolean
  readonly limits: Limits
}

/** What a server was found not to take. */
export interface Limits {
  readonly wordsOnly: boolean
  readonly noTemperature: boolean
  readonly noStreamOptions: boolean
}
