import type { Content } from '../../../../triggers/acked/content.ts'
import type { Held } from '../../../../triggers/acked/step.ts'

type Given = {
  readonly payload?: string
  readonly subject?: string
  readonly headers?: readonly string[]
  readonly reply?: string
  readonly sequence?: number
  readonly ms?: number
  readonly key?: string
  readonly sends?: number
}

/** A message in hand, its parts side by side in one buffer as they came over the wire. */
export function held(given: Given = {}): Held<Content> {
  const { payload = 'x', subject = 's.a', headers, reply = '$JS.ACK.S.c.1.7.1.0.0', sequence = 7, ms = 1000, key, sends = 1 } = given
  const block = headers ? ['NATS/1.0', ...headers, '', ''].join('\r\n') : ''
  const bytes = Buffer.from(`${reply}${block}${payload}`)
  const replyEnd = Buffer.byteLength(reply)
  const payloadStart = replyEnd + Buffer.byteLength(block)
  const content = { subject, bytes, replyStart: 0, replyEnd, headerStart: replyEnd, payloadStart, payloadEnd: bytes.length }
  return { sequence, ms, key, sends, content }
}
