import { type AsyncHead, asyncHead, type Parts } from '../../contract/async.ts'
import type { Bodies } from './bodies.ts'

/** Room in a message for its headers, and for those of the dead letter that it may become. */
const MARGIN_BYTES = 32 * 1024

/** Reads a body beside what is to be done with it: into the message where there is room, else into parts that the message names. */
export async function asyncPayload(
  bodies: Bodies,
  head: AsyncHead,
  body: AsyncIterable<Uint8Array>,
  mostBytes: number,
): Promise<{ readonly payload: Uint8Array; readonly parts?: Parts }> {
  const line = asyncHead(head)
  const inlineBytes = Math.max(0, (await bodies.messageBytes()) - MARGIN_BYTES - line.length)
  const kept = await bodies.keep(body, { inlineBytes, mostBytes })
  if ('body' in kept) return { payload: Buffer.concat([line, kept.body]) }
  return { payload: asyncHead({ ...head, parts: kept.parts }), parts: kept.parts }
}
