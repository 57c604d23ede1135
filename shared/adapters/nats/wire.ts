import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import * as z from 'zod'
import { RetryableError } from '../../runtime/errors.ts'
import { natsAddress } from './config.ts'
import { type WireMessage, WireParser } from './wire-parser.ts'

type WireHandlers = {
  message(message: WireMessage): void
  status(sid: number, block: string): void
  /** All that had come is read: the time to act on it. */
  drained(): void
  /** The connection is over; called once, never for `close`. */
  lost(reason: string): void
}

export type Wire = {
  /** The largest message the server takes. */
  readonly maxPayload: number
  send(command: string | Uint8Array): void
  /** Resolves when the server has read all that was sent, or the connection is over. */
  flush(): Promise<void>
  close(): void
}

const Info = z.object({ max_payload: z.int().default(1024 * 1024), tls_required: z.boolean().default(false) })

const CONNECT_TIMEOUT_MS = 2000
const FIRST_BUFFER_BYTES = 512 * 1024

/**
 * Opens a connection of its own to a NATS server, for reading many messages with little work: bytes are parsed where they arrive.
 * @throws {RetryableError} ERR_UNAVAILABLE when the server is away or refuses.
 */
export function openWire(url: string, name: string, handlers: WireHandlers): Promise<Wire> {
  const { host, port, tls, credentials } = natsAddress(url)
  const { promise, resolve, reject } = Promise.withResolvers<Wire>()
  let buffer = Buffer.allocUnsafeSlow(FIRST_BUFFER_BYTES)
  let filled = 0
  let maxPayload = 0
  let state: 'opening' | 'open' | 'over' = 'opening'
  // Without TLS, bytes land where they are parsed: a buffer for each chunk would be most of the garbage of this process.
  const onread = { buffer: () => buffer.subarray(filled), callback: (size: number) => take(size) }
  let socket: Socket = connectTcp({ host, port, noDelay: true, onread })

  /** Each waits for a PONG of its own. */
  const flushes: (() => void)[] = []
  const end = () => {
    state = 'over'
    clearTimeout(timer)
    socket.destroy()
    for (const flushed of flushes.splice(0)) flushed()
  }
  const over = (reason: string) => {
    if (state === 'over') return
    const before = state
    end()
    if (before === 'open') handlers.lost(reason)
    else reject(new RetryableError('ERR_UNAVAILABLE', `NATS: ${reason}`))
  }
  const timer = setTimeout(over, CONNECT_TIMEOUT_MS, `no greeting within ${CONNECT_TIMEOUT_MS} ms`)
  const wire: Wire = {
    get maxPayload() {
      return maxPayload
    },
    send: (command) => void socket.write(command),
    flush: () =>
      new Promise((resolve) => {
        if (state === 'over') return resolve()
        flushes.push(resolve)
        socket.write('PING\r\n')
      }),
    close: end,
  }

  const greet = (json: string) => {
    const info = Info.parse(JSON.parse(json))
    maxPayload = info.max_payload
    if (state === 'open') return
    const secure = tls || info.tls_required
    if (secure) {
      // A certificate for an address is checked against it, but an address is no server name (RFC 6066).
      listen(connectTls({ socket, host, ...(isIP(host) === 0 && { servername: host }) }))
      socket.on('data', takeChunk)
    }
    const options = { verbose: false, pedantic: false, headers: true, no_responders: true, protocol: 1, lang: 'node', version: '1', name }
    socket.write(`CONNECT ${JSON.stringify({ ...options, tls_required: secure, ...credentials })}\r\nPING\r\n`)
  }
  const parser = new WireParser({
    message: handlers.message,
    status: handlers.status,
    info: greet,
    ping: () => void socket.write('PONG\r\n'),
    pong() {
      if (state !== 'opening') return flushes.shift()?.()
      state = 'open'
      clearTimeout(timer)
      resolve(wire)
    },
    error: over,
  })
  const take = (size: number): boolean => {
    if (state === 'over') return false
    const end = filled + size
    const rest = parser.parse(buffer, end)
    buffer.copyWithin(0, rest, end)
    filled = end - rest
    if (filled === buffer.length) {
      const larger = Buffer.allocUnsafeSlow(2 * buffer.length)
      buffer.copy(larger)
      buffer = larger
    }
    handlers.drained()
    return true
  }
  const takeChunk = (chunk: Buffer) => {
    for (let at = 0; at < chunk.length; ) {
      const size = chunk.copy(buffer, filled, at)
      at += size
      take(size)
    }
  }
  const listen = (next: Socket) => {
    socket = next
    socket.on('error', (error) => over(error.message))
    socket.on('close', () => over('the connection was closed'))
  }
  listen(socket)
  return promise
}
