import assert from 'node:assert/strict'
import { createOrchestrator } from 'tutti'
import { createScriptedModel, fakeSource, reply } from 'tutti/testing'

const source = fakeSource({
  name: 'currency-tool',
  capabilities: {
    convert_currency: {
      input: { type: 'object', properties: { amount: { type: 'number' } }, required: ['amount'] },
      run: ({ amount }) =>
        Number(amount) > 0 ? { result: Number(amount) * 1390 } : reply(400, { error: 'amount must be greater than 0' }),
    },
  },
})
const model = createScriptedModel({
  plan: [{ steps: [{ name: 'convert', component: 'currency-tool', inputs: { amount: 0 } }] }],
  're-resolve': [{ should_retry: true, analysis: '100 shares', corrected_parameters: { amount: 46828.5 } }],
  synthesize: 'That is 65,091,615 won [convert].',
})

const tutti = createOrchestrator({ model, sources: [source] })
const { status, answer } = await tutti.processRequest('How much is 100 Tesla shares in won?')
await tutti.close()

assert.equal(status, 'succeeded')
assert.equal(answer, 'That is 65,091,615 won [convert].')
assert.deepEqual(
  source.calls.map(({ inputs }) => inputs.amount),
  [0, 46828.5],
)
model.assertDone()
console.log('as expected')
