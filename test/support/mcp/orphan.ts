// A program with a server that does not go by itself. Nobody waits for signals; or, by its argument, one who ends in order (`once`),
// or one who does something only when nobody else listens, as libraries that clean up do (`alone`).
import { isJsonObject } from '../../../src/util/json.ts'
import { createWorld, rawServer } from './world.ts'

const [manner] = process.argv.slice(2)
const end = (word: string): void => {
  console.log(word)
  setTimeout(() => process.exit(7), 50)
}
if (manner === 'once') process.once('SIGTERM', () => end('in order'))
if (manner === 'alone') process.on('SIGTERM', () => process.listeners('SIGTERM').length === 1 && end('alone'))

const world = createWorld(rawServer('stubborn'))
await world.load()
const { body } = await world.call('pid')
console.log(`server ${isJsonObject(body) ? Number(body['own']) : ''}`)
setInterval(() => undefined, 1_000)
