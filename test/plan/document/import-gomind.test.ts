import { describe, expect, it } from 'vitest'
import { readDocument } from '../../../src/plan/document.ts'

const plan = (parameters: Record<string, unknown>, more: Record<string, unknown> = {}): Record<string, unknown> => ({
  plan_id: 'trip-001',
  original_request: 'weather in Tokyo',
  mode: 'autonomous',
  steps: [
    {
      step_id: 'step-1',
      agent_name: 'geocoding-tool',
      namespace: 'default',
      instruction: 'Geocode Tokyo',
      depends_on: [],
      metadata: { capability: 'geocode_location', parameters: { location: 'Tokyo, Japan' } },
    },
    {
      step_id: 'step-2',
      agent_name: 'weather-tool-v2',
      namespace: 'default',
      instruction: 'Current weather',
      depends_on: ['STEP-1'],
      metadata: { capability: 'get_current_weather', parameters },
      ...more,
    },
  ],
})

describe("a plan in GoMind's format", () => {
  it('becomes a document: names, components, actions, inputs, descriptions and the request (B21)', async () => {
    const { document, issues } = await readDocument(plan({ lat: '{{step-1.response.data.lat}}' }))
    expect(document).toEqual({
      description: 'weather in Tokyo',
      steps: [
        {
          name: 'step-1',
          type: 'call',
          description: 'Geocode Tokyo',
          component: 'geocoding-tool',
          action: 'geocode_location',
          inputs: { location: 'Tokyo, Japan' },
          dependsOn: [],
        },
        {
          name: 'step-2',
          type: 'call',
          description: 'Current weather',
          component: 'weather-tool-v2',
          action: 'get_current_weather',
          inputs: { lat: '${steps.step-1.output.data.lat}' },
          dependsOn: ['step-1'],
        },
      ],
    })
    expect(issues.map(({ severity, message }) => [severity, message])).toEqual([
      ['warning', '"plan_id", "mode" have no effect here.'],
    ])
  })

  it.each([
    ['{{step-1.response.data.country}}', '${steps.step-1.output.data.country}'],
    ['{{ step-1.response.x }}', '${steps.step-1.output.x}'],
    ['{{step-1.response.items[0].name}}', '${steps.step-1.output.items[0].name}'],
    ['{{step-1.response.items.0.name}}', '${steps.step-1.output.items[0].name}'],
    ['{{step-1.response.data["content-type"]}}', '${steps.step-1.output.data["content-type"]}'],
    ['{{step-1.response.content-type}}', '${steps.step-1.output["content-type"]}'],
    ['{{step-1.response}}', '${steps.step-1.response}'],
    ['{{step-1.response.success}}', '${steps.step-1.response.success}'],
    ['{{step-1.lat}}', '${steps.step-1.output.lat}'],
    ['{{Step-1.response.x}}', '${steps.step-1.output.x}'],
    [
      'lat {{step-1.response.lat}}, lon {{step-1.response.lon}}',
      'lat ${steps.step-1.output.lat}, lon ${steps.step-1.output.lon}',
    ],
    ['{step-1.response.x}', '${steps.step-1.output.x}'],
    ['{{other.x}} {x} {"a": 1}', '{{other.x}} {x} {"a": 1}'],
  ])('writes the reference %s as %s (B19, B20, B22)', async (given, wanted) => {
    const { document } = await readDocument(plan({ deep: { list: [given] } }))
    expect(document?.steps[1]?.inputs).toEqual({ deep: { list: [wanted] } })
  })

  it('warns of what it does not take over, and loses nothing in silence', async () => {
    const { document, issues } = await readDocument(plan({}, { expected_output: 'x', namespace: 'prod', retries: 3 }))
    expect(document?.steps).toHaveLength(2)
    expect(
      issues
        .filter(({ pointer }) => pointer.startsWith('/steps/1'))
        .map(({ severity, pointer }) => [severity, pointer]),
    ).toEqual([
      ['warning', '/steps/1/namespace'],
      ['warning', '/steps/1/retries'],
    ])
    expect(issues.find(({ pointer }) => pointer === '/steps/1/namespace')?.message).toContain('"expected_output"')
  })

  it('points into the plan as it was written', async () => {
    const text = JSON.stringify(
      { plan_id: 'x', steps: [{ step_id: 'a.b', agent_name: 't', metadata: { capability: 'c', parameters: {} } }] },
      null,
      1,
    )
    const { issues } = await readDocument(text)
    expect(issues.find(({ code }) => code === 'bad_name')).toMatchObject({
      pointer: '/steps/0/step_id',
      line: 5,
      column: 15,
    })
  })
})
