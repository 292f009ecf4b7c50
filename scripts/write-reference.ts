// Writes docs/reference/ from the source, so that it cannot drift. `--check` only compares, for the tests.
import { readFileSync, writeFileSync } from 'node:fs'
import { z } from 'zod'
import { allowedOf, listSettings, type Setting } from '../src/config/settings.ts'
import { configSchema } from '../src/contracts/config.ts'
import { ERROR_KINDS } from '../src/contracts/errors.ts'
import { formatDuration } from '../src/util/duration.ts'

const HEAD = '<!-- Written by scripts/write-reference.ts from the source. Do not edit. -->\n\n'

const defaults: unknown = configSchema.parse({})

/** Of a fixed section from the parsed defaults, of a section by name from the schema of the key. */
function defaultOf({ keys, kind, isByName, schema }: Setting): string {
  let value: unknown = defaults
  if (isByName) value = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }).default
  else for (const key of keys) value = typeof value === 'object' && value !== null ? Reflect.get(value, key) : undefined
  if (kind === 'duration' && typeof value === 'number') return formatDuration(value)
  if (Array.isArray(value)) return value.join(', ')
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : '-'
}

function effectOf(s: Setting): string {
  const allowed = s.isByName ? allowedOf(s).replace(', separated by commas in a variable', '') : allowedOf(s)
  return `${allowed}${s.description === '' ? '' : `. ${s.description}`}`
}
const code = (text: string): string => `\`${text}\``

/** What each section by name is for, and how one looks in a file. */
const BY_NAME: readonly (readonly [prefix: string, title: string, about: string])[] = [
  [
    'resources.inventory.',
    'resources.inventory',
    'What there is of each resource. `NAME` is cpu, memory, gpu, or your own.',
  ],
  [
    'components.',
    'components.NAME',
    'One component, by its name without regard to case. `CLASS` is transient, backend, authentication, resource, input or permanent. Of `recovery.fallbacks[]` each has `component` (with its own action, inputs), or `region`, or `inputs` laid over, or a `value`; `when` reads `error.code`, `error.class`, `error.status`, `error.message`. `recovery` is written in the same way in documents.',
  ],
  ['models.', 'models.MODEL', 'One model, as it is named in `model`, such as `"openai:gpt-5-mini"`.'],
  [
    'quotas.',
    'quotas.KEY',
    'One key: a principal, a team, or `team/user`. `default` is for every key without its own.',
  ],
  ['notify.targets.', 'notify.targets.NAME', 'One webhook.'],
  [
    'sources.mcpServers.',
    'sources.mcpServers.NAME',
    'One MCP server, as other programs list them too: a program to start (`command`), or a server that runs (`url`). Values of `env`, `args` and `headers` may be `{env: VARIABLE}`.',
  ],
  [
    'sources.openapi.',
    'sources.openapi.NAME',
    'One OpenAPI 3.0 or 3.1 document: its operations become the capabilities of one component. Of `auth` each is named as the security scheme in the document.',
  ],
  ['sources.a2a.', 'sources.a2a.NAME', 'One A2A agent: its skills become the capabilities of one component.'],
  ['sources.http.', 'sources.http.NAME', 'A component at a known address that answers `GET /api/capabilities`.'],
]

function writeByName(prefix: string, title: string, about: string): string {
  const rows = listSettings()
    .filter(({ path, isByName }) => isByName && path.startsWith(prefix))
    .map((s) => {
      const inCode = s.path.slice(title.length + 1)
      const inFile = s.fileKey.split('.').slice(title.split('.').length).join('.')
      // The whole section is one number by name.
      if (inCode === '') return `| ${code(s.path)} | ${code(s.fileKey)} | ${defaultOf(s)} | ${effectOf(s)} |`
      return `| ${code(inCode)} | ${code(inFile)} | ${defaultOf(s)} | ${effectOf(s)} |`
    })
  return `## ${title}

${about}

| in code | in a file | default | what it may be, what it does |
| --- | --- | --- | --- |
${rows.join('\n')}
`
}

const EXAMPLE = readFileSync(new URL('../docs/reference/tutti.config.yaml', import.meta.url), 'utf8')

function writeConfiguration(): string {
  const rows = listSettings()
    .filter(({ isByName }) => !isByName)
    .map(
      (s) =>
        `| ${code(s.path)} | ${code(s.fileKey)} | ${s.variables.map(code).join(' ')} | ${defaultOf(s)} | ${effectOf(s)} |`,
    )
  return `${HEAD}# Configuration

Option > environment > file (\`tutti.config.{ts,js,yaml,json}\`, read by the command line and the server) > default. Secrets never appear in any output.

| in code | in a file | in the environment | default | what it may be, what it does |
| --- | --- | --- | --- | --- |
${rows.join('\n')}

# Sections by name

These have no variables: they are written in a file or in code. Names are yours and are never changed. A secret or an address in a file may be \`{env: NAME}\`: it is then taken from that variable.

\`\`\`yaml
${EXAMPLE.trimEnd()}
\`\`\`

${BY_NAME.map((section) => writeByName(...section)).join('\n')}`
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
