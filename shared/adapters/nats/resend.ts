import { JetStreamApiError, jetstream } from '@nats-io/jetstream'
import { errors, headers, type NatsConnection } from '@nats-io/transport-node'
import type { Redriven } from '../../contract/redrive.ts'

/** What became of one message: `known` when its stream had it already, under the same id. */
export type Sent =
  | { readonly kind: 'stored' | 'known' }
  | { readonly kind: 'refused'; readonly reason: string }
  | { readonly kind: 'unanswered'; readonly reason: string }

const ACK_TIMEOUT_MS = 5000

/** Publishes messages in their order, and says of each what its stream answered: unlike the publisher of a function, which needs all or nothing. */
export function natsResend(connection: NatsConnection): (messages: readonly Redriven[]) => Promise<Sent[]> {
  const stream = jetstream(connection, { timeout: ACK_TIMEOUT_MS })
  const send = async ({ subject, payload, msgId, headers: given }: Redriven): Promise<Sent> => {
    try {
      const own = headers()
      for (const [name, value] of given) own.append(name, value)
      const { duplicate } = await stream.publish(subject, payload, { headers: own, msgID: msgId })
      return { kind: duplicate ? 'known' : 'stored' }
    } catch (error) {
      return failure(subject, error)
    }
  }
  // Each is on its way when the next one is begun.
  return (messages) => Promise.all(messages.map(send))
}

function failure(subject: string, error: unknown): Sent {
  if (!(error instanceof Error)) throw error
  // The client's name for a publish that nobody answers to.
  if (error.name === 'JetStreamNotEnabled') return { kind: 'refused', reason: `no stream takes ${subject}` }
  const isRefusal =
    error instanceof JetStreamApiError || error instanceof errors.InvalidArgumentError || error instanceof errors.InvalidSubjectError
  return { kind: isRefusal ? 'refused' : 'unanswered', reason: error.message }
}
