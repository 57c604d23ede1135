import type { IncomingMessage } from 'node:http'
import { RetryableError, TerminalError } from './errors.ts'
import type { FunctionContext } from './function.ts'

/** The largest body that a function of a stream takes. */
export const MOST_BATCH_BYTES = 32 * 1024 * 1024

const tooLarge = (limit: number) => new TerminalError('ERR_TOO_LARGE', `the body is larger than ${limit} bytes`)

/**
 * Reads a request's body, at most `limit` bytes of it. Takes the bytes from Node's request itself where there is one:
 * a web `Request` body costs up to three times the time .
 * @throws {TerminalError} ERR_TOO_LARGE, whether the length was announced or the bytes were counted.
 * @throws {RetryableError} ERR_UNAVAILABLE when the caller went away in the middle.
 */
export async function readBody(c: FunctionContext, limit: number): Promise<Uint8Array> {
  const announced = Number(c.req.header('content-length') ?? Number.NaN)
  if (announced > limit) throw tooLarge(limit)
  const incoming = c.env?.incoming
  if (incoming) return readIncoming(incoming, announced, limit)
  const body = new Uint8Array(await c.req.arrayBuffer())
  if (body.length > limit) throw tooLarge(limit)
  return body
}

function readIncoming(incoming: IncomingMessage, announced: number, limit: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    // Of a known length: one buffer, into which the pieces go as they come. Else they are joined at the end.
    const whole = announced >= 0 ? Buffer.allocUnsafeSlow(announced) : undefined
    const chunks: Buffer[] = []
    let size = 0
    incoming.on('data', (chunk: Buffer) => {
      if (whole) chunk.copy(whole, size)
      else chunks.push(chunk)
      size += chunk.length
      if (size <= limit) return
      incoming.removeAllListeners('data')
      incoming.resume()
      reject(tooLarge(limit))
    })
    incoming.on('end', () => resolve(whole ?? Buffer.concat(chunks, size)))
    incoming.on('error', (cause) => reject(new RetryableError('ERR_UNAVAILABLE', 'the caller went away', cause)))
    incoming.on('close', () => {
      if (!incoming.complete) reject(new RetryableError('ERR_UNAVAILABLE', `the caller went away after ${size} of ${announced} bytes`))
    })
  })
}

/** What a body means as a batch. @throws {TerminalError} ERR_BATCH when `parse` does not understand it. */
export function parsedBy<T>(parse: (body: Uint8Array) => T, body: Uint8Array): T {
  try {
    return parse(body)
  } catch (cause) {
    throw new TerminalError('ERR_BATCH', cause instanceof Error ? cause.message : String(cause), cause)
  }
}
