import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'

export type Recorded = {
  readonly method: string
  readonly url: string
  readonly headers: IncomingMessage['headers']
  readonly rawHeaders: readonly string[]
  readonly body: Buffer
}

type Reply = { readonly status?: number; readonly headers?: Record<string, string>; readonly body?: string | Uint8Array }

/** An HTTP server that keeps what it was asked, and answers as a test says; `break` breaks the connection off. */
export class RecordingServer {
  readonly requests: Recorded[] = []
  answer: (request: Recorded) => Reply | 'break' | Promise<Reply | 'break'> = () => ({})
  readonly #server: Server

  constructor() {
    this.#server = createServer((req, res) => {
      const chunks: Buffer[] = []
      req.on('data', (chunk) => chunks.push(chunk))
      req.once('end', async () => {
        const { method, url, headers, rawHeaders } = req
        const request = { method: method!, url: url!, headers, rawHeaders, body: Buffer.concat(chunks) }
        this.requests.push(request)
        const reply = await this.answer(request)
        if (reply === 'break') return req.socket.destroy()
        res.writeHead(reply.status ?? 200, reply.headers).end(reply.body)
      })
    })
  }

  /** @returns its address. */
  async listen(port = 0): Promise<string> {
    await new Promise<void>((done) => this.#server.listen(port, '127.0.0.1', done))
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  close(): Promise<void> {
    this.#server.closeAllConnections()
    return new Promise((done) => this.#server.close(() => done()))
  }
}
