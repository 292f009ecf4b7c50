// The tests that mutants meet: those of the rooms that are mutated, none that starts processes.
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: { include: ['test/{plan,resilience,executor}/**/*.test.ts'], environment: 'node' },
})
