import * as http from 'node:http'
import * as https from 'node:https'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'

type Send = {
  readonly to: http.RequestOptions & { readonly protocol: string }
  /** Name, value, name, value, ... but for Host and Content-Length. */
  readonly headers: readonly string[]
  readonly body: Iterable<Uint8Array> | AsyncIterable<Uint8Array>
  readonly sizeBytes: number
  readonly timeoutMs: number
}

/** What came back: the answer, whose body is still to be read, or why there was none. */
type Received = { readonly response: http.IncomingMessage } | { readonly reason: string }

/**
 * Sends one request, its body as it comes. No connection is used twice: one that was kept may just have been closed from the other side, and then it is not
 * known whether the call was made.
 * @param use - reads the answer; the deadline counts until it has.
 * @throws what `use` throws, and what reading the body to be sent does.
 */
export async function send<T>({ to, headers, body, sizeBytes, timeoutMs }: Send, use: (received: Received) => Promise<T>): Promise<T> {
  const host = `${to.hostname}${to.port ? `:${to.port}` : ''}`
  const all = ['Host', host, ...headers, 'Content-Length', String(sizeBytes)]
  const request = (to.protocol === 'https:' ? https : http).request({ ...to, method: 'POST', agent: false, headers: all })
  const deadline = setTimeout(() => request.destroy(new Error(`no answer within ${timeoutMs} ms`)), timeoutMs)
  const { promise, resolve } = Promise.withResolvers<Received>()
  request.once('response', (response) => resolve({ response }))
  request.once('error', (error: NodeJS.ErrnoException) => resolve({ reason: error.code ?? error.message }))
  let unread: unknown
  const source = Readable.from(body).once('error', (error) => {
    unread = error
  })
  // An answer may come before the body is sent, and a connection that breaks ends both: the answer says it.
  const sent = pipeline(source, request).catch(() => {})
  try {
    const received = await promise
    if ('reason' in received) {
      await sent
      if (unread !== undefined) throw unread
    }
    return await use(received)
  } finally {
    clearTimeout(deadline)
    request.destroy()
    source.destroy()
  }
}

const MOST_TEXT_BYTES = 1000

/** As much of a body as a person is told of it. */
class Beginning {
  readonly #chunks: Uint8Array[] = []
  #size = 0

  add(chunk: Uint8Array): void {
    if (this.isFull) return
    this.#chunks.push(chunk)
    this.#size += chunk.length
  }

  get isFull(): boolean {
    return this.#size >= MOST_TEXT_BYTES
  }

  get text(): string {
    return Buffer.concat(this.#chunks).subarray(0, MOST_TEXT_BYTES).toString()
  }
}

/** Passes a body on, and keeps its beginning as text: for a person. */
export function remembered(body: AsyncIterable<Uint8Array>): {
  readonly body: AsyncIterable<Uint8Array>
  readonly beginning: () => string
} {
  const beginning = new Beginning()
  async function* passed() {
    for await (const chunk of body) {
      beginning.add(chunk)
      yield chunk
    }
  }
  return { body: passed(), beginning: () => beginning.text }
}

/** The beginning of an answer as text: for a person. */
export async function beginningOf(response: http.IncomingMessage): Promise<string> {
  const beginning = new Beginning()
  try {
    for await (const chunk of response.iterator({ destroyOnReturn: false })) {
      beginning.add(chunk)
      if (beginning.isFull) break
    }
  } catch {
    // What has come is what there is to tell.
  }
  return beginning.text
}
