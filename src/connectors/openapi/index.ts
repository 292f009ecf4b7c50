// `tutti/openapi`: the operations of OpenAPI documents as capabilities.
export {
  createOpenapiSource,
  type OpenapiReport,
  type OpenapiSource,
  type OpenapiSourceOptions,
} from './openapi-source.ts'
export type { SkippedOperation } from './read-operations.ts'
