// Writes docs/reference/ from the source, so that it cannot drift. `--check` only compares, for the tests.
import { readFileSync, writeFileSync } from 'node:fs'
import { listSettings } from '../src/config/settings.ts'
import { configSchema } from '../src/contracts/config.ts'
import { ERROR_KINDS } from '../src/contracts/errors.ts'
import { formatDuration } from '../src/util/duration.ts'

const HEAD = '<!-- Written by scripts/write-reference.ts from the source. Do not edit. -->\n\n'

const defaults: unknown = configSchema.parse({})
const memberOf = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined

function defaultOf(section: string | undefined, key: string, kind: string): string {
  const value = memberOf(section === undefined ? defaults : memberOf(defaults, section), key)
  if (kind === 'duration' && typeof value === 'number') return formatDuration(value)
  if (Array.isArray(value)) return value.join(', ')
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '-'
}

function writeConfiguration(): string {
  const rows = listSettings().map(
    (s) =>
      `| \`${s.path}\` | \`${s.fileKey}\` | ${s.variables.map((v) => `\`${v}\``).join(' ')} | ${defaultOf(s.section, s.key, s.kind)} | ${s.allowed}${s.description === '' ? '' : `. ${s.description}`} |`,
  )
  return `${HEAD}# Configuration

Option > environment > file (\`tutti.config.{ts,js,yaml,json}\`, read by the command line and the server) > default. Secrets never appear in any output.

| in code | in a file | in the environment | default | what it may be, what it does |
| --- | --- | --- | --- | --- |
${rows.join('\n')}
`
}

function writeErrors(): string {
  const rows = Object.entries(ERROR_KINDS).map(
    ([code, k]) => `| \`${code}\` | ${k.title} | ${k.http} | ${k.exit} | ${k.retryable ? 'yes' : 'no'} |`,
  )
  return `${HEAD}# Errors

Every error is a \`TuttiError\` with one of these codes. "Retryable" says whether the same call, made again later, may succeed.

| code | what it means | HTTP status | exit code | retryable |
| --- | --- | --- | --- | --- |
${rows.join('\n')}
`
}

export const REFERENCES: readonly (readonly [string, () => string])[] = [
  ['docs/reference/configuration.md', writeConfiguration],
  ['docs/reference/errors.md', writeErrors],
]

if (process.argv[1]?.endsWith('write-reference.ts') === true) {
  for (const [path, write] of REFERENCES) {
    if (process.argv.includes('--check') && readFileSync(path, 'utf8') !== write()) {
      console.error(`${path} is not what the source says: run "node scripts/write-reference.ts".`)
      process.exitCode = 1
    } else if (!process.argv.includes('--check')) writeFileSync(path, write())
  }
}
