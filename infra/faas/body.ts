import type { IncomingMessage } from 'node:http'
import type * as z from 'zod'
import { Refusal } from './deployment.ts'

const MAX_BYTES = 1024 * 1024

/** Reads a request's JSON body as what it must be. @throws {Refusal} 400 or 413, in one line. */
export async function readBody<T>(request: IncomingMessage, schema: z.ZodType<T>, maxBytes = MAX_BYTES): Promise<T> {
  const parsed = schema.safeParse(await readJson(request, maxBytes))
  if (parsed.success) return parsed.data
  const { path, message } = parsed.error.issues[0]!
  throw new Refusal(400, `${path.join('.') || 'body'}: ${message}`)
}

/** @throws {Refusal} 400 or 413. */
export async function readJson(request: IncomingMessage, maxBytes = MAX_BYTES): Promise<unknown> {
  const chunks: Buffer[] = []
  let sizeBytes = 0
  for await (const chunk of request) {
    sizeBytes += chunk.length
    if (sizeBytes > maxBytes) throw new Refusal(413, `the body is larger than ${maxBytes} bytes`)
    chunks.push(chunk)
  }
  try {
    return JSON.parse(Buffer.concat(chunks).toString())
  } catch {
    throw new Refusal(400, 'the body is not JSON')
  }
}
