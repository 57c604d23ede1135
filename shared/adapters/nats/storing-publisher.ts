import { jetstream } from '@nats-io/jetstream'
import { headers } from '@nats-io/transport-node'
import type { Outgoing, StoringPublisher } from '../../ports/publisher.ts'
import { CodedError, RetryableError, TerminalError } from '../../runtime/errors.ts'
import type { Nats } from './connect.ts'

const ACK_TIMEOUT_MS = 5000

/** Publishes one message a time, and says where it lies. For many a second take `natsPublisher`. */
export const natsStoringPublisher = (nats: Nats): StoringPublisher => ({
  store: (message) =>
    nats.during(async (connection) => {
      const made = headersOf(message)
      const payload = typeof message.payload === 'string' ? new TextEncoder().encode(message.payload) : message.payload
      // The broker counts the head too, whose last part the client adds.
      const bytes = payload.length + made.toString().length + (message.msgId?.length ?? 0) + HEAD_BYTES
      const most = connection.info?.max_payload ?? Number.POSITIVE_INFINITY
      if (bytes > most) throw new TerminalError('TOO_LARGE', `as a message it is ${bytes} bytes, and the broker takes ${most}`)
      try {
        const id = message.msgId === undefined ? {} : { msgID: message.msgId }
        const ack = await jetstream(connection).publish(message.subject, payload, { headers: made, timeout: ACK_TIMEOUT_MS, ...id })
        return { sequence: ack.seq, isDuplicate: ack.duplicate }
      } catch (cause) {
        if (cause instanceof CodedError) throw cause
        const why = cause instanceof Error ? cause.message : String(cause)
        throw new RetryableError('ERR_UNAVAILABLE', `NATS did not acknowledge a message of ${message.subject}: ${why}`, cause)
      }
    }),
})

/** `NATS/1.0`, the name of the message id, ends of lines. */
const HEAD_BYTES = 64

function headersOf({ headers: given = {} }: Outgoing) {
  const made = headers()
  for (const [name, value] of Object.entries(given)) made.set(name, value)
  return made
}
