// What a program hands in besides settings: tools, sources, models, listeners. Callers without a compiler get a sentence, not a TypeError.
import { TuttiError } from '../contracts/errors.ts'
import { didYouMean } from '../util/text.ts'
import { listTopKeys } from './settings.ts'

const OPTION_NAMES = ['model', 'tools', 'sources', 'journal', 'onEvent', 'onNotice', 'log', 'clock', 'random', 'parts']
const PART_NAMES = [
  'engine',
  'provider',
  'planner',
  'executor',
  'synthesizer',
  'handlers',
  'mayUse',
  'embeddings',
  'capabilityService',
  'capabilityBreaker',
]

type Entries = Readonly<Record<string, unknown>>

const isObject = (value: unknown): value is Entries => typeof value === 'object' && value !== null
const has = (value: unknown, method: string): boolean => isObject(value) && typeof value[method] === 'function'

function refuse(name: string, wanted: string): never {
  throw new TuttiError('invalid_config', `The option "${name}" must be ${wanted}.`)
}

function checkList(options: Entries, name: string, fits: (item: unknown) => boolean, wanted: string): void {
  const list = options[name]
  if (list === undefined) return
  if (!Array.isArray(list)) refuse(name, `a list: each ${wanted}`)
  const at = list.findIndex((item) => !fits(item))
  if (at >= 0) refuse(`${name}[${at}]`, wanted)
}

function checkMethods(options: Entries, name: string, methods: readonly string[]): void {
  const value = options[name]
  if (value === undefined || methods.every((method) => has(value, method))) return
  refuse(name, `an object with ${methods.join(', ')}`)
}

/** A wrong word is most often an option's: "tool" is meant to be "tools", not a setting. */
function checkNames(options: Entries): void {
  const known = [...OPTION_NAMES, ...listTopKeys()]
  const wrong = Object.keys(options).find((key) => !known.includes(key))
  if (wrong === undefined) return
  throw new TuttiError('invalid_config', `Unknown setting "${wrong}".${didYouMean(wrong, known)}`)
}

/**
 * Looks at the options that no schema describes; the settings among them are left to `resolveOptions`.
 * @throws TuttiError `invalid_config` naming the option and what it must be
 */
export function checkOptions(options: unknown): void {
  if (!isObject(options) || Array.isArray(options)) {
    throw new TuttiError('invalid_config', 'The options of an orchestrator must be an object, such as {model, tools}.')
  }
  checkNames(options)
  const { model, journal, onEvent, onNotice, random, parts } = options
  if (model !== undefined && typeof model !== 'string' && !isObject(model)) {
    refuse('model', 'a name such as "openai:NAME", a LanguageModel, or an object with one for each purpose')
  }
  checkList(
    options,
    'tools',
    (item) => isObject(item) && isObject(item.capability) && has(item, 'execute'),
    'made with tool()',
  )
  // A block of settings says itself what it wants.
  if (!isObject(options.sources) || Array.isArray(options.sources))
    checkList(
      options,
      'sources',
      (item) => isObject(item) && has(item.discovery, 'load') && has(item.invoker, 'invoke'),
      'a source with discovery.load and invoker.invoke, such as createHttpSource() gives',
    )
  if (journal !== undefined && typeof journal !== 'string' && !has(journal, 'append'))
    refuse('journal', '"memory:" or a RunJournal')
  if (onEvent !== undefined && typeof onEvent !== 'function') refuse('onEvent', 'a function')
  if (onNotice !== undefined && typeof onNotice !== 'function') refuse('onNotice', 'a function')
  if (random !== undefined && typeof random !== 'function')
    refuse('random', 'a function that gives a number from 0 to 1')
  checkMethods(options, 'log', ['debug', 'info', 'warn', 'error'])
  checkMethods(options, 'clock', ['now', 'after'])
  if (parts !== undefined && !isObject(parts)) refuse('parts', `an object with ${PART_NAMES.join(', ')}`)
  const own = isObject(parts) ? parts : {}
  checkList(own, 'handlers', (item) => has(item, 'run'), 'a step handler with type and run')
  for (const name of Object.keys(own)) {
    if (PART_NAMES.includes(name)) continue
    const message = `The option "parts" has no part "${name}"; there are ${PART_NAMES.join(', ')}.`
    throw new TuttiError('invalid_config', `${message}${didYouMean(name, PART_NAMES)}`)
  }
  checkMethods(own, 'embeddings', ['embed'])
  checkMethods(own, 'capabilityService', ['find', 'probe', 'close'])
  for (const name of ['mayUse', 'capabilityBreaker'])
    if (own[name] !== undefined && typeof own[name] !== 'function') refuse(`parts.${name}`, 'a function')
}
