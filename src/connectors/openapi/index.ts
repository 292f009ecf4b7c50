// `tutti/openapi`: the operations of OpenAPI documents as capabilities.

export type { OpenapiAuth, OpenapiSpec } from '../../contracts/sources.ts'
export {
  createOpenapiSource,
  type OpenapiReport,
  type OpenapiSource,
  type OpenapiSourceOptions,
} from './openapi-source.ts'
export type { SkippedOperation } from './read-operations.ts'
