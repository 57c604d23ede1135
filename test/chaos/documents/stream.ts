import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { STREAMS } from '../../../shared/contract/streams.ts'
import type { Letter } from './compare.ts'
import type { Message } from './fold.ts'

/** A message of the stream, and which of those that were published. */
type Stored = Message & { readonly number: number }

const ID = 'document-'
export const idOf = (number: number): string => `${ID}${number}`

type Raw = Message & { readonly header: (name: string) => string }

/** All documents that the stream holds. */
export async function messagesIn(connection: NatsConnection): Promise<Stored[]> {
  const all = await Array.fromAsync(held(connection, STREAMS.ALT_DATA.name))
  return all.map(({ header, ...message }) => ({ ...message, number: Number(header('Nats-Msg-Id').slice(ID.length)) }))
}

/** All dead letters. */
export async function lettersIn(connection: NatsConnection): Promise<Letter[]> {
  const all = await Array.fromAsync(held(connection, STREAMS.DLQ.name))
  return all.map(({ header, payload }) => ({
    functionName: header('Dlq-Function'),
    sequence: Number(header('Dlq-Seq')),
    code: header('Dlq-Code'),
    payload,
  }))
}

async function* held(connection: NatsConnection, stream: string): AsyncGenerator<Raw> {
  const { state } = await (await jetstreamManager(connection)).streams.info(stream)
  if (state.messages === 0) return
  const consumer = await jetstream(connection).consumers.get(stream)
  for await (const { subject, data, headers, info, timestampNanos } of await consumer.consume({ max_messages: 1000 })) {
    // That of `info` has lost its last digits.
    const timeMs = Number(timestampNanos / 1_000_000n)
    yield { sequence: info.streamSequence, timeMs, subject, payload: data, header: (name) => headers?.get(name) ?? '' }
    if (info.streamSequence >= state.last_seq) break
  }
}
