// The clock of `tutti/testing`, under the path that the tests know.
export { createManualClock, type ManualClock } from '../../src/testing/manual-clock.ts'
