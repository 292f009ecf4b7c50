// The style tables of the OpenAPI specification (3.1.1, "Style Examples"), whose rules are those of RFC 6570.
import { describe, expect, it } from 'vitest'
import type { Style } from '../../src/connectors/openapi/operation.ts'
import { writeInHeader, writeInPath, writeInQuery } from '../../src/connectors/openapi/write-parameter.ts'

const STRING = 'blue'
const ARRAY = ['blue', 'black', 'brown']
const OBJECT = { R: 100, G: 200, B: 150 }

const written = (style: Style, explode: boolean, more: { allowReserved?: boolean; isJson?: boolean } = {}) => ({
  name: 'color',
  style,
  explode,
  allowReserved: false,
  isJson: false,
  ...more,
})

describe('styles in a path', () => {
  it.each([
    ['simple', false, 'blue', 'blue,black,brown', 'R,100,G,200,B,150'],
    ['simple', true, 'blue', 'blue,black,brown', 'R=100,G=200,B=150'],
    ['label', false, '.blue', '.blue,black,brown', '.R,100,G,200,B,150'],
    ['label', true, '.blue', '.blue.black.brown', '.R=100.G=200.B=150'],
    ['matrix', false, ';color=blue', ';color=blue,black,brown', ';color=R,100,G,200,B,150'],
    ['matrix', true, ';color=blue', ';color=blue;color=black;color=brown', ';R=100;G=200;B=150'],
  ] as const)('%s, explode %s', (style, explode, string, array, object) => {
    const parameter = written(style, explode)
    expect([STRING, ARRAY, OBJECT].map((value) => writeInPath(parameter, value))).toEqual([string, array, object])
  })

  it('encodes all that could end the part', () => {
    expect(writeInPath(written('simple', false), "a/b?c#d%e f;g,h'!")).toBe('a%2Fb%3Fc%23d%25e%20f%3Bg%2Ch%27%21')
  })
})

describe('styles in a query', () => {
  it.each([
    ['form', true, 'color=blue', 'color=blue&color=black&color=brown', 'R=100&G=200&B=150'],
    ['form', false, 'color=blue', 'color=blue,black,brown', 'color=R,100,G,200,B,150'],
    ['spaceDelimited', false, 'color=blue', 'color=blue%20black%20brown', 'color=R%20100%20G%20200%20B%20150'],
    ['pipeDelimited', false, 'color=blue', 'color=blue%7Cblack%7Cbrown', 'color=R%7C100%7CG%7C200%7CB%7C150'],
    [
      'deepObject',
      true,
      'color=blue',
      'color%5B0%5D=blue&color%5B1%5D=black&color%5B2%5D=brown',
      'color%5BR%5D=100&color%5BG%5D=200&color%5BB%5D=150',
    ],
  ] as const)('%s, explode %s', (style, explode, string, array, object) => {
    const parameter = written(style, explode)
    const texts = [STRING, ARRAY, OBJECT].map((value) => writeInQuery(parameter, value).join('&'))
    expect(texts).toEqual([string, array, object])
  })

  it('writes an empty text as nothing, and leaves out null and empty lists', () => {
    expect(writeInQuery(written('form', true), '')).toEqual(['color='])
    expect(writeInQuery(written('form', true), null)).toEqual([])
    expect(writeInQuery(written('form', false), [])).toEqual([])
    expect(writeInQuery(written('form', true), ['a', null])).toEqual(['color=a'])
    expect(writeInPath(written('matrix', false), '')).toBe(';color')
  })

  it('encodes separators within the items of a list, so that they stay one item', () => {
    expect(writeInQuery(written('form', false), ['a,b', 'c&d'])).toEqual(['color=a%2Cb,c%26d'])
    expect(writeInQuery(written('pipeDelimited', false), ['a|b'])).toEqual(['color=a%7Cb'])
  })

  it('nests deep objects, and writes JSON where the parameter has a content type', () => {
    expect(writeInQuery(written('deepObject', true), { created: { gt: 5 } })).toEqual(['color%5Bcreated%5D%5Bgt%5D=5'])
    expect(writeInQuery(written('form', true, { isJson: true }), { a: [1] })).toEqual(['color=%7B%22a%22%3A%5B1%5D%7D'])
  })

  it('leaves reserved characters alone where that is allowed, but those that end a value', () => {
    const parameter = written('form', true, { allowReserved: true })
    expect(writeInQuery(parameter, "/a:b?c=d'%20%zz")).toEqual(["color=/a:b?c=d'%20%25zz"])
    expect(writeInQuery(parameter, 'a&b#c+d[e]')).toEqual(['color=a%26b%23c%2Bd%5Be%5D'])
  })

  it('keeps every digit of large integers, and writes half a character as one that exists', () => {
    expect(writeInQuery(written('form', true), 9007199254740993n)).toEqual(['color=9007199254740993'])
    expect(writeInQuery(written('form', true), '\ud800')).toEqual(['color=%EF%BF%BD'])
  })
})

describe('headers', () => {
  it('are written simple, and nothing in them is encoded', () => {
    expect(writeInHeader(written('simple', false), ARRAY)).toBe('blue,black,brown')
    expect(writeInHeader(written('simple', false), OBJECT)).toBe('R,100,G,200,B,150')
    expect(writeInHeader(written('simple', true), OBJECT)).toBe('R=100,G=200,B=150')
    expect(writeInHeader(written('simple', false), 'a b%')).toBe('a b%')
  })
})
