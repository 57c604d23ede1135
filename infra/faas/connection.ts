import { connect, type Socket } from 'node:net'

/** What a connection tells the request that uses it. */
export type Exchange = {
  connected(): void
  data(bytes: Buffer): void
  drain(): void
  timeout(): void
  /** The last call. `unread`: the function had closed this connection, which was used before, and has not read what was sent over it. */
  closed(error: NodeJS.ErrnoException | undefined, unread: boolean): void
}

/** How sure it is that the function does not close an idle connection just now: by how long it said that it keeps one. `none`: only a new one will do. */
export const TRUST = { unknown: 0, short: 1, long: 2, none: 3 } as const
export type Trust = (typeof TRUST)[keyof typeof TRUST]

const LONG_MS = 60_000
const UNKNOWN_MS = 1_000

/**
 * How long an idle connection is used again, well before the function ends it, even where it is slow to look at what has come: half of a long
 * time, a quarter of a short one.
 */
function keepOf(keptMs: number | null): { trust: Trust; idleMs: number } {
  if (keptMs === null) return { trust: TRUST.unknown, idleMs: UNKNOWN_MS }
  return keptMs >= LONG_MS ? { trust: TRUST.long, idleMs: keptMs / 2 } : { trust: TRUST.short, idleMs: keptMs / 4 }
}

/** One connection to a replica, used by one request at a time. */
class Connection {
  readonly socket: Socket
  exchange: Exchange | null = null
  trust: Trust = TRUST.long
  idleUntilMs = 0
  /** Whether a request went over it before. */
  #reused = false
  #heard = false
  /** What had been written to it when the last request was over. */
  #writtenBytes = 0
  #error: NodeJS.ErrnoException | undefined

  constructor(port: number, timeoutMs: number, onClose: (connection: Connection) => void) {
    this.socket = connect({ host: '127.0.0.1', port, noDelay: true, allowHalfOpen: true })
    this.socket
      .setTimeout(timeoutMs)
      .on('connect', () => this.exchange?.connected())
      .on('data', (bytes) => {
        this.#heard = true
        // A function that speaks unasked has lost count of its answers.
        if (this.exchange) this.exchange.data(bytes)
        else this.socket.destroy()
      })
      .on('end', () => this.#ended())
      .on('drain', () => this.exchange?.drain())
      .on('timeout', () => (this.exchange ? this.exchange.timeout() : this.socket.destroy()))
      .on('error', (error) => {
        this.#error = error
      })
      .on('close', () => {
        onClose(this)
        const reset = this.#error?.code === 'ECONNRESET' || this.#error?.code === 'EPIPE'
        this.exchange?.closed(this.#error, this.#reused && !this.#heard && (reset || this.#isUnused))
      })
  }

  keep({ trust, idleMs }: { trust: Trust; idleMs: number }): void {
    this.trust = trust
    this.idleUntilMs = performance.now() + idleMs
    this.exchange = null
    this.#reused = true
    this.#heard = false
    this.#writtenBytes = this.socket.bytesWritten
    this.socket.resume()
  }

  /** Nothing of its request has been written yet. */
  get #isUnused(): boolean {
    return this.socket.bytesWritten === this.#writtenBytes
  }

  /**
   * The function's side is closed. If no byte has come back on a connection used before, the question is whether the request was read: bytes that
   * reach a closed socket, or lie unread in it, are answered with a reset, and on loopback that has arrived by now. So one more write fails;
   * after a request that was read it does not. (An empty line between requests is nothing to a server: RFC 9112, 2.2.)
   */
  #ended(): void {
    if (this.exchange && this.#reused && !this.#heard && !this.#isUnused)
      this.socket.write('\r\n', (error) => this.socket.destroy(error ?? undefined))
    else this.socket.destroy()
  }
}

export type { Connection }

const MAX_IDLE = 64

/** The connections to one replica; idle ones are used again, the last first, so that the others can end. */
export class Connections {
  readonly #port: number
  readonly #timeoutMs: number
  #idle: Connection[] = []

  /** @param timeoutMs - how long a connection may be silent, in a request or idle. */
  constructor(port: number, timeoutMs: number) {
    this.#port = port
    this.#timeoutMs = timeoutMs
  }

  /** @param least - a connection that is trusted less is not used again for this. */
  take(exchange: Exchange, least: Trust): Connection {
    const nowMs = performance.now()
    let connection = this.#idle.at(-1)
    while (connection && (connection.socket.destroyed || connection.idleUntilMs < nowMs)) {
      this.#idle.pop()
      connection.socket.destroy()
      connection = this.#idle.at(-1)
    }
    if (connection && connection.trust >= least) this.#idle.pop()
    else {
      connection = new Connection(this.#port, this.#timeoutMs, (closed) => {
        this.#idle = this.#idle.filter((one) => one !== closed)
      })
    }
    connection.exchange = exchange
    return connection
  }

  /** Gives a connection back after a whole request and its whole answer. @param keptMs - as {@link AnswerParser.keptMs} says. */
  give(connection: Connection, keptMs: number | null): void {
    connection.exchange = null
    if (keptMs === 0 || this.#idle.length >= MAX_IDLE) return void connection.socket.destroy()
    connection.keep(keepOf(keptMs))
    this.#idle.push(connection)
  }

  close(): void {
    for (const { socket } of this.#idle) socket.destroy()
  }
}
