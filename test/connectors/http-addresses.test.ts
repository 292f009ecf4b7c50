import { describe, expect, it } from 'vitest'
import { classifyAddress, isCallable } from '../../src/connectors/http/addresses.ts'

describe('classes of addresses', () => {
  it.each([
    ['8.8.8.8', 'public'],
    ['172.32.0.1', 'public'],
    ['2606:4700::1111', 'public'],
    ['64:ff9b::8.8.8.8', 'public'],
    ['127.0.0.1', 'private'],
    ['0.0.0.0', 'private'],
    ['10.1.2.3', 'private'],
    ['172.16.0.1', 'private'],
    ['172.31.255.255', 'private'],
    ['192.168.1.1', 'private'],
    ['100.64.0.1', 'private'],
    ['::1', 'private'],
    ['::', 'private'],
    ['fd12:3456::1', 'private'],
    ['::ffff:10.0.0.1', 'private'],
    ['2002:7f00:1::', 'private'],
    ['169.254.169.254', 'never'],
    ['100.100.100.200', 'never'],
    ['168.63.129.16', 'never'],
    ['224.0.0.1', 'never'],
    ['255.255.255.255', 'never'],
    ['fe80::1', 'never'],
    ['fe80::1%eth0', 'never'],
    ['fd00:ec2::254', 'never'],
    ['::ffff:169.254.169.254', 'never'],
    ['::ffff:a9fe:a9fe', 'never'],
    ['64:ff9b::a9fe:a9fe', 'never'],
    ['2002:a9fe:a9fe::1', 'never'],
    ['ff02::1', 'never'],
    ['not an address', 'never'],
  ])('%s is %s', (address, expected) => {
    expect(classifyAddress(address)).toBe(expected)
  })

  it('lets a private address through only where its host or range is allowed', () => {
    expect(isCallable('db.internal', '10.0.0.5', ['db.internal'])).toBe(true)
    expect(isCallable('DB.internal.', '10.0.0.5', ['db.internal'])).toBe(true)
    expect(isCallable('evil.example', '10.0.0.5', ['db.internal'])).toBe(false)
    expect(isCallable('evil.example', '10.0.0.5', ['10.0.0.0/24'])).toBe(true)
    expect(isCallable('evil.example', '10.0.1.5', ['10.0.0.0/24'])).toBe(false)
    expect(isCallable('evil.example', '169.254.169.254', true)).toBe(false)
    expect(isCallable('example.com', '93.184.216.34', false)).toBe(true)
  })
})
