import { beforeAll, describe, expect, it, vi } from 'vitest'
import { ABSENT } from '../../src/contracts/compiled.ts'
import type { JsonValue } from '../../src/contracts/json.ts'
import { loadExpressions } from '../../src/plan/expression.ts'
import { compileValue, looksLikeForeignReference, parsePath, usesExpressions } from '../../src/plan/reference.ts'
import { createScope, failureOf } from './expression-scope.ts'

const scope = createScope({
  inputs: {
    symbol: 'TSLA',
    n: 3,
    zero: 0,
    empty: '',
    no: false,
    nul: null,
    object: { a: 1 },
    trap: '${inputs.symbol} {{x}}',
    big: 12345678901234567890n,
    people: 67390000,
    huge: 1e21,
    tiny: 1e-7,
  },
  steps: {
    geo: { output: { lat: 48.8, name: 'Paris' }, response: { success: true, data: { lat: 48.8, name: 'Paris' } } },
    'country-info': { output: { capital: 'Paris', currency: { code: 'EUR' }, tags: ['a', 'b'] } },
    list: { output: [{ name: 'A' }, { name: 'B' }] },
    text: { output: 'plain' },
    none: { output: null },
  },
  secrets: { KEY: 'k' },
})
const resolve = (value: JsonValue): unknown => compileValue(value).evaluate(scope)

beforeAll(loadExpressions)

describe('a value that is exactly one reference', () => {
  it('keeps objects, lists and every other type (B23, B35)', () => {
    expect(resolve('${steps.country-info.output.currency}')).toEqual({ code: 'EUR' })
    expect(resolve('${steps.list.output}')).toEqual([{ name: 'A' }, { name: 'B' }])
    expect(resolve('${steps.list.output[1].name}')).toBe('B')
    expect(resolve('${steps.list.output.1.name}')).toBe('B')
    expect(resolve('${ steps.geo.output.lat }')).toBe(48.8)
    expect(resolve('${steps.text.output}')).toBe('plain')
  })

  it('passes the very object on, without a copy', () => {
    expect(resolve('${inputs.object}')).toBe(scope.inputs['object'])
  })

  it('takes null, 0, false and "" for values (B27)', () => {
    expect(['zero', 'empty', 'no', 'nul'].map((name) => resolve(`\${inputs.${name}}`))).toEqual([0, '', false, null])
    expect(resolve('${steps.none.output}')).toBeNull()
  })

  it('passes integers beyond 2^53 with their digits (B26)', () => {
    expect(resolve('${inputs.big}')).toBe(12345678901234567890n)
    expect(resolve('#${inputs.big}')).toBe('#12345678901234567890')
  })

  it('is ABSENT when its path is not there', () => {
    expect(resolve('${inputs.zip}')).toBe(ABSENT)
    expect(resolve('${steps.geo.output.zip}')).toBe(ABSENT)
  })

  it('reads secrets only by their name', () => {
    expect(resolve('${secrets.KEY}')).toBe('k')
    expect(compileValue('${secrets.KEY}').references).toMatchObject([{ root: 'secrets', name: 'KEY', path: [] }])
  })
})

