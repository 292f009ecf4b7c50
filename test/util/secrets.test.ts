import { describe, expect, it } from 'vitest'
import { hideSecrets } from '../../src/util/secrets.ts'

describe('hiding secrets', () => {
  const secrets = new Map([
    ['token', 'abc'],
    ['longer', 'abcdef'],
  ])
  it('replaces a secret wherever it stands, the longest first', () => {
    expect(hideSecrets({ a: 'abcdef', b: ['x abc y'], abc: 1 }, secrets)).toEqual({
      a: '[secret longer]',
      b: ['x [secret token] y'],
      '[secret token]': 1,
    })
  })
  it('gives the very same value when there are no secrets', () => {
    const value = { a: 1 }
    expect(hideSecrets(value, new Map())).toBe(value)
  })
  it('hides a secret that is a number', () => {
    expect(hideSecrets({ pin: 4711 }, new Map([['pin', '4711']]))).toEqual({ pin: '[secret pin]' })
  })
  it('leaves text alone for an empty secret', () => {
    expect(hideSecrets('text', new Map([['empty', '']]))).toBe('text')
  })
  it('leaves its own marks whole when a secret is a word of them, and reads signs as they are', () => {
    const hidden = hideSecrets(
      'a.b and secret',
      new Map([
        ['one', 'a.b'],
        ['two', 'secret'],
      ]),
    )
    expect(hidden).toBe('[secret one] and [secret two]')
    expect(hideSecrets('a-b', new Map([['one', 'a.b']]))).toBe('a-b')
  })
  it('finds a secret of several lines in JSON text, where it is written differently', () => {
    const secret = 'BEGIN\n"key"\nEND'
    const hidden = hideSecrets({ body: JSON.stringify({ pem: secret }) }, new Map([['pem', secret]]))
    expect(hidden).toEqual({ body: '{"pem":"[secret pem]"}' })
  })
})
