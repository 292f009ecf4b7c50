// Another process with an orchestrator of its own, which shares the Redis: breakers and pauses are told between the two.
// Started with fork(); arguments: Redis URL, runs. Says how its runs ended.
import { setTimeout as sleep } from 'node:timers/promises'
import { TuttiError } from '../../src/contracts/errors.ts'
import { createOrchestrator } from '../../src/create-orchestrator.ts'
import { DOCUMENT, optionsOf, SECOND_FROM } from './house.ts'

const [redisUrl = '', count = '0'] = process.argv.slice(2)
const unhandled: string[] = []
process.on('unhandledRejection', (reason) => void unhandled.push(String(reason)))
const orchestrator = createOrchestrator(optionsOf(redisUrl))
await orchestrator.start()
const statuses: string[] = []
await Promise.all(
  Array.from({ length: Number(count) }, async (_, i) => {
    await sleep(i * 10)
    const status = await orchestrator.execute(DOCUMENT, { n: SECOND_FROM + i }).then(
      (response) => response.status,
      // A component that is away at this moment cannot be planned with.
      (thrown: unknown) => (thrown instanceof TuttiError && thrown.code === 'invalid_document' ? 'refused' : 'broken'),
    )
    statuses.push(status)
  }),
)
await orchestrator.close()
process.send?.({ statuses, unhandled }, () => process.disconnect())
