// The sub-path `tutti/a2a`: agents that speak A2A.

export type { A2aSpec } from '../../contracts/sources.ts'
export type { A2aSourceOptions } from './a2a-source.ts'
export { createA2aSource } from './a2a-source.ts'
