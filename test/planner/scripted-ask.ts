// An AskModel that says what a test wrote, in order, and remembers what it was asked.
import { TuttiError } from '../../src/contracts/errors.ts'
import type { AskModel, ModelAsk } from '../../src/contracts/parts.ts'

/** Text in one piece, pieces, or an error, after pieces or at once. */
export type Said =
  | string
  | readonly string[]
  | TuttiError
  | { readonly pieces: readonly string[]; readonly then: TuttiError }

export async function collect<T>(items: AsyncIterable<T>): Promise<T[]> {
  const collected: T[] = []
  for await (const item of items) collected.push(item)
  return collected
}

export interface ScriptedAsk extends AskModel {
  readonly asks: ModelAsk[]
  /** All text of the nth call, system and messages. */
  textOf(n: number): string
}

export function scriptedAsk(
  answers: readonly Said[],
  options: { readonly available?: boolean; readonly id?: string } = {},
): ScriptedAsk {
  const { available = true, id = 'test:model' } = options
  const asks: ModelAsk[] = []
  const stream = async function* (ask: ModelAsk): AsyncGenerator<string> {
    const said = answers[asks.length]
    asks.push(ask)
    if (said === undefined) throw new Error(`the model was asked ${asks.length} times, which is once too often`)
    if (said instanceof TuttiError) throw said
    if (typeof said === 'string') yield said
    else if ('pieces' in said) {
      yield* said.pieces
      throw said.then
    } else yield* said
  }
  const text = async (ask: ModelAsk): Promise<string> => (await collect(stream(ask))).join('')
  return {
    asks,
    textOf: (n) => [asks[n]?.system, ...(asks[n]?.messages ?? []).map(({ content }) => content)].join('\n'),
    available: () => available,
    modelId: () => (available ? id : undefined),
    stream,
    text,
    json: async () => {
      throw new Error('not asked for')
    },
  }
}

export const away = (): TuttiError => new TuttiError('model_unavailable', 'The model "test:model" cannot be reached.')
