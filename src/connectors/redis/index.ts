// The sub-path `tutti/redis`: components that register themselves in Redis.

export type { PrivateAddresses } from '../http/addresses.ts'
export type { RedisCommands } from './redis-client.ts'
export type { RedisSourceOptions } from './redis-source.ts'
export { createRedisSource } from './redis-source.ts'
