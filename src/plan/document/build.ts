// From the wire's shape to the document in code: names given, types settled, durations in milliseconds; and the rules that
// span several keys, which a schema cannot say.
import type { FallbackSpec, InputSpec, Issue, PlanDocument, RetrySpec, Step, StepType } from '../../contracts/plan.ts'
import { parseDuration } from '../../util/duration.ts'
import { bareExpression, endOfReference } from '../expression/bare-expression.ts'
import { createIssue, type Path } from '../issue.ts'
import { checkInputSpecs } from './input-spec.ts'
import { buildBudget, buildPolicies } from './policies.ts'
import type { WireDocument, WireFallback, WireStep } from './schema.ts'
import { nameSteps } from './step-names.ts'

/** Checked by the schema before; 0 is never seen. */
const toMs = (text: string): number => parseDuration(text) ?? 0

export function buildDocument(wire: WireDocument): { readonly document: PlanDocument; readonly issues: Issue[] } {
  const issues: Issue[] = []
  const names = nameSteps(wire.steps, issues)
  const steps = wire.steps.map((step, i) => buildStep(step, names[i] ?? `step-${i + 1}`, ['steps', i], issues))
  const inputs = wire.inputs === undefined ? undefined : buildInputs(wire.inputs)
  if (inputs !== undefined) issues.push(...checkInputSpecs(inputs))
  const budget = wire.budget === undefined ? undefined : buildBudget(wire.budget, issues)
  const recovery = wire.recovery === undefined ? undefined : buildPolicies(wire.recovery, issues)
  const isEmpty = steps.length === 0
  checkCannot(wire, issues)
  const document: PlanDocument = {
    ...(wire.api_version !== undefined && { apiVersion: wire.api_version }),
    ...(wire.name !== undefined && { name: wire.name }),
    ...(wire.version !== undefined && { version: wire.version }),
    ...(wire.description !== undefined && { description: wire.description }),
    ...(inputs !== undefined && { inputs }),
    steps,
    ...(wire.outputs !== undefined && { outputs: wire.outputs }),
    ...(wire.timeout !== undefined && { timeoutMs: toMs(wire.timeout) }),
    ...(wire.on_error !== undefined && { onError: wire.on_error }),
    ...(wire.priority !== undefined && { priority: wire.priority }),
    ...(budget !== undefined && { budget }),
    ...(recovery !== undefined && { recovery }),
    ...(isEmpty && wire.reason !== undefined && { reason: wire.reason }),
    ...(mayMiss(wire) && wire.missing !== undefined && { missing: wire.missing }),
  }
  return { document, issues }
}

/** A plan may serve a part of its request and name the rest; a workflow serves none. */
const mayMiss = (wire: WireDocument): boolean => wire.steps.length === 0 || wire.name === undefined

function checkCannot(wire: WireDocument, issues: Issue[]): void {
  const isEmpty = wire.steps.length === 0
  // A record of a version's changes may stand alone.
  const isVersionRecord = wire.migration !== undefined || wire.compatible_with !== undefined
  if (isEmpty && wire.name !== undefined && !isVersionRecord) {
    const message = `The workflow "${wire.name}" has no steps. Add at least one.`
    issues.push(createIssue({ code: 'schema', path: ['steps'], message }))
  } else if (isEmpty && (wire.reason ?? '').trim() === '') {
    const message =
      'A plan without steps should say in "reason" why nothing can be done, and in "missing" what would be needed.'
    issues.push(createIssue({ code: 'schema', severity: 'warning', path: ['steps'], message }))
  }
  for (const key of ['reason', 'missing'] as const) {
    if (isEmpty || wire[key] === undefined || (key === 'missing' && mayMiss(wire))) continue
    const message = `"${key}" belongs to a plan without steps and has no effect here.`
    issues.push(createIssue({ code: 'schema', severity: 'warning', path: [key], message }))
  }
}

