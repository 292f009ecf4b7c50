// The public API, name by name. Importing it loads no vendor SDK, no Redis client and no HTTP client.

export type { MayUse } from './catalog/filters.ts'
export type { FileSourceOptions } from './connectors/file/file-source.ts'
export { createFileSource } from './connectors/file/file-source.ts'
export type { HttpInvokerOptions } from './connectors/http/http-invoker.ts'
export { createHttpInvoker } from './connectors/http/http-invoker.ts'
export type { HttpSourceOptions } from './connectors/http/http-source.ts'
export { createHttpSource } from './connectors/http/http-source.ts'
export { createLocalSource } from './connectors/local/local-source.ts'
export type { LocalTool, ToolContext, ToolDefinition } from './connectors/local/tool.ts'
export { tool } from './connectors/local/tool.ts'
export type * from './contracts/api.ts'
export type { BudgetAmounts, BudgetReservation, RunBudget } from './contracts/budget.ts'
export type * from './contracts/capability.ts'
export type * from './contracts/capability-service.ts'
export type {
  Absent,
  CompiledPlan,
  CompiledStep,
  CompiledValue,
  Reference,
  Scope,
  StepStatus,
  StepView,
} from './contracts/compiled.ts'
export type { Config, ConfigInput } from './contracts/config.ts'
export type { RunEngine, SegmentEnd } from './contracts/engine.ts'
export type { ErrorClass, ErrorCode, ErrorInfo, TuttiErrorOptions } from './contracts/errors.ts'
export { ERROR_KINDS, TuttiError } from './contracts/errors.ts'
export type { Emit, EventStamp, PlanWay, RunEvent, RunEventType, RunFact } from './contracts/events.ts'
export type { Executor, PlanFeed, RunContext, StepContext, StepHandler } from './contracts/executor.ts'
export type * from './contracts/explanation.ts'
export type { Command, NewRun, Page, RunFilter, RunJournal } from './contracts/journal.ts'
export type { JsonObject, JsonPrimitive, JsonSchema, JsonValue } from './contracts/json.ts'
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
  InstanceCondition,
  Invoker,
  InvokerCall,
  InvokerResult,
  Logger,
  ModelAsk,
  PickOptions,
  Random,
  SkippedEntry,
  Source,
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
export type { PlanAsk, PlanEvent, Planner, ReviseAsk, Turn } from './contracts/planner.ts'
export type {
  BudgetKind,
  BudgetSpec,
  ComponentPolicy,
  CredentialsSpec,
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
export type {
  A2aSpec,
  CapabilityOverride,
  McpServerSpec,
  OpenapiAuth,
  OpenapiSpec,
  SourcesConfig,
} from './contracts/sources.ts'
export type { SynthesisAsk, SynthesisEvent, Synthesizer } from './contracts/synthesizer.ts'
export { createOrchestrator, createSimpleOrchestrator } from './create-orchestrator.ts'
export type { ModelChoice, ModelChoices, OrchestratorOptions } from './orchestrator-options.ts'
export { documentJsonSchema, documentToWire, documentToYaml, readDocument } from './plan/document.ts'
export type { ModelSlot } from './providers/registry.ts'
export { eventToWire, responseToWire } from './record/wire.ts'
export type { DescribedSchema, SchemaOutput, SchemaSource } from './util/describe-schema.ts'
export { parseJson, stringifyJson } from './util/json.ts'
export type { OwnParts } from './wire-core.ts'
export type { OwnChoosing } from './wire-provider.ts'
