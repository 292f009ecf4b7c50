// The tests that mutants meet: those of the rooms that are mutated, none that starts processes.
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: {
    include: ['test/{plan,resilience,executor}/**/*.test.ts'],
    // These meet every line and take their time, for each mutant anew: random searches, plans of others, the whole house.
    exclude: ['test/executor/{*-properties,scheduler-model,replay,binding-journey}.test.ts'],
    environment: 'node',
    // A worker for each file and each mutant would take three times as long as the tests, which leave nothing behind.
    isolate: false,
    env: { TUTTI_LONG_CHAIN: '200' },
    // Loaded on first use; within a test its constants would be held against that test alone.
    setupFiles: ['src/plan/document/yaml.ts'],
  },
})
