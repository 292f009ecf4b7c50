// Mutation testing: would the tests notice if a line did something else? `npm run mutate` or `npm run mutate -- --mutate 'src/resilience/**'`.
// It takes hours for all of it, so it is not part of `npm test`.
export default {
  testRunner: 'vitest',
  plugins: ['@stryker-mutator/vitest-runner'],
  vitest: { configFile: 'scripts/stryker.vitest.config.ts', related: true },
  mutate: ['src/plan/**/*.ts', 'src/resilience/**/*.ts', 'src/executor/**/*.ts'],
  ignorePatterns: ['dist', 'bench', 'docs', 'reports', 'coverage'],
  coverageAnalysis: 'perTest',
  // Most texts here are messages for people; no test should repeat them word by word.
  mutator: { excludedMutations: ['StringLiteral'] },
  ignoreStatic: true,
  concurrency: 2,
  timeoutMS: 10_000,
  reporters: ['clear-text', 'progress', 'json'],
  jsonReporter: { fileName: 'reports/mutation.json' },
  clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
  tempDirName: '.stryker-tmp',
  thresholds: { high: 90, low: 80, break: 80 },
}
