import { beforeAll, describe, expect, it } from 'vitest'
import { compileSchema, loadSchemas } from '../../../src/plan/schema.ts'

beforeAll(loadSchemas)

describe('formats', () => {
  it.each([
    ['date', '2024-02-29'],
    ['date', '2024-01-01'],
    ['date', '2024-12-31'],
    ['date-time', '2024-02-29t10:00:60z'],
    ['time', '10:00:00 Z'],
    ['time', '10:00+01:00'],
    ['uri-reference', '../a?b#c'],
    ['uri', 'x:y'],
    ['uuid', 'urn:uuid:123e4567-e89b-12d3-a456-426614174000'],
    ['uuid', '123e4567e89b12d3a456426614174000'],
    ['date-time', '2024-02-29T10:00:00Z'],
    ['date-time', '2024-02-29 10:00'],
    ['date-time', '2024-02-29T10:00:00.123+0100'],
    ['time', '23:59'],
    ['email', 'a@localhost'],
    ['uri', 'https://example.org/a b'.replace(' ', '%20')],
    ['uri', 'urn:isbn:1'],
    ['uuid', '123E4567-E89B-12D3-A456-426614174000'],
    ['ipv4', '10.0.0.1'],
    ['int64', 'anything: an unknown format says nothing'],
  ])('%s takes %s', (format, text) => {
    expect(compileSchema({ type: 'string', format }).check(text)).toEqual([])
  })

  it.each([
    ['date', 'next Tuesday'],
    ['date', '2024-00-10'],
    ['date', '2024-01-00'],
    ['date', '2024-04-31'],
    ['date', '2024-01-011'],
    ['date-time', '2024-02-29x10:00'],
    ['date-time', '2024-02-30T10:00'],
    ['date-time', '2024-02-29T24:00'],
    ['time', '23:60'],
    ['time', '10:00+1'],
    ['email', 'a b@c'],
    ['email', 'a@b c'],
    ['email', '@b'],
    ['email', 'a@b@c'],
    ['uri', '1x:y'],
    ['uri', 'x:'],
    ['uri', 'x:y z'],
    ['uri-reference', 'a b'],
    ['uuid', '123e4567-e89b-12d3-a456-4266141740001'],
    ['uuid', 'x123e4567-e89b-12d3-a456-426614174000'],
    ['uuid', '123e4567-e89b-12d3-a456-42661417400g'],
    ['date', '2023-02-29'],
    ['date', '2023-13-01'],
    ['date-time', '2024-02-29'],
    ['time', '25:00'],
    ['email', 'Jane Doe'],
    ['uri', 'not a uri'],
    ['uri', '/relative'],
    ['uuid', '123'],
    ['ipv4', '300.0.0.1'],
  ])('%s refuses %s, which is wrong for everybody', (format, text) => {
    expect(compileSchema({ type: 'string', format }).check(text)).toMatchObject([{ keyword: 'format', value: text }])
  })
})
