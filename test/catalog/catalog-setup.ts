// A catalog over sources that the test decides, on a clock of its own; closed when the test has ended.
import { afterEach } from 'vitest'
import { createCatalog } from '../../src/catalog/catalog.ts'
import type { Component } from '../../src/contracts/capability.ts'
import type { Source } from '../../src/contracts/parts.ts'
import { createManualClock } from '../support/manual-clock.ts'
import { recordingLog, settings } from './fakes.ts'

const opened: { close(): Promise<void> }[] = []
afterEach(async () => {
  await Promise.all(opened.splice(0).map((catalog) => catalog.close()))
})

export function setUp(...sources: Source[]) {
  const clock = createManualClock()
  const log = recordingLog()
  const catalog = createCatalog({ sources, clock, log, settings })
  opened.push(catalog)
  return { catalog, clock, log }
}

export const names = (components: readonly Component[]): string[] => components.map(({ name }) => name)
