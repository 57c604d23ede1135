import { connect, createServer } from 'node:net'

/** Whether a port of 127.0.0.1 can be listened on now. */
export const isFree = (port: number): Promise<boolean> =>
  new Promise((done) => {
    const server = createServer()
    server.once('error', () => done(false))
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => done(true)))
  })

/**
 * Free ports next to each other, below the range the system gives to outgoing connections: a client that keeps trying to reach
 * a killed server could otherwise be given the server's own port, and keep it from coming back.
 * @returns the first of `count` ports.
 */
export async function freePorts(count: number): Promise<number> {
  for (let attempt = 0; attempt < 1000; attempt++) {
    const first = 10_000 + Math.floor(Math.random() * 22_000)
    const free = await Promise.all(Array.from({ length: count }, (_, i) => isFree(first + i)))
    if (free.every(Boolean)) return first
  }
  throw new Error(`no ${count} free ports next to each other`)
}

/** Whether something takes connections at an address within five seconds. */
export const takesConnections = (host: string, port: number): Promise<boolean> =>
  new Promise((done) => {
    const socket = connect({ host, port, timeout: 5000 }, () => end(true))
    const end = (good: boolean) => {
      socket.destroy()
      done(good)
    }
    socket.once('error', () => end(false))
    socket.once('timeout', () => end(false))
  })
