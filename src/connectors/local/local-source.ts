// Local functions as a source of components: found once, called directly. The fastest way a step can take, so nothing
// here allocates, awaits or touches the call's signal unless the tool needs it.
import type { Component } from '../../contracts/capability.ts'
import { type ErrorCode, TuttiError, toTuttiError } from '../../contracts/errors.ts'
import type { Discovery, Invoker, InvokerCall, InvokerResult, Source } from '../../contracts/parts.ts'
import type { ParseIssue, ParseOutcome } from '../../util/describe-schema.ts'
import { nameKey } from '../../util/name-key.ts'
import { truncateText } from '../../util/text.ts'
import { jsonResult } from './json-result.ts'
import type { LocalTool, ToolContext } from './tool.ts'

/** Errors keep a body of up to 4 kB. */
const MAX_MESSAGE_CHARS = 4_000

/** Reads the signal only when the tool does: making one costs more than the rest of the call. */
class CallContext implements ToolContext {
  readonly #call: InvokerCall
  #signalRead = false

  constructor(call: InvokerCall) {
    this.#call = call
  }
  get signal(): AbortSignal {
    this.#signalRead = true
    return this.#call.signal
  }
  get runId(): string {
    return this.#call.runId
  }
  get idempotencyKey(): string {
    return this.#call.idempotencyKey
  }
  /** The signal, if the tool can have ended because of it. */
  get aborted(): AbortSignal | undefined {
    return this.#signalRead && this.#call.signal.aborted ? this.#call.signal : undefined
  }
}

/** Statuses that client libraries put on what they throw, and what they say of the call. */
const CODE_OF_STATUS: Readonly<Record<number, ErrorCode>> = {
  400: 'component_rejected',
  401: 'component_unauthorized',
  403: 'component_unauthorized',
  404: 'component_rejected',
  409: 'component_rejected',
  422: 'component_rejected',
  429: 'component_rate_limited',
}

function statusOf(thrown: unknown): number | undefined {
  if (typeof thrown !== 'object' || thrown === null) return undefined
  const status = 'status' in thrown ? thrown.status : 'statusCode' in thrown ? thrown.statusCode : undefined
  return typeof status === 'number' && Number.isInteger(status) && status >= 400 && status < 600 ? status : undefined
}

function messageOf(thrown: unknown): string {
  const text =
    typeof thrown === 'string'
      ? thrown
      : typeof thrown === 'object' && thrown !== null && 'message' in thrown && typeof thrown.message === 'string'
        ? thrown.message
        : ''
  if (text.trim() !== '') return truncateText(text, MAX_MESSAGE_CHARS)
  return thrown instanceof Error ? `${thrown.name} without a message` : 'no reason was given'
}

function classifyThrown(thrown: unknown, local: LocalTool, context: CallContext): TuttiError {
  if (thrown instanceof TuttiError) return thrown
  const signal = context.aborted
  if (signal !== undefined) return toTuttiError(signal.reason, 'cancelled')
  const status = statusOf(thrown)
  const code = (status === undefined ? undefined : CODE_OF_STATUS[status]) ?? 'component_failed'
  return new TuttiError(code, `Tool "${local.capability.name}" failed: ${messageOf(thrown)}`, {
    cause: thrown,
    ...(status !== undefined && { details: { status } }),
  })
}

function rejectedInputs(local: LocalTool, issues: readonly ParseIssue[]): TuttiError {
  const text = issues.map(({ path, message }) => (path === '' ? message : `"${path}": ${message}`)).join('; ')
  const field = issues[0]?.path
  return new TuttiError('component_rejected', `Tool "${local.capability.name}" refuses the inputs: ${text}`, {
    details: { status: 422, ...(field !== undefined && field !== '' && { field }), issues },
  })
}

function parsedInput(outcome: ParseOutcome, local: LocalTool): unknown {
  if ('issues' in outcome) throw rejectedInputs(local, outcome.issues)
  return outcome.value
}

const isThenable = (value: unknown): value is PromiseLike<unknown> =>
  typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'

async function callTool(local: LocalTool, call: InvokerCall): Promise<InvokerResult> {
  const context = new CallContext(call)
  try {
    let input: unknown = call.inputs
    if (local.parse !== undefined) {
      const outcome = local.parse(input)
      input = parsedInput(outcome instanceof Promise ? await outcome : outcome, local)
    }
    const result = local.execute(input, context)
    return { body: jsonResult(isThenable(result) ? await result : result, local.capability.name) }
  } catch (thrown) {
    throw classifyThrown(thrown, local, context)
  }
}

function groupTools(tools: readonly LocalTool[]): Map<string, { readonly name: string; readonly tools: LocalTool[] }> {
  const groups = new Map<string, { readonly name: string; readonly tools: LocalTool[] }>()
  for (const local of tools) {
    const key = nameKey(local.component)
    const group = groups.get(key) ?? { name: local.component, tools: [] }
    const twin = group.tools.find((other) => nameKey(other.capability.name) === nameKey(local.capability.name))
    if (twin !== undefined) {
      throw new TuttiError(
        'invalid_config',
        `Two tools are called "${twin.capability.name}" in component "${group.name}". Rename one of them, or give it another component.`,
      )
    }
    group.tools.push(local)
    groups.set(key, group)
  }
  return groups
}

/** Of no tool. */
const NO_CALL: InvokerCall = {
  component: { name: '', kind: 'tool', source: '', trust: 'local', capabilities: [], instances: [] },
  capability: { name: '', description: '', inputSchema: {}, effect: 'read' },
  instance: { id: '', health: 'healthy' },
  inputs: {},
  idempotencyKey: '',
  runId: '',
  headers: {},
  get signal() {
    return new AbortController().signal
  },
}

function createLocalInvoker(tools: readonly LocalTool[]): Invoker {
  const byCapability = new Map(tools.map((local) => [local.capability, local]))
  const byName = (call: InvokerCall): LocalTool | undefined =>
    tools.find(
      (local) =>
        nameKey(local.component) === nameKey(call.component.name) &&
        nameKey(local.capability.name) === nameKey(call.capability.name),
    )
  return {
    // A collection that finds none alive makes V8 forget the code that was made for calls; so there always is one.
    ...{ kept: new CallContext(NO_CALL) },
    invoke(call) {
      const local = byCapability.get(call.capability) ?? byName(call)
      if (local !== undefined) return callTool(local, call)
      const name = `${call.component.name}.${call.capability.name}`
      return Promise.reject(new TuttiError('component_unavailable', `There is no local tool "${name}".`))
    },
  }
}

/**
 * The tools as components of kind `tool` and trust `local`, one per component name.
 * @throws TuttiError `invalid_config` when two tools of one component have the same name, without regard to case
 */
export function createLocalSource(tools: readonly LocalTool[], options: { readonly name?: string } = {}): Source {
  const name = options.name ?? 'local'
  const components = [...groupTools(tools).values()].map(
    (group): Component =>
      Object.freeze<Component>({
        name: group.name,
        kind: 'tool',
        source: name,
        trust: 'local',
        capabilities: Object.freeze(group.tools.map((local) => local.capability)),
        instances: Object.freeze([Object.freeze({ id: group.name, health: 'healthy' as const })]),
      }),
  )
  Object.freeze(components)
  const loaded = Promise.resolve(components)
  const discovery: Discovery = { name, fixed: true, load: () => loaded }
  return { discovery, invoker: createLocalInvoker(tools) }
}