function buildInputs(inputs: NonNullable<WireDocument['inputs']>): Record<string, InputSpec> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, spec]): [string, InputSpec] => {
      if (typeof spec === 'string') return [name, { type: spec }]
      const { type = 'any', required, default: standard, description, enum: values, secret } = spec
      return [
        name,
        {
          type,
          ...(required !== undefined && { required }),
          ...(standard !== undefined && { default: standard }),
          ...(description !== undefined && { description }),
          ...(values !== undefined && { enum: values }),
          ...(secret !== undefined && { secret }),
        },
      ]
    }),
  )
}

function buildStep(wire: WireStep, name: string, path: Path, issues: Issue[]): Step {
  const kind = wire.tool !== undefined ? 'tool' : wire.agent !== undefined ? 'agent' : undefined
  const component = wire.component ?? wire.tool ?? wire.agent
  const calls = component !== undefined || wire.capability !== undefined || wire.action !== undefined
  const type = typeOf(wire, calls)
  checkStep(wire, { type, calls, name, path }, issues)
  const dependsOn = typeof wire.depends_on === 'string' ? [wire.depends_on] : (wire.depends_on ?? [])
  const wait = type === 'wait' ? buildWait(wire) : undefined
  const expression = wire.if === undefined ? '' : bareExpression(wire.if)
  const replanIf = wire.replan_if === undefined ? '' : bareExpression(wire.replan_if)
  return {
    name,
    type,
    ...(wire.description !== undefined && { description: wire.description }),
    ...(type === 'call' && component !== undefined && { component }),
    ...(type === 'call' && component !== undefined && kind !== undefined && { kind }),
    ...(type === 'call' && wire.action !== undefined && { action: wire.action }),
    ...(type === 'call' && wire.capability !== undefined && { capability: wire.capability }),
    ...(wire.inputs !== undefined && { inputs: wire.inputs }),
    dependsOn: [...new Set(dependsOn)],
    ...(expression !== '' && { if: expression }),
    ...(replanIf !== '' && { replanIf }),
    ...(wire.retry !== undefined && { retry: buildRetry(wire.retry) }),
    ...(wire.timeout !== undefined && { timeoutMs: toMs(wire.timeout) }),
    ...(wire.deadline !== undefined && { deadlineMs: toMs(wire.deadline) }),
    ...(wire.on_error !== undefined && { onError: wire.on_error }),
    ...(wire.fallback !== undefined && { fallback: [wire.fallback].flat().map(buildFallback) }),
    ...(wire.idempotent !== undefined && { idempotent: wire.idempotent }),
    ...(wire.priority !== undefined && { priority: wire.priority }),
    ...(wire.optional !== undefined && { optional: wire.optional }),
    ...(wire.concurrency !== undefined && { concurrency: wire.concurrency }),
    ...(wire.resources !== undefined && { resources: wire.resources }),
    ...(type === 'transform' && wire.set !== undefined && { set: wire.set }),
    ...(wait !== undefined && { wait }),
    ...(type === 'ai-generate' && wire.prompt !== undefined && { prompt: wire.prompt }),
    ...(type === 'ai-generate' && wire.output_schema !== undefined && { outputSchema: wire.output_schema }),
  }
}

function typeOf(wire: WireStep, calls: boolean): StepType {
  switch (wire.type) {
    case 'call':
    case 'gate':
    case 'transform':
    case 'wait':
    case 'ai-generate':
      return wire.type
    case undefined:
      return calls ? 'call' : wire.set !== undefined ? 'transform' : wire.wait !== undefined ? 'wait' : 'gate'
    default:
      // `condition` is a gate with an `if`; the types of later releases were refused before.
      return calls ? 'call' : 'gate'
  }
}

interface StepFacts {
  readonly type: StepType
  readonly calls: boolean
  readonly name: string
  readonly path: Path
}

