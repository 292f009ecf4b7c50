import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const source = (path: string): string => fileURLToPath(new URL(`./src/${path}`, import.meta.url))

export default defineConfig({
  resolve: {
    // Examples import the package by its name, as users do; in the tests that is the source.
    alias: [
      { find: /^tutti$/, replacement: source('index.ts') },
      { find: /^tutti\/(redis|mcp|openapi|a2a)$/, replacement: source('connectors/$1/index.ts') },
      { find: /^tutti\/(component|testing|server)$/, replacement: source('$1/index.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    environment: 'node',
    pool: 'forks',
    setupFiles: ['test/support/clean-environment.ts'],
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
