// A function of this process as a capability: what it is called, what it takes, what it does.
import type { Capability, Effect, Example } from '../../contracts/capability.ts'
import { TuttiError, toTuttiError } from '../../contracts/errors.ts'
import {
  type DescribedSchema,
  describeSchema,
  type SchemaOutput,
  type SchemaSource,
} from '../../util/describe-schema.ts'

/** What a tool learns of the call besides its inputs. */
export interface ToolContext {
  /** Aborts when the attempt times out or the run is cancelled. Costs nothing unless it is read. */
  readonly signal: AbortSignal
  readonly runId: string
  /** The same for every repetition of the same call: hand it to whatever must not happen twice. */
  readonly idempotencyKey: string
}

/** What {@link tool} takes: name, schemas, effect, and the function that does the work. */
export interface ToolDefinition<S extends SchemaSource> {
  /** The capability's name, and its component's unless `component` says otherwise. */
  readonly name: string
  /** For the planner: what it does and when to use it. */
  readonly description: string
  /** Zod 3 or 4, any Standard Schema, or JSON Schema; always of an object. */
  readonly input: S
  /** What `execute` returns, so that plans may refer into it. Not checked at run time. */
  readonly output?: SchemaSource
  /** Default `unknown`: may be called again after a lost answer as `recovery.unknown` says. */
  readonly effect?: Effect
  /** Default: true for `read`, false for `write`. */
  readonly idempotent?: boolean
  readonly tags?: readonly string[]
  /** Capabilities that are usually needed with it: names, or `component/name`. A search offers them together. */
  readonly requires?: readonly string[]
  readonly examples?: readonly Example[]
  /** One attempt, ms. Default: `executor.stepTimeoutMs`. */
  readonly timeoutMs?: number
  /** True: never offered to a planner; documents may call it. */
  readonly internal?: boolean
  readonly approval?: 'always' | 'never'
  /** Groups several tools under one component. Default: the tool's own name. */
  readonly component?: string
  /**
   * Does the work. Inputs and result are shared by reference with the run's record: leave the inputs as they are, and
   * return a value that nobody changes later. Throw a TuttiError `component_rejected` to say that the inputs are wrong
   * (they are then corrected by meaning); whatever else is thrown is `component_failed`, with its message.
   */
  execute(input: SchemaOutput<S>, context: ToolContext): unknown
}

/** A tool made ready by {@link tool}; give it to `createOrchestrator({tools})` or `createLocalSource`. */
export interface LocalTool {
  readonly component: string
  readonly capability: Capability
  /** Absent for plain JSON Schema, which was checked before the call. */
  readonly parse: DescribedSchema['parse'] | undefined
  execute(input: unknown, context: ToolContext): unknown
}

function describeFor(name: string, what: 'input' | 'output', schema: SchemaSource): DescribedSchema {
  try {
    return describeSchema(schema, what)
  } catch (thrown) {
    const { message } = toTuttiError(thrown)
    throw new TuttiError('invalid_config', `Tool "${name}", ${what}: ${message}`, { cause: thrown })
  }
}

function checkName(name: unknown, what: string): void {
  if (typeof name === 'string' && name.trim() !== '' && name === name.trim()) return
  throw new TuttiError(
    'invalid_config',
    `${what} must be a text without blanks around it, not ${JSON.stringify(name)}.`,
  )
}

/**
 * Declares a local function as a tool. The type of `execute`'s input follows from the schema.
 *
 * @throws TuttiError `invalid_config` for an empty name or a schema that describes no object
 * @example
 * tool({
 *   name: 'double',
 *   description: 'Doubles a number',
 *   input: z.object({ n: z.number() }),
 *   effect: 'read',
 *   execute: ({ n }) => ({ doubled: 2 * n }),
 * })
 */
export function tool<S extends SchemaSource>(definition: ToolDefinition<S>): LocalTool {
  const { name, description, input, output, component = name, effect = 'unknown', ...rest } = definition
  checkName(name, 'The name of a tool')
  checkName(component, `The component of tool "${name}"`)
  if (typeof description !== 'string' || description.trim() === '') {
    throw new TuttiError(
      'invalid_config',
      `Tool "${name}" has no description. Say in a sentence what it does: it is chosen by that.`,
    )
  }
  if (typeof definition.execute !== 'function') {
    throw new TuttiError('invalid_config', `Tool "${name}" has no execute function.`)
  }
  const { jsonSchema, parse } = describeFor(name, 'input', input)
  const { idempotent, tags, requires, examples, timeoutMs, internal, approval } = rest
  const capability: Capability = Object.freeze({
    name,
    description,
    inputSchema: jsonSchema,
    ...(output !== undefined && { outputSchema: describeFor(name, 'output', output).jsonSchema }),
    effect,
    ...(idempotent !== undefined && { idempotent }),
    ...(internal !== undefined && { internal }),
    ...(approval !== undefined && { approval }),
    ...(examples !== undefined && { examples }),
    ...(tags !== undefined && { tags }),
    ...(requires !== undefined && { requires }),
    ...(timeoutMs !== undefined && { timeoutMs }),
  })
  return Object.freeze<LocalTool>({
    component,
    capability,
    parse,
    // The schema vouches for the type: inputs were parsed by it, or checked against it.
    execute: (value, context) => definition.execute(value as SchemaOutput<S>, context),
  })
}