/** Which step types a key means something for. */
const BELONGS: readonly (readonly [keyof WireStep, readonly StepType[]])[] = [
  ['set', ['transform']],
  ['wait', ['wait']],
  ['prompt', ['ai-generate']],
  ['output_schema', ['ai-generate']],
  ['inputs', ['call', 'ai-generate']],
  ['retry', ['call', 'ai-generate']],
  ['idempotent', ['call']],
]

function checkStep(wire: WireStep, { type, calls, name, path }: StepFacts, issues: Issue[]): void {
  const say = (key: string, message: string): void => {
    issues.push(createIssue({ code: 'schema', path: [...path, key], message, step: name }))
  }
  const named = (['component', 'tool', 'agent'] as const).filter((key) => wire[key] !== undefined)
  if (named.length > 1)
    say(
      named[1] ?? '',
      `Step "${name}" names its component twice, by ${named.map((key) => `"${key}"`).join(' and ')}; keep one.`,
    )
  if (wire.capability !== undefined && wire.action !== undefined) {
    say(
      'capability',
      `Step "${name}" has "action" and "capability", which mean the same; keep "action" beside a component.`,
    )
  }
  if (type === 'call' && !calls)
    say('type', `Step "${name}" is a call, but names neither a component nor a capability.`)
  if (type !== 'call' && calls) {
    const [key = wire.action === undefined ? 'capability' : 'action'] = named
    say(key, `Step "${name}" is of type "${type}", which calls no component. Leave out "${key}", or the type.`)
  }
  for (const [key, types] of BELONGS) {
    if (wire[key] === undefined || types.includes(type)) continue
    say(key, `"${key}" belongs to steps of type ${types.join(' or ')}; "${name}" is of type "${type}".`)
  }
  if (typeof wire.inputs === 'string') checkWholeReference(wire.inputs, name, say)
  if (type === 'transform' && wire.set === undefined) say('set', `Step "${name}" is a transform and needs "set".`)
  if (type === 'wait') checkWait(wire, name, say)
}

function checkWholeReference(text: string, name: string, say: (key: string, message: string) => void): void {
  const trimmed = text.trim()
  if (trimmed.startsWith('${') && endOfReference(trimmed, 0) === trimmed.length) return
  say(
    'inputs',
    `The "inputs" of step "${name}" are a text; write an object, or one reference such as "\${steps.NAME.output}".`,
  )
}

function checkWait({ wait }: WireStep, name: string, say: (key: string, message: string) => void): void {
  if (wait === undefined) {
    say('wait', `Step "${name}" waits and needs "wait" with "for" or "until".`)
    return
  }
  if ((wait.for === undefined) === (wait.until === undefined)) {
    say('wait', `The "wait" of step "${name}" needs exactly one of "for" and "until".`)
  }
  if (wait.for !== undefined && wait.timeout !== undefined)
    say('wait', `The "wait" of step "${name}" has a "timeout", which belongs to "until".`)
}

function buildWait({ wait }: WireStep): Step['wait'] {
  if (wait?.for !== undefined) return { forMs: toMs(wait.for) }
  if (wait?.until === undefined) return undefined
  return { until: wait.until, ...(wait.timeout !== undefined && { timeoutMs: toMs(wait.timeout) }) }
}

function buildRetry(retry: NonNullable<WireStep['retry']>): RetrySpec {
  return {
    ...(retry.max_attempts !== undefined && { maxAttempts: retry.max_attempts }),
    ...(retry.backoff !== undefined && { backoff: retry.backoff }),
    ...(retry.initial_wait !== undefined && { initialWaitMs: toMs(retry.initial_wait) }),
    ...(retry.max_wait !== undefined && { maxWaitMs: toMs(retry.max_wait) }),
  }
}

function buildFallback(fallback: WireFallback): FallbackSpec {
  if ('value' in fallback) return { value: fallback.value }
  const { component, action, inputs } = fallback
  return { component, ...(action !== undefined && { action }), ...(inputs !== undefined && { inputs }) }
}
