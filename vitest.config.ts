import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    environment: 'node',
    pool: 'forks',
    testTimeout: 20_000,
    hookTimeout: 20_000,
    // A test that leaves something behind must not change the next one.
    restoreMocks: true,
    unstubEnvs: true,
    // An error nobody caught fails the run: "no rejection goes unhandled" is a promise of ours.
    dangerouslyIgnoreUnhandledErrors: false,
    reporters: ['default'],
  },
})
