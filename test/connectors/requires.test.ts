// What a capability requires is read wherever capabilities are described, and goes out again where we describe ours.
import { expect, it } from 'vitest'
import { capability } from '../../src/component/capability.ts'
import { recordCapability } from '../../src/component/service-record.ts'
import { readComponentEntry } from '../../src/connectors/file/read-component-entry.ts'
import { readCapability } from '../../src/connectors/gomind/read-capability.ts'
import { tool } from '../../src/connectors/local/tool.ts'

const requires = ['locate', 'geo/permission']

it('is read from a registration; what is no name is left out', () => {
  const read = (value: unknown) =>
    readCapability({ name: 'now', description: '', requires: value as never })?.capability
  expect(read(requires)?.requires).toEqual(requires)
  expect(read([...requires, 7, '', null, '__proto__', 'a\nb'])?.requires).toEqual(requires)
  for (const nothing of [undefined, null, [], 'locate', { 0: 'locate' }])
    expect(read(nothing)).not.toHaveProperty('requires')
})

it('is read from a file, and must be names there', () => {
  const read = (value: unknown) =>
    readComponentEntry(
      { name: 'weather', address: 'http://h:1', capabilities: [{ name: 'now', description: 'd', requires: value }] },
      'file',
    )
  expect(read(requires)).toMatchObject({ component: { capabilities: [{ requires }] } })
  expect(read('locate')).toHaveProperty('problems')
})

it('is declared by a function and by a component, whose registration says it', () => {
  const input = { type: 'object' } as const
  const local = tool({ name: 'now', description: 'd', input, requires, execute: () => null })
  expect(local.capability.requires).toEqual(requires)
  const { description, endpoint } = capability({ name: 'now', description: 'd', input, requires, execute: () => null })
  const record = recordCapability(description, endpoint)
  expect(record.requires).toEqual(requires)
  expect(readCapability(JSON.parse(JSON.stringify(record)))?.capability.requires).toEqual(requires)
})
