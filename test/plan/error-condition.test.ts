import { beforeAll, describe, expect, it } from 'vitest'
import { compileErrorCondition, type ErrorFacts, loadExpressions } from '../../src/plan/expression.ts'
import { failureOf } from './expression-scope.ts'

const facts: ErrorFacts = { code: 'component_failed', class: 'backend', status: 503, message: 'overloaded' }

beforeAll(loadExpressions)

describe('the condition of a fallback in a policy', () => {
  it.each([
    ['error.class == "backend"', true],
    ['error.status >= 500 && error.status != 501', true],
    ['error.code in ["component_timeout", "breaker_open"]', false],
    ['error.message.contains("load")', true],
    ['["a", "b"].exists(x, error.code == x) || error.status == 503', true],
    ['true', true],
  ])('%s is %s', (text, value) => {
    expect(compileErrorCondition(text)(facts)).toBe(value)
  })

  it.each([
    'inputs.x == 1',
    'run.id',
    'steps.a.success && error.status == 1',
    'error.kind == "x"',
    'error.status',
    'error.class = "backend"',
    'errors.code == "x"',
    '',
  ])('%j is refused when it is read', (text) => {
    expect(failureOf(() => compileErrorCondition(text))).toMatchObject({ code: 'expression_failed' })
  })
})
