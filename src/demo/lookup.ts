// Finds things by the names that people write, and says what is near when there is nothing: never guesses.

import type { ComponentError } from '../component/index.ts'
import { componentError } from '../component/index.ts'
import { nearest } from '../util/text.ts'

/** Without case, accents and signs around it. */
export const plain = (text: string): string =>
  text
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .toLowerCase()
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()

/** An index of things by all their names. */
export function createIndex<T>(things: readonly T[], namesOf: (thing: T) => readonly string[]): ReadonlyMap<string, T> {
  const index = new Map<string, T>()
  for (const thing of things) {
    for (const name of namesOf(thing)) if (!index.has(plain(name))) index.set(plain(name), thing)
  }
  return index
}

/** A 404 that names what was asked, under `original_KEY`, and what may have been meant. */
export function notFound(what: string, key: string, asked: string, known: readonly string[]): ComponentError {
  const [near] = nearest(asked, known, 1)
  const isNear = near !== undefined && plain(near).slice(0, 1) === plain(asked).slice(0, 1)
  const hint = isNear ? `Did you mean "${near}"?` : `Known are, for example: ${known.slice(0, 5).join(', ')}.`
  return componentError(
    'NOT_FOUND',
    `${key.toUpperCase()}_NOT_FOUND`,
    `${what} "${asked.slice(0, 200)}" was not found`,
    {
      [`original_${key}`]: asked.slice(0, 200),
      hint,
    },
  )
}

/** A number in [0, 1) that is the same for the same words. */
export function chanceOf(...words: readonly (string | number)[]): number {
  let hash = 2_166_136_261
  for (const character of words.join(' ')) hash = Math.imul(hash ^ (character.codePointAt(0) ?? 0), 16_777_619) >>> 0
  // One more round, so that neighbouring words lie far apart.
  hash = Math.imul(hash ^ (hash >>> 15), 2_246_822_519) >>> 0
  return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32
}

export const round = (value: number, digits: number): number => Number(value.toFixed(digits))

export const dateOf = (ms: number): string => new Date(ms).toISOString().slice(0, 10)
