import { createOrchestrator, tool } from 'tutti'
import { z } from 'zod'

const quote = tool({
  name: 'stock_quote',
  description: 'Gets the price of a share',
  input: z.object({ symbol: z.string() }),
  effect: 'read',
  execute: async ({ symbol }) => ({ symbol, price: 468.285 }),
})
const convert = tool({
  name: 'convert_currency',
  description: 'Converts an amount of money',
  input: z.object({ from: z.string(), to: z.string(), amount: z.number().positive() }),
  effect: 'read',
  execute: async ({ amount }) => ({ result: amount * 1390 }),
})

const plan = `
inputs:
  shares: {type: integer, required: true}
steps:
  - name: quote
    component: stock_quote
    inputs: {symbol: TSLA}
  - name: convert
    component: convert_currency
    inputs: {from: USD, to: KRW, amount: "\${steps.quote.output.price * inputs.shares}"}
outputs:
  won: \${steps.convert.output.result}
`

const tutti = createOrchestrator({ tools: [quote, convert] })
const { status, outputs } = await tutti.execute(plan, { shares: 100 })
console.log(status, outputs)
await tutti.close()
