// The demo world as it really runs: every component an HTTP service of its own, on a free port, without a network.

import type { EmbeddedRegistry, RunningComponent } from '../component/index.ts'
import { createEmbeddedRegistry } from '../component/index.ts'
import type { Clock, Logger, Source } from '../contracts/parts.ts'
import { createClock } from '../util/clock.ts'
import { createCountryInfoTool } from './country-info-tool.ts'
import { createCurrencyTool } from './currency-tool.ts'
import { createGeocodingTool } from './geocoding-tool.ts'
import { createNewsTool } from './news-tool.ts'
import { createStockService } from './stock-service.ts'
import { createWeatherTool } from './weather-tool.ts'

export interface DemoOptions {
  /** A Redis URL, or an embedded registry. Default: an embedded one of its own. */
  readonly registry?: string | EmbeddedRegistry
  /** Prefix of the keys in Redis. Default `tutti`. */
  readonly namespace?: string
  readonly clock?: Clock
  readonly log?: Logger
}

export interface Demo {
  /** Finds and calls the components; absent when they are in Redis. */
  readonly source?: Source
  readonly components: readonly RunningComponent[]
  close(): Promise<void>
}

/** Starts all components of the demo. @throws TuttiError `invalid_config` for what is no Redis URL */
export async function startDemo(options: DemoOptions = {}): Promise<Demo> {
  const { registry = createEmbeddedRegistry({ name: 'demo' }), namespace, log } = options
  const clock = options.clock ?? createClock()
  const components = [
    createGeocodingTool(),
    createWeatherTool(clock),
    createCurrencyTool(clock),
    createCountryInfoTool(),
    createNewsTool(clock),
    createStockService(clock),
  ]
  const started = await Promise.allSettled(
    components.map((component) =>
      component.start({
        registry,
        clock,
        ...(namespace === undefined ? {} : { namespace }),
        ...(log === undefined ? {} : { log }),
      }),
    ),
  )
  const running = started.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []))
  const close = async (): Promise<void> => {
    await Promise.all(running.map((one) => one.stop({ drainMs: 1000 })))
  }
  const failed = started.find((one) => one.status === 'rejected')
  if (failed !== undefined) {
    await close()
    throw failed.reason
  }
  return { components: running, close, ...(typeof registry === 'string' ? {} : { source: registry.source }) }
}
