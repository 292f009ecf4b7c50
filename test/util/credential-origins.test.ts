import { describe, expect, it } from 'vitest'
import type { Component, Trust } from '../../src/contracts/capability.ts'
import { policiesByName } from '../../src/util/component-policies.ts'
import { listWithheld, mayShowCredentials } from '../../src/util/credential-origins.ts'

const may = (trust: Trust, address: string | undefined, origins?: string[]): boolean =>
  mayShowCredentials({ trust }, { ...(address !== undefined && { address }) }, { origins })

describe('credentials may go', () => {
  it('where who declared the component says it runs, and where a registration alone says so nowhere', () => {
    expect(may('configured', 'https://pay.test')).toBe(true)
    expect(may('local', undefined)).toBe(true)
    expect(may('discovered', 'https://pay.test')).toBe(false)
  })

  it('to the very origins that are declared: scheme, host and port', () => {
    const origins = ['https://pay.test', 'http://10.0.0.7:8080/']
    expect(may('discovered', 'https://PAY.test:443', origins)).toBe(true)
    expect(may('discovered', 'http://10.0.0.7:8080', origins)).toBe(true)
    for (const other of ['http://pay.test', 'https://pay.test:8443', 'https://pay.test.evil', 'https://evil', '', 'x'])
      expect(may('configured', other, origins)).toBe(false)
    expect(may('configured', undefined, origins)).toBe(false)
    expect(may('discovered', 'nonsense', ['nonsense'])).toBe(false)
  })

  it('to none of the instances of some components, which can be listed', () => {
    const component = (name: string, trust: Trust, ...addresses: string[]): Component => ({
      name,
      kind: 'tool',
      source: 's',
      trust,
      capabilities: [],
      instances: addresses.map((address, i) => ({ id: String(i), address, health: 'healthy' })),
    })
    const token = { type: 'bearer', token: 'x' } as const
    const policyOf = policiesByName({
      pay: { credentials: token },
      bank: { credentials: { ...token, origins: ['http://b:1'] } },
    })
    const components = [
      component('PAY', 'discovered', 'http://a:1'),
      component('bank', 'discovered', 'http://a:1', 'http://b:1'),
      component('weather', 'discovered', 'http://c:1'),
    ]
    expect(listWithheld(components, policyOf)).toEqual(['PAY'])
    expect(listWithheld([component('pay', 'configured', 'http://a:1')], policyOf)).toEqual([])
    expect(listWithheld([component('pay', 'discovered')], policyOf)).toEqual([])
  })
})
