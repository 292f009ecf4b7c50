// What a document's `outputs` give once its steps have settled, read from the record, where secrets are already replaced.
import type { CompiledPlan } from '../contracts/compiled.ts'
import type { CatalogView } from '../contracts/parts.ts'
import type { RunHandle } from '../contracts/run-handle.ts'
import { evaluateOutputs } from '../plan/outputs.ts'
import { isHealthy } from '../util/is-healthy.ts'
import type { Ending } from './ending.ts'

export function readOutputs(
  handle: Pick<RunHandle, 'run' | 'startedAt' | 'view'>,
  compiled: CompiledPlan,
  catalog: CatalogView,
): Pick<Ending, 'outputs' | 'missing'> {
  if (compiled.outputs === undefined) return {}
  const { run } = handle
  return evaluateOutputs(compiled, {
    inputs: run.inputs,
    run: { id: run.runId, request: run.request ?? null, started_at: handle.startedAt() },
    step: (name) => handle.view(name),
    component: (name) => {
      const component = catalog.component(name)
      return component === undefined ? undefined : { healthy: isHealthy(component) }
    },
    secret: () => undefined,
  })
}
