// `tutti/testing`: everything needed to test what is built on tutti, under any test runner.
export {
  createFakeComponent,
  type FakeAnswer,
  type FakeCall,
  type FakeCapability,
  type FakeComponentSpec,
  type FakeReply,
  type FakeSource,
  fakeSource,
  reply,
} from './fake-component.ts'
export { createManualClock, type ManualClock } from './manual-clock.ts'
export {
  createFileRecordings,
  createMemoryRecordings,
  createRecordingModel,
  createReplayingModel,
  type Recording,
  type RecordingStore,
  recordingKey,
} from './recorded-model.ts'
export {
  type AnswerSpec,
  answer,
  createScriptedModel,
  type Script,
  type ScriptEntry,
  type ScriptedAnswer,
  type ScriptedModel,
  type ScriptedModelOptions,
  type ScriptedValue,
} from './scripted-model.ts'
