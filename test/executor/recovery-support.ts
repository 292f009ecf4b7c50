// A world with one step, `go`, that calls one tool, `t/go`; time moves by hand until the run has ended.
import type { JsonObject, JsonValue } from '../../src/contracts/json.ts'
import type { Step } from '../../src/contracts/plan.ts'
import { createManualClock } from '../support/manual-clock.ts'
import {
  answer,
  call,
  createWorld,
  failure,
  type Handler,
  object,
  type ToolSpec,
  type WorldOptions,
} from './support.ts'

/** Answers in turn; the last one repeats. */
export const inTurn = (...handlers: Handler[]): Handler => {
  let n = 0
  return (inputs, invocation) => {
    const handler = handlers[Math.min(n++, handlers.length - 1)]
    if (handler === undefined) throw new Error('no handler')
    return handler(inputs, invocation)
  }
}
export const fine: Handler = () => answer({ success: true, data: { fine: true } })
export const fail =
  (status: number, code = 'X', message = 'trouble', more: JsonObject = {}): Handler =>
  () =>
    failure(status, code, message, more)
export const throwing =
  (make: () => Error): Handler =>
  () => {
    throw make()
  }
export const schema = object({ q: { type: 'string' }, amount: { type: 'number' } }, ['q'])

/** One step `go` that calls `t/go`, with time by hand. */
export async function go(
  tool: Handler | ToolSpec,
  options: WorldOptions & { step?: Partial<Step>; inputs?: JsonObject; request?: string } = {},
) {
  const clock = createManualClock()
  const spec: ToolSpec = typeof tool === 'function' ? { on: tool } : tool
  const world = createWorld({ clock, ...options, tools: { 't/go': { inputs: schema, ...spec }, ...options.tools } })
  const running = world.run(
    { steps: [call('go', 't/go', options.inputs ?? { q: 'x' }, options.step)] },
    { request: options.request ?? 'Sell 100 shares' },
  )
  let isDone = false
  void running.finally(() => (isDone = true))
  for (let i = 0; i < 200 && !isDone; i++) await clock.advance(500)
  const ran = await running
  return { world, ran, end: ran.end('go'), calls: world.callsOf('t/go'), attempts: ran.of('attempt-end') }
}

export const fix = (corrected: JsonObject) => (): JsonValue => ({
  should_retry: true,
  analysis: 'known',
  corrected_parameters: corrected,
})
export const onlyGood: Handler = ({ q }) =>
  q === 'good' ? answer({ fine: true }) : failure(400, 'BAD', 'q is not acceptable')
