// Stands between a Redis and its clients, and at times answers in its place: bytes that mean nothing.
import { connect, createServer, type Socket } from 'node:net'

const GARBAGE = [
  '+OK\r\n-ERR what\r\n',
  '*3\r\n$-7\r\n',
  '\u0000\u0001\u0002{"not": "redis"}',
  '$99999999\r\nshort\r\n',
  ':1\r\n',
]

export interface LyingProxy {
  readonly url: string
  lie(isLying: boolean): void
  close(): Promise<void>
}

export async function startLyingProxy(port: number): Promise<LyingProxy> {
  let isLying = false
  let told = 0
  const open = new Set<Socket>()
  const keep = (socket: Socket): Socket => {
    open.add(socket)
    return socket.on('error', () => undefined).on('close', () => open.delete(socket))
  }
  const server = createServer((client) => {
    keep(client)
    const redis = keep(connect(port, '127.0.0.1'))
    client.on('data', (data) => {
      if (isLying) client.write(GARBAGE[told++ % GARBAGE.length] ?? '')
      else redis.write(data)
    })
    redis.on('data', (data) => void client.write(data))
    client.on('close', () => redis.destroy())
    redis.on('close', () => client.destroy())
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  return {
    url: `redis://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`,
    lie(now) {
      isLying = now
      // Whoever was lied to has lost count of what answers what.
      if (!now) for (const socket of open) socket.destroy()
    },
    close() {
      for (const socket of open) socket.destroy()
      return new Promise((resolve) => server.close(() => resolve()))
    },
  }
}
