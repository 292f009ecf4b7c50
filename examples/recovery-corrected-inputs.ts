import { createOrchestrator } from 'tutti'
import { createScriptedModel, fakeSource, reply } from 'tutti/testing'

const source = fakeSource({
  name: 'countries',
  capabilities: {
    capital: {
      run: ({ code }) => (code === 'FR' ? { capital: 'Paris' } : reply(404, { error: 'no country has this code' })),
    },
  },
})
const model = createScriptedModel({
  're-resolve': [{ should_retry: true, analysis: 'the code of France is FR', corrected_parameters: { code: 'FR' } }],
})

const tutti = createOrchestrator({ model, sources: [source] })
const { steps } = await tutti.execute({ steps: [{ name: 'find', component: 'countries', inputs: { code: 'France' } }] })
const [step] = steps
console.log(
  step?.output,
  step?.recoveries?.map(({ chosen }) => chosen),
)
console.log(step?.attempts.map(({ inputs }) => inputs))
await tutti.close()
