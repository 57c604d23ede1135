import * as z from 'zod'

/**
 * Asynchronous calls (`POST /async-function/NAME`) and their callbacks, as messages of the stream ASYNC: a first line that says what to do, then the
 * body's own bytes. A body larger than a message lies in parts in the stream ASYNC_BODIES, and the line names it.
 */

/** `async.call.{function}`: calls that wait to be made. */
export const asyncCallSubject = (functionName: string): string => `async.call.${functionName}`

/** `async.callback.{function}`: results that wait to be brought to whom the caller named. */
export const asyncCallbackSubject = (functionName: string): string => `async.callback.${functionName}`

/** `async-body.{id}.{part}`: one part of a body. */
export const bodyPartSubject = (id: string, part: number | '>'): string => `async-body.${id}.${part}`

/** A body in parts. */
const Parts = z.object({ id: z.string().regex(/^[\w-]+$/), count: z.int().min(1), sizeBytes: z.int().min(0) })
export type Parts = z.infer<typeof Parts>

/** Name, value, name, value, ... in their order. */
const Headers = z.array(z.string())

/** A call that waits. `path` is what the function sees, with its query. */
export const AsyncCall = z.object({
  kind: z.literal('call'),
  functionName: z.string(),
  callId: z.string(),
  method: z.literal('POST'),
  path: z.string().startsWith('/'),
  headers: Headers,
  callbackUrl: z.string().optional(),
  parts: Parts.optional(),
})
export type AsyncCall = z.infer<typeof AsyncCall>

/** A result that waits to be called back with. `status` is what the function answered, 503 where nobody could be asked. */
export const AsyncCallback = z.object({
  kind: z.literal('callback'),
  functionName: z.string(),
  callId: z.string(),
  callbackUrl: z.string(),
  status: z.int(),
  seconds: z.number(),
  headers: Headers,
  parts: Parts.optional(),
})
export type AsyncCallback = z.infer<typeof AsyncCallback>

const Job = z.discriminatedUnion('kind', [AsyncCall, AsyncCallback])
export type AsyncHead = z.infer<typeof Job>

/** What is to be done, and the body where it is not in parts. */
export type AsyncMessage<Head = AsyncHead> = { readonly head: Head; readonly body: Uint8Array }

const NEWLINE = 10

/** The bytes of a message before its body. */
export const asyncHead = (head: AsyncHead): Uint8Array => new TextEncoder().encode(`${JSON.stringify(head)}\n`)

/** Reads a message. @throws {SyntaxError | ZodError} when it is none of these. */
export function readAsync(payload: Uint8Array): AsyncMessage {
  const end = payload.indexOf(NEWLINE)
  if (end < 0) throw new SyntaxError('no line that says what to do')
  const head = Job.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload.subarray(0, end))))
  return { head, body: payload.subarray(end + 1) }
}

/** Reads a message that is to be of this kind. @returns why it is not. */
export function readAs<Kind extends AsyncHead['kind']>(
  kind: Kind,
  payload: Uint8Array,
): AsyncMessage<Extract<AsyncHead, { kind: Kind }>> | string {
  try {
    const { head, body } = readAsync(payload)
    return head.kind === kind ? { head: head as Extract<AsyncHead, { kind: Kind }>, body } : `a ${head.kind} in place of a ${kind}`
  } catch (error) {
    return `no asynchronous ${kind}: ${(error as Error).message}`
  }
}
