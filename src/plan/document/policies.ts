// Budgets and recovery policies in documents: the very schemas of the configuration, in the spelling of documents. What may stand
// there is said once, in contracts/policy.ts.
import { z } from 'zod'
import type { Issue } from '../../contracts/plan.ts'
import { type BudgetSpec, budgetSchema, type RecoveryPolicy, recoveryPolicySchema } from '../../contracts/policy.ts'
import { parseDuration } from '../../util/duration.ts'
import { isDurationKey, shapeOf, toCodeValue, unwrapSchema, wireKeyOf } from '../../util/shape.ts'
import { createIssue } from '../issue.ts'
import { duration } from './duration-text.ts'

const policiesSchema = z.record(z.string(), recoveryPolicySchema)

export const BUDGET_SHAPE = shapeOf(budgetSchema)
export const POLICIES_SHAPE = shapeOf(policiesSchema)

/** A schema of code, for what is written outside: snake_case, durations as text. Defaults stay with the code. */
function toWireSchema(schema: z.ZodType, code = ''): z.ZodType {
  const inner = unwrapSchema(schema)
  const wire = describeAs(schema.description ?? inner.description, spell(inner, code))
  return inner === schema ? wire : wire.optional()
}

function spell(schema: z.ZodType, code: string): z.ZodType {
  if (schema instanceof z.ZodObject) {
    const shape: Record<string, z.ZodType> = {}
    for (const [key, value] of Object.entries(schema.shape))
      if (value instanceof z.ZodType) shape[wireKeyOf(key)] = toWireSchema(value, key)
    return z.strictObject(shape)
  }
  if (schema instanceof z.ZodRecord && schema.valueType instanceof z.ZodType) {
    const value = toWireSchema(schema.valueType)
    return schema.keyType instanceof z.ZodEnum ? z.partialRecord(schema.keyType, value) : z.record(z.string(), value)
  }
  if (schema instanceof z.ZodArray && schema.element instanceof z.ZodType) {
    const list = z.array(toWireSchema(schema.element))
    return schema.safeParse([]).success ? list : list.min(1)
  }
  if (!isDurationKey(code)) return schema
  return duration.refine((text) => schema.safeParse(parseDuration(text)).success, {
    error: schema.safeParse(0).success ? 'must be at most 24 days' : 'must be more than 0, and at most 24 days',
  })
}

const describeAs = (description: string | undefined, schema: z.ZodType): z.ZodType =>
  description === undefined ? schema : schema.describe(description)

export const wireBudgetSchema = toWireSchema(budgetSchema)
export const wirePoliciesSchema = toWireSchema(policiesSchema)

/** From the wire's shape, which its schema has accepted. */
export function buildBudget(wire: unknown, issues: Issue[]): BudgetSpec | undefined {
  return build(budgetSchema, toCodeValue(BUDGET_SHAPE, wire), 'budget', issues)
}

/** {@link buildBudget} for `recovery`. */
export function buildPolicies(wire: unknown, issues: Issue[]): Readonly<Record<string, RecoveryPolicy>> | undefined {
  return build(policiesSchema, toCodeValue(POLICIES_SHAPE, wire), 'recovery', issues)
}

function build<T>(schema: z.ZodType<T>, value: unknown, key: string, issues: Issue[]): T | undefined {
  const built = schema.safeParse(value)
  if (built.success) return built.data
  issues.push(createIssue({ code: 'schema', path: [key], message: `"${key}" cannot be used as it is written.` }))
  return undefined
}