describe('references inside text', () => {
  it('become text, numbers without exponent (B25)', () => {
    expect(resolve('Population ${inputs.people}, ${inputs.huge}, ${inputs.tiny}')).toBe(
      'Population 67390000, 1000000000000000000000, 0.0000001',
    )
    expect(
      resolve('${inputs.no}/${inputs.nul}/${inputs.empty}/${inputs.object}/${steps.country-info.output.tags}'),
    ).toBe('false/null//{"a":1}/["a","b"]')
  })

  it('hold expressions with quotes and braces of their own', () => {
    expect(resolve('a ${"}" + inputs.symbol} b ${ {"k": "{"}.k } c')).toBe('a }TSLA b { c')
  })

  it('leave everything else as it is, dollar signs too', () => {
    for (const text of ['$5', '$ {x}', '{x}', '{{x}}', '$$', 'a$', '}', '']) expect(resolve(text)).toBe(text)
    expect(resolve('Costs $${inputs.n}.')).toBe('Costs $3.')
    expect(resolve('Write ${"${inputs.x}"}.')).toBe('Write ${inputs.x}.')
  })

  it('are not looked for in what they bring in', () => {
    expect(resolve('${inputs.trap}')).toBe('${inputs.symbol} {{x}}')
    expect(resolve('<${inputs.trap}>')).toBe('<${inputs.symbol} {{x}}>')
  })

  it('say so where no path can be named, and stop growing at 16 Mi characters', () => {
    expect(failureOf(() => resolve('a ${ {"a": 1}.?b } c')).message).toBe(
      'A value is not there. Text needs a value here.',
    )
    const large = createScope({ inputs: { s: 'x'.repeat(8 * 1_048_576) } })
    const grow = (text: string): unknown => compileValue(text).evaluate(large)
    expect(grow('${inputs.s}${inputs.s}')).toHaveLength(16 * 1_048_576)
    const error = failureOf(() => grow(`\${inputs.s}\${inputs.s}\${inputs.s} and ${'y'.repeat(80)}`))
    expect(error.code).toBe('expression_too_expensive')
    expect(error.message).toContain(`The text "\${inputs.s}\${inputs.s}\${inputs.s} and ${'y'.repeat(22)}…" grows`)
  })

  it('are an error when absent, which names the path and what is there', () => {
    const error = failureOf(() => resolve('To ${steps.geo.output.city} now'))
    expect(error.code).toBe('binding_failed')
    expect(error.message).toContain('"steps.geo.output.city" is not there. "steps.geo.output" has "lat", "name".')
    expect(error.details).toEqual({ path: 'steps.geo.output.city', available: ['lat', 'name'] })
    expect(failureOf(() => resolve('To ${steps.nope.output} now')).message).toContain('no step is called "nope"')
  })
})

describe('structures', () => {
  it('resolve two enveloped dependencies side by side (B28, B30)', () => {
    expect(
      resolve({ lat: '${steps.geo.output.data.lat}', to: '${steps.country-info.output.data.currency.code}', limit: 5 }),
    ).toEqual({ lat: 48.8, to: 'EUR', limit: 5 })
  })

  it('leave out a key whose value is absent, and refuse a gap in a list', () => {
    expect(resolve({ a: '${inputs.zip}', b: { c: '${inputs.zip}', d: 1 } })).toEqual({ b: { d: 1 } })
    expect(failureOf(() => resolve(['${inputs.n}', '${inputs.zip}'])).message).toMatch(/A list cannot have a gap\.$/)
    expect(resolve([1, '${inputs.n}'])).toEqual([1, 3])
    expect(resolve(JSON.parse('{"__proto__": "${inputs.n}", "a": "${inputs.n}"}') as JsonValue)).toEqual({ a: 3 })
  })

  it('without references are given back themselves (B36)', () => {
    const source = { a: [1, { b: 'text $5' }], c: null }
    const compiled = compileValue(source)
    expect(compiled.isLiteral).toBe(true)
    expect(compiled.evaluate(scope)).toBe(source)
  })

  it('are resolved anew each time, and never written to (B34)', () => {
    const source = { to: '${steps.s.output.code}', keep: ['${inputs.n}'] }
    const before = structuredClone(source)
    const compiled = compileValue(source)
    const run = (code: string): unknown =>
      compiled.evaluate(createScope({ inputs: { n: 1 }, steps: { s: { output: { code } } } }))
    expect(run('EUR')).toEqual({ to: 'EUR', keep: [1] })
    expect(run('USD')).toEqual({ to: 'USD', keep: [1] })
    expect(source).toEqual(before)
  })

  it('list the references of all their parts', () => {
    const { references } = compileValue({
      a: '${steps.x.output.b[0].c}',
      b: ['to ${inputs.n} and ${steps.y-z.status}'],
    })
    expect(references).toEqual([
      { root: 'steps', name: 'x', path: ['output', 'b', 0, 'c'], text: 'steps.x.output.b[0].c' },
      { root: 'inputs', name: 'n', path: [], text: 'inputs.n' },
      { root: 'steps', name: 'y-z', path: ['status'], text: 'steps.y-z.status' },
    ])
  })
})

