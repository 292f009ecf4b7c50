// The tests that mutants meet: those of the rooms that are mutated, none that starts processes.
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

export default defineConfig({
  root: fileURLToPath(new URL('..', import.meta.url)),
  test: { include: ['test/{plan,resilience,executor}/**/*.test.ts'], environment: 'node' },
})
