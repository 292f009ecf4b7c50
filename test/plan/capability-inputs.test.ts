import { describe, expect, it } from 'vitest'
import type { JsonSchema } from '../../src/contracts/json.ts'
import {
  inputsOf,
  isKnownIdempotent,
  isSecretSchema,
  resolveRef,
  takesObject,
} from '../../src/plan/capability-inputs.ts'
import { createIssue, pathOf, pointerOf, suggest, valueAt } from '../../src/plan/issue.ts'
import { capability } from './fake-view.ts'

const read = (schema: JsonSchema): [string[], readonly string[], boolean] => {
  const { properties, required, isOpen } = inputsOf(capability('c', schema))
  return [[...properties.keys()], required, isOpen]
}

describe('what a capability takes', () => {
  it.each<[string, JsonSchema, [string[], string[], boolean]]>([
    ['nothing said', {}, [[], [], true]],
    ['nothing at all', { additionalProperties: false }, [[], [], false]],
    ['names', { properties: { a: {}, b: 5 } }, [['a', 'b'], [], false]],
    [
      'names that are required, either way',
      { properties: { a: { required: true }, b: {} }, required: ['b', 5] },
      [['a', 'b'], ['a', 'b'], false],
    ],
    ['others too', { properties: { a: {} }, additionalProperties: true }, [['a'], [], true]],
    ['others of a schema', { properties: { a: {} }, additionalProperties: { type: 'string' } }, [['a'], [], true]],
    ['others by a pattern', { properties: { a: {} }, patternProperties: {} }, [['a'], [], true]],
    ['alternatives', { properties: { a: {} }, anyOf: [] }, [['a'], [], true]],
    ['one of several', { properties: { a: {} }, oneOf: [] }, [['a'], [], true]],
    ['conditions', { properties: { a: {} }, if: {} }, [['a'], [], true]],
    ['all of several', { allOf: [{ properties: { a: {} } }, 5, { required: ['b'] }] }, [['a'], ['b'], false]],
    [
      'what a reference says',
      { $ref: '#/$defs/x', $defs: { x: { properties: { a: {} }, required: ['a'] } } },
      [['a'], ['a'], false],
    ],
    ['what a reference to nowhere says', { properties: { a: {} }, $ref: '#/nope' }, [['a'], [], true]],
    ['itself', { $ref: '#/$defs/x', $defs: { x: { properties: { a: {} }, $ref: '#/$defs/x' } } }, [['a'], [], false]],
  ])('%s', (_, schema, wanted) => {
    expect(read(schema)).toEqual(wanted)
  })

  it('is read once for each schema', () => {
    const schema = { properties: { a: {} } }
    expect(inputsOf(capability('c', schema))).toBe(inputsOf(capability('d', schema)))
  })

  it('is known of references within the schema only', () => {
    const root = { $defs: { a: { type: 'string' }, b: 5 } }
    expect(['#/$defs/a', '#/$defs/b', 'x#/$defs/a', '#'].map((ref) => resolveRef(root, ref))).toEqual([
      root.$defs.a,
      undefined,
      undefined,
      undefined,
    ])
  })

  it('may be an object, as far as its type says', () => {
    const types = [undefined, 'object', 'map', 'any', ['null', 'object'], 5]
    expect(types.map((type) => takesObject({ type }))).toEqual(types.map(() => true))
    expect(['string', 'int', ['string', 'null']].map((type) => takesObject({ type }))).toEqual([false, false, false])
  })

  it('is secret where the schema says so, and repeatable where it is known to be', () => {
    expect([{ 'x-secret': true }, { writeOnly: true }, { format: 'password' }].map(isSecretSchema)).toEqual([
      true,
      true,
      true,
    ])
    expect([{ 'x-secret': 'yes' }, {}, undefined].map(isSecretSchema)).toEqual([false, false, false])
    const known = (more: object): boolean => isKnownIdempotent(capability('c', {}, more))
    expect([
      known({ effect: 'read' }),
      known({ effect: 'write' }),
      known({ effect: 'write', idempotent: true }),
    ]).toEqual([true, false, true])
    expect(known({ effect: 'read', idempotent: false })).toBe(false)
  })
})

describe('a place in a document', () => {
  it('is a pointer and a path', () => {
    expect(pointerOf(['a/b', 0, 'c~d'])).toBe('/a~1b/0/c~0d')
    expect(pathOf('/a~1b/0/c~0d')).toEqual(['a/b', '0', 'c~d'])
    expect([pointerOf([]), pathOf('')]).toEqual(['', []])
    expect(valueAt({ a: [{ b: 1 }] }, ['a', '0', 'b'])).toBe(1)
    for (const path of [['a', 1, 'b'], ['x', 'y'], ['constructor'], ['a', 0, 'b', 'c']])
      expect(valueAt({ a: [{ b: 1 }] }, path)).toBeUndefined()
  })

  it('comes with at most five alternatives, and with its step where there is one', () => {
    const issue = createIssue({ code: 'schema', path: ['a'], message: 'm', alternatives: [...'abcdef'] })
    expect(issue).toEqual({
      code: 'schema',
      severity: 'error',
      pointer: '/a',
      message: 'm',
      alternatives: [...'abcde'],
    })
  })

  it('comes with suggestions that are looked for among names that begin alike, and not after many faults', () => {
    const few = Array.from({ length: 1_000 }, (_, i) => `Name${i}`)
    expect(suggest('xame500', few)[0]).toBe('Name500')
    const many = [...few, 'x']
    expect(suggest('xame500', many)).toEqual(['x'].filter((name) => name.startsWith('xa')))
    expect(suggest('nAme500', many)[0]).toBe('Name500')
    expect(suggest('Name1', few, 50)[0]).toBe('Name1')
    expect(suggest('Name1', few, 51)).toEqual([])
  })
})
