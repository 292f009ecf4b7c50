// Which events people should know of, and in which words. Messages are ours alone: what a component said may quote inputs.
import type { BreakerReport } from '../contracts/api.ts'
import { ERROR_KINDS, type ErrorInfo } from '../contracts/errors.ts'
import type { RunEvent } from '../contracts/events.ts'
import type { JsonObject } from '../contracts/json.ts'
import type { Notice } from '../contracts/policy.ts'
import type { Response } from '../contracts/run.ts'
import { toSnakeCase } from '../util/snake-case.ts'

/** A notice before it has its id and its time. */
export type NoticeFacts = Omit<Notice, 'id' | 'at'>

const MAX_NAMED = 20

/** Code and status; never the message, never the body. */
function codeOf({ code, details }: ErrorInfo): JsonObject {
  const status = details?.['status']
  return typeof status === 'number' ? { code, status } : { code }
}

const titleOf = (error: ErrorInfo): string => ERROR_KINDS[error.code].title.toLowerCase()
const ofComponent = (component: string | undefined): string => (component === undefined ? '' : ` of "${component}"`)

function runFailed(runId: string, { steps, errors = [] }: Response): NoticeFacts {
  const failed = steps.filter(({ status }) => status === 'failed').map(({ name }) => name)
  const [first] = errors
  return {
    kind: 'run-failed',
    runId,
    message: `The run failed${first === undefined ? '' : `: ${titleOf(first)}`}.`,
    details: {
      codes: [...new Set(errors.map(({ code }) => code))],
      failed_steps: failed.slice(0, MAX_NAMED),
      failed: failed.length,
    },
  }
}

/** undefined for the many events that nobody must know of. */
export function noticeOf(event: RunEvent): NoticeFacts | undefined {
  switch (event.type) {
    case 'escalation': {
      const { runId, step, component, error, failures, notify } = event
      return {
        kind: 'escalation',
        runId,
        step,
        component,
        message: `"${component}" has failed ${failures} ${failures === 1 ? 'step' : 'steps in a row'}: ${titleOf(error)}.`,
        details: { ...codeOf(error), failures },
        targets: notify,
      }
    }
    case 'recovered': {
      const { runId, step, component, way } = event
      return {
        kind: 'recovered',
        runId,
        step,
        ...(component !== undefined && { component }),
        message: `The step "${step}"${ofComponent(component)} succeeded after a failure (${way}).`,
        details: { way },
      }
    }
    case 'recovery-failed': {
      const { runId, step, component, error, tried } = event
      return {
        kind: 'recovery-failed',
        runId,
        step,
        ...(component !== undefined && { component }),
        message: `The step "${step}"${ofComponent(component)} failed for good: ${titleOf(error)}.`,
        details: { ...codeOf(error), tried },
      }
    }
    case 'budget-exceeded': {
      const { runId, step, kind, limit, used } = event
      const name = toSnakeCase(kind)
      return {
        kind: 'budget',
        runId,
        ...(step !== undefined && { step }),
        message: `The run reached its budget: ${name} ${limit}.`,
        details: { budget: name, limit, used },
      }
    }
    case 'run-end':
      return event.response.status === 'failed' ? runFailed(event.runId, event.response) : undefined
    default:
      return undefined
  }
}

/** A breaker that is not closed has opened; else it is back. */
export function breakerNoticeOf({ component, instance, state, share, openedAt }: BreakerReport): NoticeFacts {
  const isBack = state === 'closed'
  return {
    kind: 'breaker',
    component,
    message: isBack
      ? `The circuit breaker of "${component}" (instance "${instance}") is closed again.`
      : `The circuit breaker of "${component}" (instance "${instance}") has opened after repeated failures.`,
    details: { instance, state, share, ...(!isBack && openedAt !== undefined && { opened_at: openedAt }) },
  }
}
