import { connect, type Socket } from 'node:net'

/** What a connection tells the request that uses it. */
export type Exchange = {
  connected(): void
  data(bytes: Buffer): void
  drain(): void
  timeout(): void
  /** The last call. */
  closed(error: NodeJS.ErrnoException | undefined): void
}

/** One connection to a replica, used by one request at a time. */
export class Connection {
  readonly socket: Socket
  /** Whether a request went over it before. */
  reused = false
  exchange: Exchange | null = null
  idleUntilMs = 0
  #error: NodeJS.ErrnoException | undefined

  constructor(port: number, timeoutMs: number, onClose: (connection: Connection) => void) {
    this.socket = connect({ host: '127.0.0.1', port, noDelay: true })
    this.socket
      .setTimeout(timeoutMs)
      .on('connect', () => this.exchange?.connected())
      // A function that speaks unasked has lost count of its answers.
      .on('data', (bytes) => (this.exchange ? this.exchange.data(bytes) : this.socket.destroy()))
      .on('drain', () => this.exchange?.drain())
      .on('timeout', () => (this.exchange ? this.exchange.timeout() : this.socket.destroy()))
      .on('error', (error) => {
        this.#error = error
      })
      .on('close', () => {
        onClose(this)
        this.exchange?.closed(this.#error)
      })
  }
}

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

  take(exchange: Exchange): Connection {
    const nowMs = performance.now()
    let connection = this.#idle.pop()
    while (connection && (connection.socket.destroyed || connection.idleUntilMs < nowMs)) {
      connection.socket.destroy()
      connection = this.#idle.pop()
    }
    connection ??= new Connection(this.#port, this.#timeoutMs, (closed) => {
      this.#idle = this.#idle.filter((one) => one !== closed)
    })
    connection.exchange = exchange
    return connection
  }

  /** Gives a connection back after a whole request and its whole answer; `keepMs`: how long the function keeps it open. */
  give(connection: Connection, keepMs: number): void {
    connection.exchange = null
    if (keepMs === 0 || this.#idle.length >= MAX_IDLE) return void connection.socket.destroy()
    connection.reused = true
    connection.idleUntilMs = performance.now() + keepMs
    connection.socket.resume()
    this.#idle.push(connection)
  }

  close(): void {
    for (const { socket } of this.#idle) socket.destroy()
  }
}
