// A registration in Redis.
/** As GoMind writes it. */
export function record(more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id: 'weather-tool-v2-1a2b3c4d',
    name: 'weather-tool-v2',
    type: 'tool',
    description: '',
    address: 'localhost',
    port: 8096,
    capabilities: [
      {
        name: 'get_current_weather',
        description: 'Gets current weather conditions',
        endpoint: '/api/capabilities/get_current_weather',
        input_types: ['json'],
        output_types: null,
        input_summary: {
          required: [
            { name: 'lat', type: 'number', example: '40.7128', description: 'Latitude coordinate (-90 to 90)' },
            { name: 'lon', type: 'float64', example: 'west' },
          ],
          optional: [
            { name: 'days', type: 'Int', example: '7' },
            { name: 'tags', type: '[]string', example: '["a"]' },
          ],
        },
      },
    ],
    metadata: { namespace: 'default' },
    health: 'healthy',
    last_seen: '0001-01-01T00:00:00Z',
    ...more,
  }
}
