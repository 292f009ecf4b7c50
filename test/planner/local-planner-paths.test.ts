import { describe, expect, it } from 'vitest'
import { tokenise } from '../../src/planner/local-planner/tokens.ts'
import { planLocally } from '../../src/planner/local-planner.ts'
import { component, offer } from './demo-world.ts'

const pathsIn = (text: string): string[] =>
  tokenise(text).flatMap(({ kind, text: own }) => (kind === 'path' ? [own] : []))

describe('paths of files in a request', () => {
  it.each([
    ['List the directory /srv/files/data', ['/srv/files/data']],
    ['Show ~/notes/today.md.', ['~/notes/today.md']],
    ['What is in ./data, and in ../b?', ['./data', '../b']],
    ['Read a.txt and data/2026-01-01.csv!', ['a.txt', 'data/2026-01-01.csv']],
    ['Compare "my file.txt" with other-file.tar.gz', ['other-file.tar.gz']],
  ])('are one value: %s', (text, paths) => {
    expect(pathsIn(text)).toEqual(paths)
  })

  it.each([
    'Is Node.js quicker and/or better than example.com?',
    'A car at 9.8 m/s^2, 60 km/h, 5 /day',
    'See https://example.com/a.txt or write to a@b.txt',
    'Half of 1/2, e.g. 3/4, U.S.A.',
  ])('are not seen where there are none: %s', (text) => {
    expect(pathsIn(text)).toEqual([])
  })

  it('fill an input that is called one, and nothing else', () => {
    const offered = offer([
      component('disk', {
        list_directory: { description: 'Lists a directory', effect: 'read', inputs: { path: { type: 'string' } } },
        get_weather: { description: 'The weather', effect: 'read', inputs: { city: { type: 'string' } } },
      }),
    ])
    const [step] = planLocally('List the directory /srv/files', offered).steps
    expect(step).toMatchObject({ action: 'list_directory', inputs: { path: '/srv/files' } })
    expect(planLocally('The weather of /srv/files', offered).steps).toEqual([])
  })
})
