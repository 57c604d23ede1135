import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export type Load = {
  readonly port: number
  readonly path: string
  readonly sizeBytes: number
  readonly connections: number
  readonly ms: number
}

/** What a stretch of load gave: how long each call took, in order of size, and calls a second. */
export type Stretch = { readonly latenciesMs: readonly number[]; readonly perSecond: number }

/**
 * POSTs a body again and again over some connections, each with one call at a time. Written on the bare socket: Node's client would take
 * more of the machine's two cores than what is measured.
 * @throws {Error} at any answer but 200.
 */
export async function load({ port, path, sizeBytes, connections, ms }: Load): Promise<Stretch> {
  const request = Buffer.concat([
    Buffer.from(`POST ${path} HTTP/1.1\r\nHost: bench\r\nContent-Type: application/octet-stream\r\nContent-Length: ${sizeBytes}\r\n\r\n`),
    Buffer.alloc(sizeBytes, 'x'),
  ])
  const latenciesMs: number[] = []
  const startedMs = performance.now()
  const caller = async () => {
    const socket = connect({ host: '127.0.0.1', port, noDelay: true })
    await once(socket, 'connect')
    const answers = answersOf(socket)
    while (performance.now() < startedMs + ms) {
      const sentMs = performance.now()
      socket.write(request)
      await answers.next()
      latenciesMs.push(performance.now() - sentMs)
    }
    socket.destroy()
  }
  await Promise.all(Array.from({ length: connections }, caller))
  const seconds = (performance.now() - startedMs) / 1000
  return { latenciesMs: latenciesMs.sort((a, b) => a - b), perSecond: latenciesMs.length / seconds }
}

/** The small answers that come over a connection, one after the other. */
function answersOf(socket: Socket): { next(): Promise<void> } {
  let text = ''
  let wake = (_error?: Error) => {}
  const look = () => {
    const end = text.indexOf('\r\n\r\n')
    if (end < 0) return
    const head = text.slice(0, end)
    const size = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? Number.NaN)
    if (!head.startsWith('HTTP/1.1 200') || Number.isNaN(size)) return wake(new Error(`not the answer that was expected: ${head}`))
    if (text.length < end + 4 + size) return
    text = text.slice(end + 4 + size)
    wake()
  }
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1')
    look()
  })
  socket.on('error', (error) => wake(error))
  socket.on('close', () => wake(new Error('the connection was closed')))
  return {
    next: () =>
      new Promise((resolve, reject) => {
        wake = (error) => (error ? reject(error) : resolve())
      }),
  }
}

/** The value below which the share `q` of sorted values lies. */
export const quantileOf = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? Number.NaN
