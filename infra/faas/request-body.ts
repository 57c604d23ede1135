import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'

/** Up to here a body is written as text, one byte a character, with its head in front: Node writes one piece for less than two. */
export const MOST_TEXT_BYTES = 8 * 1024
/** The most that is kept of a body, for a connection on which it turns out to have been sent in vain. */
const MOST_KEPT_BYTES = 64 * 1024

/** A request's body on its way to a replica, streamed as fast as the replica takes it. A small one is kept until it is sure to have arrived. */
export class RequestBody {
  readonly exists: boolean
  readonly chunked: boolean
  readonly limitBytes: number
  readonly #request: IncomingMessage
  #sizeBytes = 0
  #kept: Buffer[] | null = []
  #isRead: boolean
  #unlisten = () => {}

  constructor(request: IncomingMessage, limitBytes: number) {
    const { 'transfer-encoding': coding, 'content-length': length } = request.headers
    this.chunked = coding !== undefined
    this.exists = this.chunked || Number(length) > 0
    this.limitBytes = limitBytes
    this.#request = request
    this.#isRead = !this.exists
    if (this.chunked || Number(length) > MOST_KEPT_BYTES) this.#kept = null
  }

  /** Whether all of it has been written to a replica. */
  get isSent(): boolean {
    return this.#isRead
  }

  /** Whether the caller has yet to send some of it, and nobody keeps it from doing so. */
  get isAwaited(): boolean {
    return !this.#isRead && !this.#request.isPaused()
  }

  /** Whether it can be sent from its beginning again. */
  get isKept(): boolean {
    return this.#kept !== null
  }

  /** Writes the head, then what is kept, then what comes. @param onTooLarge - told once the limit is passed; nothing more is written then. */
  sendTo(socket: Socket, head: string, onTooLarge: () => void): void {
    let ahead = head
    const writeHead = () => {
      if (ahead !== '' && !socket.destroyed) socket.write(ahead, 'latin1')
      ahead = ''
    }
    const write = (part: Buffer) => {
      if (ahead !== '' && !this.chunked && part.length <= MOST_TEXT_BYTES && !socket.destroyed) {
        const text = ahead + part.toString('latin1')
        ahead = ''
        return socket.write(text, 'latin1')
      }
      socket.cork()
      writeHead()
      if (this.chunked) socket.write(`${part.length.toString(16)}\r\n`, 'latin1')
      const more = socket.write(part)
      if (this.chunked) socket.write('\r\n', 'latin1')
      socket.uncork()
      return more
    }
    for (const part of this.#kept ?? []) write(part)
    if (this.#isRead) return
    const onData = (part: Buffer) => {
      this.#sizeBytes += part.length
      if (this.#sizeBytes > this.limitBytes) return onTooLarge()
      this.#kept?.push(part)
      if (!write(part)) this.#request.pause()
    }
    const onEnd = () => {
      this.#isRead = true
      writeHead()
      if (this.chunked && !socket.destroyed) socket.write(`0\r\n\r\n`, 'latin1')
    }
    this.#unlisten = () => this.#request.off('data', onData).off('end', onEnd)
    this.#request.on('data', onData).once('end', onEnd).resume()
    // What has come along with the head goes with it; a caller that sends its body only after the answer's head is not waited for.
    setImmediate(writeHead)
  }

  /** Takes more, after the replica was slower than the caller. */
  resume(): void {
    this.#request.resume()
  }

  /** Leaves the rest with the caller, to be sent to another replica. */
  hold(): void {
    this.#unlisten()
    this.#request.pause()
  }

  /** Reads the rest and drops it. A body left unread would hold up the connection's next request until keep-alive ends. */
  drop(): void {
    this.#unlisten()
    this.#kept = null
    this.#request.resume()
  }
}
