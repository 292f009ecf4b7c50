// When a collection finds no instance of a class alive, V8 forgets the shape of its objects and all code that was optimised for
// it. Between two runs there is none: the next run would begin cold. So one of each that a run is made of is kept, empty.
// Times begin as NaN or a time: a field that begins as a small integer gets another shape with its first double.
import type { Component } from '../contracts/capability.ts'
import type { CompiledPlan, CompiledStep } from '../contracts/compiled.ts'
import type { RunContext } from '../contracts/executor.ts'
import { Attempt } from './attempt.ts'
import { Deadlines } from './deadlines.ts'
import type { SchedulerParts } from './executor-parts.ts'
import { createScope } from './run-state.ts'
import { Scheduler } from './scheduler.ts'
import { StepExecution } from './step-execution.ts'
import { StepOrder, StepQueue } from './step-queue.ts'

const PLAN: CompiledPlan = {
  document: { steps: [] },
  steps: [],
  indexOf: new Map(),
  inDegrees: new Int32Array(0),
  offsets: new Int32Array(1),
  dependants: new Int32Array(0),
  onError: 'continue',
}
const STEP: CompiledStep = {
  index: 0,
  name: '',
  step: { name: '', type: 'call', dependsOn: [] },
  dependencies: [],
  guarded: new Set(),
}
const COMPONENT: Component = { name: '', kind: 'tool', source: '', trust: 'local', capabilities: [], instances: [] }

/** Nothing of it is ever run. */
export function keepShapes(run: RunContext, parts: SchedulerParts): readonly object[] {
  const nobody: RunContext = {
    ...run,
    runId: '',
    request: null,
    inputs: {},
    secrets: new Map(),
    emit: () => undefined,
    settled: new Map(),
    headers: {},
    flush: undefined,
    signal: new AbortController().signal,
  }
  const { clock } = parts
  const frame = {
    run: nobody,
    plan: PLAN,
    clock,
    scope: createScope(nobody, PLAN, []),
    deadlines: new Deadlines(clock),
    places: { hold: () => undefined, pause: () => undefined },
    pools: parts.pools,
    ends: { succeeded: () => undefined, failed: () => undefined },
  }
  const execution = new StepExecution(frame, STEP, clock.now())
  const target = {
    component: COMPONENT,
    capability: { name: '', description: '', inputSchema: {}, effect: 'read' as const },
  }
  const attempt = new Attempt(execution, { target, inputs: {} }, { id: '', health: 'healthy' })
  const order = new StepOrder(new Float64Array(0), new Uint8Array(0))
  return [new Scheduler(nobody, PLAN, parts), execution, attempt, order, new StepQueue(order)]
}
