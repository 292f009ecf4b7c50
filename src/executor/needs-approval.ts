// Stands where a call would be made that a person must agree to: until they can be asked, the answer is no.
import { TuttiError } from '../contracts/errors.ts'
import type { Invoker } from '../contracts/parts.ts'

/** Calls nothing, whoever wrote the plan and whatever led to the call. */
export const UNAPPROVED: Invoker = {
  invoke: ({ component, capability }) =>
    Promise.reject(
      new TuttiError(
        'not_supported',
        `"${component.name}/${capability.name}" must be approved before each call, and asking for approval is not supported yet. It was not called.`,
        { details: { sent: false } },
      ),
    ),
}
