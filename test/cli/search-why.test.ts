import { mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, it } from 'vitest'
import { tutti } from './process.ts'

const COMPONENTS = `
components:
  - name: weather
    address: http://127.0.0.1:64998
    capabilities:
      - {name: now, description: The weather at a place, effect: read, requires: [geo/locate]}
      - {name: wipe, description: Forgets the weather, effect: write}
  - name: geo
    address: http://127.0.0.1:64998
    capabilities: [{name: locate, description: Coordinates of a name, effect: read}]
`

it('tells why each capability is offered, whose helper it is, and what is held back', async () => {
  const cwd = await mkdtemp(join(tmpdir(), 'tutti-cli-why-'))
  await writeFile(join(cwd, 'components.yaml'), COMPONENTS)
  await writeFile(
    join(cwd, 'tutti.config.yaml'),
    'sources: {files: [components.yaml]}\ncapabilities: {effects: [read]}\n',
  )
  const { code, out } = await tutti(['catalog', 'search', 'weather', '--why'], { cwd })
  expect(code).toBe(0)
  expect(out).toMatch(/^\+ weather now {2}\S/m)
  expect(out).toMatch(/^\+ geo locate {2}helper of now: it requires it$/m)
  expect(out).toMatch(/^- weather\.wipe {2}its effect is write; capabilities\.effects allows read$/m)
  const json = await tutti(['catalog', 'search', 'weather', '--why', '--json'], { cwd })
  expect(JSON.parse(json.out)).toMatchObject({
    items: [{ action: 'now' }, { action: 'locate', why: 'helper of now: it requires it' }],
    hidden: [{ name: 'weather.wipe' }],
  })
})
