// The tools of a server as capabilities. A server's hints are hints: what the configuration says of a tool holds instead. One
// broken tool costs itself, or its schema, never the list.
import { createHash } from 'node:crypto'
import type { Capability, Effect } from '../../contracts/capability.ts'
import type { JsonObject, JsonSchema } from '../../contracts/json.ts'
import type { SkippedEntry } from '../../contracts/parts.ts'
import type { CapabilityOverride } from '../../contracts/sources.ts'
import { isJsonObject } from '../../util/json.ts'
import { nameKey } from '../../util/name-key.ts'
import { didYouMean, truncateText } from '../../util/text.ts'
import { readObjectSchema, readSchema } from './read-schema.ts'

/** A tool with what is needed to call it. */
export interface McpTool {
  readonly capability: Capability
  /** As the server calls it. */
  readonly original: string
  readonly inputSchema: JsonSchema
}

export interface ReadTools {
  readonly tools: readonly McpTool[]
  readonly skipped: readonly SkippedEntry[]
  /** What else is not as the server has it, each a sentence without its full stop. */
  readonly warnings: readonly string[]
}

export interface ToolReaderOptions {
  /** By the server's name for the tool. */
  readonly overrides: Readonly<Record<string, CapabilityOverride>>
  /** One call without a sign of life, ms, where nothing else is said of the tool. */
  readonly timeoutMs: number | undefined
}

const MAX_NAME = 128
const MAX_DESCRIPTION = 4_000
/** Schemas of one server together; the rest of its tools take any inputs. */
const MAX_TOTAL_CHARS = 50_000_000

const hashOf = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 6)

/** A name that models and documents can write: letters, digits, `_`, `-` and `.`. */
function safeName(original: string): string {
  const name = original.replace(/[^A-Za-z0-9_.-]+/g, '_')
  const isEmpty = !/[A-Za-z0-9]/.test(name)
  if (isEmpty || /^(?:__proto__|constructor|prototype)$/.test(name)) return `tool_${hashOf(original)}`
  return name.length > MAX_NAME ? `${name.slice(0, MAX_NAME - 7)}_${hashOf(original)}` : name
}

/** Names without regard to case; whoever is called so already keeps its name, whatever the order. */
function uniqueNames(originals: readonly string[]): Map<string, string> {
  const names = new Map<string, string>()
  const taken = new Set<string>()
  const isSafe = (original: string): boolean => safeName(original) === original
  for (const original of [...originals.filter(isSafe), ...originals.filter((one) => !isSafe(one))]) {
    const plain = safeName(original)
    const name = taken.has(nameKey(plain)) ? `${plain.slice(0, MAX_NAME - 7)}_${hashOf(original)}` : plain
    taken.add(nameKey(name))
    names.set(original, name)
  }
  return names
}

const textOf = (value: unknown): string => (typeof value === 'string' ? value.trim() : '')

function describe(record: JsonObject, annotations: JsonObject): string {
  const title = textOf(record['title']) || textOf(annotations['title'])
  const description = textOf(record['description'])
  const isSaid = title === '' || description.toLowerCase().includes(title.toLowerCase())
  return truncateText(isSaid ? description : description === '' ? title : `${title}: ${description}`, MAX_DESCRIPTION)
}

/** A tool that says both is not believed to only read. */
function effectOf(annotations: JsonObject): Effect {
  if (annotations['destructiveHint'] === true) return 'write'
  return annotations['readOnlyHint'] === true ? 'read' : 'unknown'
}

/** Whether its answers come as a task to be asked after, in no other way. */
function needsTasks({ execution }: JsonObject): boolean {
  return isJsonObject(execution) && execution['taskSupport'] === 'required'
}

interface RawTool {
  readonly original: string
  readonly record: JsonObject
  readonly inputSchema: JsonSchema
  readonly outputSchema: JsonSchema | undefined
}

function toCapability(
  raw: RawTool,
  name: string,
  override: CapabilityOverride | undefined,
  timeoutMs: number | undefined,
): Capability {
  const { record, inputSchema, outputSchema } = raw
  const annotations = isJsonObject(record['annotations']) ? record['annotations'] : {}
  const effect = override?.effect ?? effectOf(annotations)
  const idempotent = override?.idempotent ?? (annotations['idempotentHint'] === true ? true : undefined)
  return Object.freeze<Capability>({
    name,
    description: override?.description ?? describe(record, annotations),
    inputSchema,
    ...(outputSchema !== undefined && { outputSchema }),
    effect,
    ...(idempotent !== undefined && { idempotent }),
    ...(override?.approval !== undefined && { approval: override.approval }),
    ...(override?.tags !== undefined && { tags: override.tags }),
    ...(override?.requires !== undefined && { requires: override.requires }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  })
}

/** Takes the tools page by page, so that a long list is never held twice. */
export function createToolReader({ overrides, timeoutMs }: ToolReaderOptions) {
  const raws = new Map<string, RawTool>()
  const skipped: SkippedEntry[] = []
  const warnings: string[] = []
  let chars = 0

  const schemasOf = (original: string, record: JsonObject): Pick<RawTool, 'inputSchema' | 'outputSchema'> => {
    const input = readObjectSchema(record['inputSchema'] ?? { type: 'object' })
    if ('problem' in input)
      warnings.push(`the tool "${original}" takes any inputs, since its input schema ${input.problem}`)
    const output = record['outputSchema'] === undefined ? undefined : readSchema(record['outputSchema'])
    if (output !== undefined && 'problem' in output)
      warnings.push(`the output schema of the tool "${original}" is left out, since it ${output.problem}`)
    for (const read of [input, output]) if (read !== undefined && 'chars' in read) chars += read.chars
    if (chars > MAX_TOTAL_CHARS) {
      warnings.push(`the tool "${original}" takes any inputs, since the schemas of its server are too large together`)
      return { inputSchema: { type: 'object' }, outputSchema: undefined }
    }
    return {
      inputSchema: 'schema' in input ? input.schema : { type: 'object' },
      outputSchema: output !== undefined && 'schema' in output ? output.schema : undefined,
    }
  }

  return {
    get count(): number {
      return raws.size
    },
    add(record: unknown): void {
      const original = isJsonObject(record) ? record['name'] : undefined
      if (!isJsonObject(record) || typeof original !== 'string' || original === '' || original.length > 1_000) {
        skipped.push({ name: '', why: 'it has no usable name' })
        return
      }
      const shown = truncateText(JSON.stringify(original).slice(1, -1), 200)
      if (raws.has(original)) skipped.push({ name: shown, why: 'it is listed twice; the first counts' })
      else if (needsTasks(record))
        skipped.push({ name: shown, why: 'it answers by tasks only, which are not spoken here' })
      else raws.set(original, { original, record, ...schemasOf(shown, record) })
    },
    read(): ReadTools {
      const names = uniqueNames([...raws.keys()])
      const tools: McpTool[] = []
      for (const raw of raws.values()) {
        const override = Object.hasOwn(overrides, raw.original) ? overrides[raw.original] : undefined
        if (override?.hidden === true) continue
        const name = names.get(raw.original) ?? raw.original
        const capability = toCapability(raw, name, override, override?.timeoutMs ?? timeoutMs)
        tools.push({ capability, original: raw.original, inputSchema: raw.inputSchema })
      }
      for (const name of Object.keys(overrides)) {
        if (!raws.has(name))
          warnings.push(`"tools" names "${name}", which it does not have.${didYouMean(name, raws.keys())}`)
      }
      return { tools, skipped, warnings }
    },
  }
}
