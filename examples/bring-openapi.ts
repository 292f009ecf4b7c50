import { createServer } from 'node:http'
import { createOrchestrator } from 'tutti'

// A service as yours may be: it tells its operations in an OpenAPI document, and wants a key.
const document = {
  openapi: '3.1.0',
  info: { title: 'Shop', version: '1.4' },
  servers: [{ url: '/' }],
  components: { securitySchemes: { shopKey: { type: 'apiKey', in: 'header', name: 'x-shop-key' } } },
  security: [{ shopKey: [] }],
  paths: {
    '/orders/{id}': {
      get: {
        operationId: 'getOrder',
        summary: 'Reads one order',
        parameters: [{ name: 'id', in: 'path', required: true, schema: { type: 'string' } }],
        responses: { 200: { description: 'The order' } },
      },
    },
    '/scans': {
      post: {
        operationId: 'addScan',
        requestBody: { required: true, content: { 'application/x-scan': {} } },
        responses: { 201: { description: 'Kept' } },
      },
    },
  },
}
const shop = createServer(({ url, headers }, response) => {
  const isKnown = headers['x-shop-key'] === 'of-the-shop'
  const body = url === '/openapi.json' ? document : isKnown ? { id: '7', total: 120 } : { error: 'Who are you?' }
  response.writeHead(url === '/openapi.json' || isKnown ? 200 : 401, { 'content-type': 'application/json' })
  response.end(JSON.stringify(body))
})
await new Promise<void>((resolve) => void shop.listen(0, '127.0.0.1', resolve))
const address = shop.address()
const port = typeof address === 'object' && address !== null ? address.port : 0

const tutti = createOrchestrator({
  sources: {
    openapi: {
      shop: {
        url: `http://127.0.0.1:${port}/openapi.json`,
        auth: { shopKey: { type: 'key', value: 'of-the-shop' } },
      },
    },
  },
})
const { status, outputs } = await tutti.execute({
  steps: [{ name: 'order', component: 'shop', action: 'getOrder', inputs: { id: '7' } }],
  outputs: { total: '${steps.order.output.total}' },
})
console.log(status, outputs)
for (const { name, skipped } of tutti.catalog.sources()) console.log(name, skipped)
await tutti.close()
shop.close()
