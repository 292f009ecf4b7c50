// A step that calls nothing: a point where paths meet. It succeeds when it is reached.
import type { StepHandler } from '../../contracts/executor.ts'

export const gateHandler: StepHandler = {
  type: 'gate',
  run: () => Promise.resolve({ output: null }),
}
