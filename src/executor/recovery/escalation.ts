// When people are told: so many steps in a row that one component could not serve, over all runs. Told once, until it serves
// again.
import { errorClassOf, errorInfo, type TuttiError } from '../../contracts/errors.ts'
import type { RecoveryPolicy } from '../../contracts/policy.ts'
import { nameKey } from '../../util/name-key.ts'
import type { CallTarget } from '../call-target.ts'
import type { StepExecution } from '../step-execution.ts'

interface Streak {
  failures: number
  isTold: boolean
}

/** Components with a streak; the oldest is forgotten above this. */
const MAX_STREAKS = 10_000

export class Escalations {
  readonly #streaks = new Map<string, Streak>()

  /** Whether any component failed last: all that a step that succeeds has to look at. */
  get isAny(): boolean {
    return this.#streaks.size > 0
  }

  succeeded({ component }: Pick<CallTarget, 'component'>): void {
    this.#streaks.delete(nameKey(component.name))
  }

  /** All ways at this component have failed, whoever stands in. Refused inputs say nothing about the component. */
  failed(
    execution: StepExecution,
    failure: { readonly error: TuttiError; readonly attempt?: object },
    { component, policy }: { readonly component: string; readonly policy: RecoveryPolicy },
  ): void {
    const { error, attempt } = failure
    const errorClass = errorClassOf(error.code)
    if (errorClass === 'input' || (errorClass === 'permanent' && attempt === undefined)) return
    const key = nameKey(component)
    let streak = this.#streaks.get(key)
    if (streak === undefined) {
      const [oldest] = this.#streaks.keys()
      if (oldest !== undefined && this.#streaks.size >= MAX_STREAKS) this.#streaks.delete(oldest)
      this.#streaks.set(key, (streak = { failures: 0, isTold: false }))
    }
    streak.failures++
    const { escalateAfter, notify = [] } = policy
    if (escalateAfter === undefined || streak.failures < escalateAfter || streak.isTold) return
    streak.isTold = true
    execution.emit({
      type: 'escalation',
      step: execution.name,
      component,
      error: errorInfo(error),
      failures: streak.failures,
      notify,
    })
  }
}
