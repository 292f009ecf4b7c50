// The limit: hand-written promises. No events, no records, no bound, no checks.
import type { Adapter } from './adapter.ts'

export const build: Adapter['build'] = (nodes, work) => ({
  run() {
    const promises: Promise<unknown>[] = []
    const step = async (i: number, deps: readonly number[]): Promise<unknown> => {
      const values = deps.length > 0 ? await Promise.all(deps.map((d) => promises[d] as Promise<unknown>)) : []
      return await work(i, values[0])
    }
    for (const [i, { deps }] of nodes.entries()) promises.push(step(i, deps))
    return Promise.all(promises)
  },
})
