import { describe, expect, it } from 'vitest'
import type { JsonValue } from '../../../src/contracts/json.ts'
import {
  chooseValue,
  convert,
  fits,
  isTypeName,
  mayBeJsonObject,
  numberToText,
  type TypeName,
  textOf,
} from '../../../src/plan/schema/convert-value.ts'
import { findRepairs } from '../../../src/plan/schema/repairs.ts'

const TYPES: readonly TypeName[] = ['string', 'number', 'integer', 'boolean', 'object', 'array', 'null']

describe('the type of a value', () => {
  it.each<[JsonValue, TypeName[]]>([
    ['x', ['string']],
    [1, ['number', 'integer']],
    [1.5, ['number']],
    [true, ['boolean']],
    [{}, ['object']],
    [[], ['array']],
    [null, ['null']],
  ])('of %j is %j', (value, types) => {
    expect(TYPES.filter((type) => fits(type, value))).toEqual(types)
  })

  it('of a large integer is that of every integer', () => {
    expect(TYPES.filter((type) => fits(type, 2n ** 60n))).toEqual(['number', 'integer'])
  })

  it('has one of seven names', () => {
    expect([...TYPES, 'any', undefined].map(isTypeName)).toEqual([...TYPES.map(() => true), false, false])
  })
})

describe('a value brought to a type', () => {
  it.each<[TypeName, JsonValue, JsonValue]>([
    ['boolean', '1', true],
    ['boolean', '0', false],
    ['boolean', 'true', true],
    ['boolean', 'false', false],
    ['object', ' {"a": 1} ', { a: 1 }],
    ['array', '\n[1]', [1]],
    ['integer', ' 42 ', 42],
    ['integer', '1.0', 1],
    ['integer', '-1e3', -1000],
    ['number', '+1.50', 1.5],
    ['number', '1e-3', 0.001],
    ['string', 1e21, '1000000000000000000000'],
    ['string', false, 'false'],
  ])('%s: %j becomes %j', (type, given, wanted) => {
    expect(convert([type], given)).toEqual(wanted)
  })

  it.each(['12345678901234567890', '+12345678901234567890', '12345678901234567890.00'])(
    'keeps every digit of %s (B26)',
    (text) => {
      expect(convert(['integer'], text)).toBe(12345678901234567890n)
    },
  )

  it.each<[TypeName, JsonValue]>([
    ['boolean', 'yes'],
    ['boolean', 1],
    ['object', '[1]'],
    ['object', 'x {"a": 1}'],
    ['object', '{a: 1}'],
    ['object', 5],
    ['array', '{"a": 1}'],
    ['array', 'a[1]'],
    ['integer', '1.5'],
    ['integer', '1.50'],
    ['integer', '1e-1'],
    ['integer', true],
    ['number', '1e400'],
    ['number', '1.2.3'],
    ['number', '0x10'],
    ['number', ''],
    ['number', '9'.repeat(1_001)],
    ['null', 'null'],
    ['null', ''],
    ['string', null],
    ['string', [1]],
    ['string', NaN],
  ])('%s: %j stays as it is', (type, given) => {
    expect(convert([type], given)).toBe(given)
  })

  it('takes the first type that it can be brought to', () => {
    expect(convert(['integer', 'boolean'], '1')).toBe(1)
    expect(convert(['boolean', 'integer'], '1')).toBe(true)
    expect(convert(['integer', 'boolean'], 'true')).toBe(true)
  })
})

describe('the text of a value', () => {
  it.each<[number, string]>([
    [1e21, '1000000000000000000000'],
    [-1.25e22, '-12500000000000000000000'],
    [1e-7, '0.0000001'],
    [-1.25e-7, '-0.000000125'],
    [0.5, '0.5'],
    [5e-324, `0.${'0'.repeat(323)}5`],
  ])('of the number %d has no exponent', (value, text) => {
    expect(numberToText(value)).toBe(text)
  })

  it.each<[JsonValue, string | undefined]>([
    [{ code: 'EUR', symbol: '€' }, 'EUR'],
    [{ id: 5, a: 'x', b: 'y' }, '5'],
    [{ id: true, value: 'v', name: 'n' }, 'v'],
    [{ only: 'x', n: 1 }, 'x'],
    [{ a: 'x', b: 'y' }, undefined],
    [{ n: 1 }, undefined],
    [{}, undefined],
    [['x'], undefined],
    [null, undefined],
  ])('of %j is %j', (value, text) => {
    expect(textOf(value)).toBe(text)
  })

  it('of an object with a large integer has all its digits', () => {
    expect(textOf({ id: 2n ** 60n, a: 'x', b: 'y' })).toBe('1152921504606846976')
  })

  it('may be an object only between braces', () => {
    expect(['{}', ' {"a": 1}\n', '{', '}', 'x{}', '{}x', '[]'].map(mayBeJsonObject)).toEqual([
      true,
      true,
      false,
      false,
      false,
      false,
      false,
    ])
  })
})

describe('a legal value', () => {
  it.each<[JsonValue[], JsonValue, JsonValue]>([
    [['USD', 'EUR'], ' usd ', 'USD'],
    [[' usd'], 'USD', ' usd'],
    [['in_progress'], 'In - Progress', 'in_progress'],
    [['In-Progress', 'done'], ' in progress', 'In-Progress'],
    [[5, 6], '5', 5],
    [['5'], 5, '5'],
    [[true], 'TRUE', true],
    [['EUR'], { code: 'eur', n: 1 }, 'EUR'],
    [['new york', 'New-York'], 'NEW YORK', 'new york'],
  ])('of %j is what %j means', (values, given, wanted) => {
    expect(chooseValue(values, given)).toBe(wanted)
  })

  it.each<[JsonValue[], JsonValue]>([
    [['A', 'a '], 'a'],
    [['A_B', 'a-b'], 'a b'],
    [['USD'], 'US'],
    [['USD', []], 'EUR'],
    [[''], 'x'],
    [['x'], null],
    [['A', 'a'], 'a'],
  ])('of %j is not guessed for %j', (values, given) => {
    expect(chooseValue(values, given)).toBe(given)
  })
})

describe('what a coercion did beyond types', () => {
  it.each<[JsonValue, JsonValue, string[]]>([
    ['usd', 'USD', ['']],
    ['42 km', 42, ['']],
    ['5% ', 5, ['']],
    ['42', 42, []],
    ['true', true, []],
    ['{"a": "x"}', { a: 'x' }, []],
    [5, '5', []],
    ['x', 'x', []],
    [{ a: ['on', 'x'], b: { c: '1 h' } }, { a: ['On', 'x'], b: { c: 3600 } }, ['/a/0', '/b/c']],
    [['a'], { a: 'A' }, []],
    [{ a: 'a' }, ['A'], []],
    [{ a: 'a' }, null, []],
    [null, { a: 'a' }, []],
  ])('from %j to %j: %j', (from, to, pointers) => {
    expect(findRepairs(from, to).map(({ pointer }) => pointer)).toEqual(pointers)
  })

  it('holds for measures in large integers', () => {
    expect(findRepairs('1 PB', 2n ** 60n)).toEqual([{ pointer: '', from: '1 PB', to: 2n ** 60n }])
    expect(findRepairs('1', 2n ** 60n)).toEqual([])
  })
})