describe('refusals', () => {
  it('points into the whole text', () => {
    const text = 'a ${inputs.n} b ${inputs.n +} c'
    expect(failureOf(() => compileValue(text)).details['offset']).toBe(text.indexOf('} c'))
    expect(failureOf(() => compileValue('${1 +}')).details['offset']).toBe('${1 +'.length)
    expect(failureOf(() => compileValue('ab ${open')).details['offset']).toBe('ab '.length)
  })

  it.each([
    '${inputs.n',
    'a ${"}',
    '${}',
    '${ }',
    '${foo}',
    '${steps.a}',
    '${steps.constructor}',
    '${inputs.n} ${{x}}',
  ])('%s cannot be compiled', (text) => {
    expect(failureOf(() => compileValue(text)).code).toBe('expression_failed')
  })

  it.each(['__proto__', 'constructor', 'prototype', 'toString', 'hasOwnProperty', 'length'])(
    'what a prototype lends is not there: %s',
    (name) => {
      for (const path of [
        `inputs.${name}`,
        `inputs.symbol.${name}`,
        `inputs.object.${name}`,
        `steps.list.output.${name}`,
        `steps.${name}.output`,
      ]) {
        expect(resolve(`\${${path}}`)).toBe(ABSENT)
        expect(resolve(`\${has(${path})}`)).toBe(false)
      }
    },
  )
})

describe('usesExpressions', () => {
  it('is true only for what needs the parser', () => {
    for (const value of ['x', 5, '${inputs.x}', 'a ${steps.a-b.output[0]["x y"].0} b', { a: ['$ {1+1}', '${open'] }]) {
      expect(usesExpressions(value)).toBe(false)
    }
    for (const value of ['${1 + 1}', 'a ${inputs.x} ${inputs.x-1}', { a: [{ b: '${size(inputs.x)}' }, 1] }, '${}']) {
      expect(usesExpressions(value)).toBe(true)
    }
  })
})

describe('before the parser is loaded', () => {
  let compileFresh: typeof compileValue
  // Outside of a test: what a module does when it is loaded belongs to no single one.
  beforeAll(async () => {
    vi.resetModules()
    compileFresh = (await import('../../src/plan/reference.ts')).compileValue
  })

  it('plain paths work, and anything more says what was forgotten', () => {
    expect(compileFresh('a ${inputs.symbol} ${steps.country-info.output.tags[1]}').evaluate(scope)).toBe('a TSLA b')
    expect(() => compileFresh('${inputs.n + 1}')).toThrow('loadExpressions()')
  })
})

describe('parsePath', () => {
  it('takes hyphens only in names of steps and components', () => {
    expect(parsePath('steps.a-b.output.c')).toMatchObject({ root: 'steps', name: 'a-b', path: ['output', 'c'] })
    expect(parsePath('components.geo-tool.healthy')).toMatchObject({ name: 'geo-tool', path: ['healthy'] })
    for (const text of [
      'steps.a.output.b-c',
      'inputs.a-b',
      'steps',
      'foo.bar',
      'inputs.',
      'inputs..a',
      'inputs.a + 1',
      'inputs[x]',
      'steps.a b',
      '',
    ]) {
      expect(parsePath(text)).toBeUndefined()
    }
  })
})

describe('looksLikeForeignReference', () => {
  it('knows what other systems write (B20)', () => {
    for (const text of [
      '{{step-1.response.data.x}}',
      'a {{ step-1.response }} b',
      '{step-1.response.x}',
      'to {geo.output.lat}!',
      '{steps.a.output}',
      '<node-0>',
    ]) {
      expect(looksLikeForeignReference(text)).toBe(true)
    }
    for (const text of ['${steps.a.output.x}', '{x}', '{"a": 1}', 'if (a) { b.c() }', 'plain', '{{}}']) {
      expect(looksLikeForeignReference(text)).toBe(false)
    }
  })
})
