// A process of its own that takes as many tokens as it gets between two times, and prints how many those were.
import { createRedisCoordination } from '../../src/connectors/redis/coordination.ts'
import { createRateLimiter } from '../../src/resilience/rate-limit.ts'
import { createClock } from '../../src/util/clock.ts'

const [url = '', begin = '', end = ''] = process.argv.slice(2)
const clock = createClock()
const silent = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
const coordination = createRedisCoordination({ url, clock, log: silent })
const spec = { requests: 100, perMs: 1_000, burst: 10 }
const limiter = createRateLimiter({ name: 'component:rates', spec, clock, coordination })
const stop = new AbortController()

// Connected before it counts.
await limiter.take(stop.signal)
await clock.sleep(Number(begin) - clock.now(), stop.signal)
clock.after(Number(end) - clock.now(), () => stop.abort())
let taken = 0
try {
  for (;;) {
    await limiter.take(stop.signal)
    taken++
  }
} catch {
  process.stdout.write(String(taken))
}
limiter.close()
await coordination.close()
