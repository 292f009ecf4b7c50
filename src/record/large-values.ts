// The places of an event where values of any size stand: what steps and runs are given, and what they give. Journals and the
// wire write references there instead of large values; nothing else in an event grows with the data.
import type { RunEvent } from '../contracts/events.ts'
import type { JsonObject, JsonValue } from '../contracts/json.ts'
import type { Response, StepRecord } from '../contracts/run.ts'
import { isJsonObject } from '../util/json.ts'

export interface Exchange {
  /** Whether something else is to stand in place of the value. */
  wants(value: JsonValue): boolean
  /** What stands there then. `place` is the value's path, such as `steps.geo.output`. */
  give(value: JsonValue, place: string): JsonValue
}

/** The event with its values exchanged; the same event when none was. */
export function exchangeValues(event: RunEvent, exchange: Exchange): RunEvent {
  switch (event.type) {
    case 'run-start':
      return withChanged(event, { inputs: inMembers(event.inputs, 'inputs', exchange) })
    case 'attempt-start':
      return withChanged(event, { inputs: inParts(event.inputs, `steps.${event.step}.inputs`, exchange) })
    case 'step-repair':
      return event.inputs === undefined
        ? event
        : withChanged(event, { inputs: inParts(event.inputs, `steps.${event.step}.inputs`, exchange) })
    case 'step-end':
      return exchangeOutcome(event, exchange)
    case 'run-end':
      return withChanged(event, { response: exchangeResponse(event.response, exchange) })
    default:
      return event
  }
}

const exchangeOne = (value: JsonValue, place: string, exchange: Exchange): JsonValue =>
  exchange.wants(value) ? exchange.give(value, place) : value

/** First the members, for few of them are large; where that is not enough, the whole as it was. */
function inParts(whole: JsonValue, place: string, exchange: Exchange): JsonValue {
  const parts = isJsonObject(whole) ? inMembers(whole, place, exchange) : whole
  return exchange.wants(parts) ? exchange.give(whole, place) : parts
}

function exchangeOutcome(event: Extract<RunEvent, { type: 'step-end' }>, exchange: Exchange): RunEvent {
  const { output, response, step } = event
  if (output === undefined) return event
  return withChanged(event, {
    output: exchangeOne(output, `steps.${step}.output`, exchange),
    // An envelope holds the output itself, which then stands in both places.
    ...(response !== undefined && { response: inParts(response, `steps.${step}.response`, exchange) }),
  })
}

function exchangeResponse(response: Response, exchange: Exchange): Response {
  const steps = replaceItems(response.steps, (step) => exchangeStep(step, exchange))
  if (response.outputs === undefined) return withChanged(response, { steps })
  return withChanged(response, { steps, outputs: inMembers(response.outputs, 'outputs', exchange) })
}

function exchangeStep(step: StepRecord, exchange: Exchange): StepRecord {
  const { name, inputs, output, repairs } = step
  const ofInputs = (value: JsonValue): JsonValue => inParts(value, `steps.${name}.inputs`, exchange)
  return withChanged(step, {
    attempts: replaceItems(step.attempts, (attempt) => withChanged(attempt, { inputs: ofInputs(attempt.inputs) })),
    ...(inputs !== undefined && { inputs: ofInputs(inputs) }),
    ...(output !== undefined && { output: exchangeOne(output, `steps.${name}.output`, exchange) }),
    ...(repairs !== undefined && {
      repairs: replaceItems(repairs, (repair) =>
        repair.inputs === undefined ? repair : withChanged(repair, { inputs: ofInputs(repair.inputs) }),
      ),
    }),
  })
}

const inMembers = (object: JsonObject, place: string, exchange: Exchange): JsonObject =>
  replaceMembers(object, (item, key) => exchangeOne(item, `${place}.${key}`, exchange))

function replaceMembers(object: JsonObject, replace: (item: JsonValue, key: string) => JsonValue): JsonObject {
  let copy: Map<string, JsonValue> | undefined
  for (const [key, item] of Object.entries(object)) {
    const other = replace(item, key)
    if (other !== item) (copy ??= new Map(Object.entries(object))).set(key, other)
  }
  return copy === undefined ? object : Object.fromEntries(copy)
}

function replaceItems<T>(list: readonly T[], replace: (item: T) => T): readonly T[] {
  const replaced = list.map(replace)
  return replaced.some((item, i) => item !== list[i]) ? replaced : list
}

/** The record itself when nothing in it is another. */
function withChanged<T extends object>(record: T, changed: Partial<T>): T {
  for (const key of Object.keys(changed)) {
    if (Reflect.get(record, key) !== Reflect.get(changed, key)) return { ...record, ...changed }
  }
  return record
}
