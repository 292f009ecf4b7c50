import { describe, expect, it } from 'vitest'
import type { Scope, StepView } from '../../src/contracts/compiled.ts'
import type { JsonValue } from '../../src/contracts/json.ts'
import { findNearPath } from '../../src/executor/near-path.ts'
import { compileValue } from '../../src/plan/reference.ts'

const near = (output: JsonValue, path: string, more: Partial<StepView> = {}): string | undefined => {
  const view: StepView = {
    status: 'succeeded',
    success: true,
    error: { code: 'x', message: 'y' },
    output,
    response: output,
    ...more,
  }
  const scope = { inputs: {}, step: (name: string) => (name === 'a' ? view : undefined) } as unknown as Scope
  return findNearPath(compileValue(path), scope)?.found
}

describe('a path that is nearly right', () => {
  it.each<[string, JsonValue, string, string]>([
    ['in another case', { latitude: 1 }, '${steps.a.output.Latitude}', 'steps.a.output.latitude'],
    ['with other separators', { 'post-code': 1 }, '${steps.a.output.post_code}', 'steps.a.output["post-code"]'],
    [
      'in camelCase',
      { geo_data: { city_name: 1 } },
      '${steps.a.output.geoData.cityName}',
      'steps.a.output.geo_data.city_name',
    ],
    ['one wrapping down', { result: { x: 1 }, n: 2 }, '${steps.a.output.x}', 'steps.a.output.result.x'],
    ['in the only item of a list', [{ x: 1 }], '${steps.a.output.x}', 'steps.a.output[0].x'],
    ['one wrapping up', { x: 1 }, '${steps.a.output.result.x}', 'steps.a.output.x'],
    ['in the whole answer', { latitude: 1 }, '${steps.a.response.Latitude}', 'steps.a.response.latitude'],
    ['one wrapping down, below another', { p: { q: { x: 1 } } }, '${steps.a.output.p.x}', 'steps.a.output.p.q.x'],
    ['one wrapping up, below another', { p: { x: 1 } }, '${steps.a.output.P.q.x}', 'steps.a.output.p.x'],
    ['with a value that is null', { X: null }, '${steps.a.output.x}', 'steps.a.output.X'],
  ])('is found %s', (_, output, path, found) => {
    expect(near(output, path)).toBe(found)
  })

  it.each<[string, JsonValue, string]>([
    ['two keys are alike', { lat: 1, LAT: 2 }, '${steps.a.output.Lat}'],
    ['two places have it', { p: { x: 1 }, q: { x: 2 } }, '${steps.a.output.x}'],
    ['a list has several items', [{ x: 1 }, { x: 2 }], '${steps.a.output.x}'],
    ['it is two wrappings away', { p: { q: { x: 1 } } }, '${steps.a.output.x}'],
    ['it stands in text', { latitude: 1 }, 'at ${steps.a.output.Latitude}'],
    ['it is computed', { latitude: 1 }, '${steps.a.output["lat"]}'],
    ['the place in a list is not there', [1], '${steps.a.output[3]}'],
    ['the name is another word', { lat: 1 }, '${steps.a.output.latitude}'],
    ['only a prototype has it', {}, '${steps.a.output.Constructor}'],
    ['the output is text', 'latitude', '${steps.a.output.Latitude}'],
    ['neither place has it', { p: { y: 1 } }, '${steps.a.output.q.x}'],
    ['the way there is not there', { p: { x: 1 } }, '${steps.a.output.q.p.x}'],
    ['a level above has it, too', { p: { x: 1, q: { r: { x: 2 } } } }, '${steps.a.output.p.q.x}'],
    ['the whole output is meant', { latitude: 1 }, '${steps.a.output}'],
    ['it is the error of the step', { latitude: 1 }, '${steps.a.error.Code}'],
    ['an input of the run has the name of the step', { latitude: 1 }, '${inputs.a.output.Latitude}'],
    ['it is an input of the run', { latitude: 1 }, '${inputs.Latitude}'],
  ])('is not found where %s', (_, output, path) => {
    expect(near(output, path)).toBeUndefined()
  })

  it('is not sought in a step that failed', () => {
    expect(near({ x: 1 }, '${steps.a.output.X}', { status: 'failed', success: false })).toBeUndefined()
  })
})
