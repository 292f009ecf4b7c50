// The public API, name by name. Importing it loads no vendor SDK, no Redis client and no HTTP client.

export type { MayUse } from './catalog/filters.ts'
export { createFileSource } from './connectors/file/file-source.ts'
export { createHttpInvoker } from './connectors/http/http-invoker.ts'
export { createHttpSource } from './connectors/http/http-source.ts'
export { createLocalSource } from './connectors/local/local-source.ts'
export type { LocalTool, ToolContext, ToolDefinition } from './connectors/local/tool.ts'
export { tool } from './connectors/local/tool.ts'
export type * from './contracts/api.ts'
export type * from './contracts/capability.ts'
export type * from './contracts/capability-service.ts'
export type { StepStatus } from './contracts/compiled.ts'
export type { Config, ConfigInput } from './contracts/config.ts'
export type { RunEngine, SegmentEnd } from './contracts/engine.ts'
export type { ErrorCode, ErrorInfo } from './contracts/errors.ts'
export { ERROR_KINDS, TuttiError } from './contracts/errors.ts'
export type { EventStamp, PlanWay, RunEvent, RunEventType, RunFact } from './contracts/events.ts'
export type * from './contracts/explanation.ts'
export type { Command, NewRun, Page, RunFilter, RunJournal } from './contracts/journal.ts'
export type { JsonObject, JsonSchema, JsonValue } from './contracts/json.ts'
export type * from './contracts/lock.ts'
export type {
  EmbeddingModel,
  LanguageModel,
  Message,
  ModelCall,
  ModelEvent,
  Purpose,
  Usage,
} from './contracts/model.ts'
export type {
  AskModel,
  CapabilityProvider,
  CatalogView,
  Clock,
  Discovery,
  Executor,
  Invoker,
  InvokerCall,
  InvokerResult,
  Logger,
  ModelAsk,
  PlanAsk,
  PlanEvent,
  PlanFeed,
  Planner,
  Random,
  RunContext,
  Source,
  StepContext,
  StepHandler,
  SynthesisAsk,
  SynthesisEvent,
  Synthesizer,
  Turn,
} from './contracts/parts.ts'
export type {
  FallbackSpec,
  InputSpec,
  InputType,
  Issue,
  IssueCode,
  OnError,
  PlanDocument,
  RetrySpec,
  Step,
  StepType,
} from './contracts/plan.ts'
export type {
  BudgetKind,
  BudgetSpec,
  ComponentPolicy,
  ModelPolicy,
  Notice,
  NoticeKind,
  NotifyTarget,
  Priority,
  QuotaSpec,
  RateLimitSpec,
  RecoveryPolicy,
} from './contracts/policy.ts'
export type {
  AttemptRecord,
  BudgetReport,
  Degraded,
  PlanRevision,
  RecoveryDecision,
  RecoveryOption,
  RecoveryWay,
  RepairRecord,
  Response,
  RunStatus,
  RunSummary,
  RunTimings,
  RunUsage,
  SkipReason,
  StepRecord,
} from './contracts/run.ts'
export type { ModelChoice, ModelChoices, OrchestratorOptions } from './create-orchestrator.ts'
export { createOrchestrator, createSimpleOrchestrator } from './create-orchestrator.ts'
export { documentJsonSchema, documentToWire, documentToYaml, readDocument } from './plan/document.ts'
export { eventToWire, responseToWire } from './record/wire.ts'
export { parseJson, stringifyJson } from './util/json.ts'
