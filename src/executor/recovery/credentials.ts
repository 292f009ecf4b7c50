// Credentials: refused ones are renewed once, and the same call is made once more. Never more, and never with a model.
import { callChecked, freshMemory } from '../call-bound.ts'
import type { CallTarget } from '../call-target.ts'
import type { Climb, Rung } from './climb.ts'

export const credentials: Rung = {
  consider(climb) {
    const { failure, target } = climb
    if (target === undefined || failure.error.code !== 'component_unauthorized') return []
    const why = whyNot(climb, target)
    return [
      {
        option: {
          way: 'credentials',
          what: target.component.name,
          feasible: why === undefined,
          why: why ?? 'The credentials were refused and can be renewed.',
          cost: 'call',
          impact: 'none',
        },
        take: () => renew(climb, target),
      },
    ]
  },
}

function whyNot(climb: Climb, { invoker }: CallTarget): string | undefined {
  if (climb.wereCredentialsRefreshed) return 'They were renewed once already.'
  if (climb.repeat.strategy !== 'retry') return `The policy says "${climb.repeat.strategy}" for errors of this class.`
  return invoker.refreshCredentials === undefined ? 'There are no credentials that could be renewed.' : undefined
}

async function renew(climb: Climb, target: CallTarget): Promise<Awaited<ReturnType<typeof callChecked>> | undefined> {
  const { execution, failure, parts } = climb
  climb.wereCredentialsRefreshed = true
  let isFresh: boolean | undefined
  try {
    isFresh = await target.invoker.refreshCredentials?.(target.component, execution.signal)
  } catch {
    // Why the component refused says more than why nobody renews.
  }
  execution.throwIfStopped()
  if (isFresh !== true) return undefined
  execution.emit({
    type: 'step-repair',
    step: execution.name,
    way: 'credentials',
    reason: `"${target.component.name}" refused the credentials; they were renewed.`,
  })
  return await callChecked(execution, target, failure.inputs, parts, freshMemory(failure))
}
