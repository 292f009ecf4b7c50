// What the options of a request say of its place among others, checked: programs without types say anything.
import type { RequestOptions } from '../contracts/api.ts'
import { TuttiError } from '../contracts/errors.ts'
import { PRIORITIES } from '../contracts/policy.ts'

const KEY = /^[^/]+(?:\/[^/]+)*$/
const LONGEST_MS = 2_147_483_647

/** @throws TuttiError `invalid_request` */
export function checkRunOptions({ priority, key, dueInMs, maxConcurrency, maxReplans }: RequestOptions): void {
  const refuse = (what: string): never => {
    throw new TuttiError('invalid_request', `The option ${what}`)
  }
  if (priority !== undefined && !PRIORITIES.includes(priority))
    refuse(`"priority" must be one of ${PRIORITIES.join(', ')}, not "${String(priority)}".`)
  if (key !== undefined && (typeof key !== 'string' || !KEY.test(key)))
    refuse('"key" must be names with slashes between them, such as "payments/alice".')
  if (dueInMs !== undefined && !(dueInMs >= 0 && dueInMs <= LONGEST_MS))
    refuse(`"dueInMs" must be a number of milliseconds from 0 to ${LONGEST_MS}, not ${String(dueInMs)}.`)
  if (maxConcurrency !== undefined && !(Number.isInteger(maxConcurrency) && maxConcurrency >= 1))
    refuse(`"maxConcurrency" must be a whole number from 1, not ${String(maxConcurrency)}.`)
  if (maxReplans !== undefined && !(Number.isInteger(maxReplans) && maxReplans >= 0 && maxReplans <= 5))
    refuse(`"maxReplans" must be a whole number from 0 to 5, not ${String(maxReplans)}.`)
}
