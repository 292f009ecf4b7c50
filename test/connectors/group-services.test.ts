import { describe, expect, it } from 'vitest'
import { groupServices } from '../../src/connectors/gomind/group-services.ts'
import { readService } from '../../src/connectors/gomind/read-service.ts'
import { record } from './gomind-record.ts'

async function capabilityOf(...said: Record<string, unknown>[]) {
  const services = said.map((own, i) => {
    const read = readService(
      JSON.stringify(record({ id: `copy-${i}`, port: 8_000 + i, capabilities: [{ name: 'pay', ...own }] })),
    )
    if ('problem' in read) throw new Error(read.problem)
    return read.service
  })
  const [component] = await groupServices(services, {
    source: 'redis',
    trust: 'discovered',
    describe: ({ capability }) => capability,
  })
  return component?.capabilities[0]
}

const honest = { effect: 'write', approval: 'always', idempotent: false, internal: true }

describe('registrations of one name that do not say the same', () => {
  it.each([
    ['before', [{ effect: 'read', approval: 'never', idempotent: true }, honest]],
    ['after', [honest, { effect: 'read', approval: 'never', idempotent: true }]],
    ['between', [{ effect: 'read' }, honest, {}]],
  ])('are as dangerous as the most dangerous of them, whoever stands %s', async (_place, said) => {
    expect(await capabilityOf(...said)).toMatchObject(honest)
  })

  it('are what all of them say', async () => {
    expect(await capabilityOf({ effect: 'read' }, { effect: 'read' })).toMatchObject({ effect: 'read' })
    expect(await capabilityOf({ effect: 'read' }, {})).toMatchObject({ effect: 'unknown' })
    expect(await capabilityOf({ idempotent: true }, {})).not.toHaveProperty('idempotent')
    expect(await capabilityOf({ approval: 'never' }, {})).not.toHaveProperty('approval')
  })
})
