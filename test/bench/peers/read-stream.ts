import { DeliverPolicy, jetstream } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'

/** Reads `count` messages from the start of a stream with the client's own iterator, as its manual shows; one message may hold several lines. */
export async function* readStream(url: string, stream: string, count: number): AsyncGenerator<Uint8Array> {
  const nc = await connect({ servers: url })
  const consumer = await jetstream(nc).consumers.get(stream, { deliver_policy: DeliverPolicy.All })
  const messages = await consumer.consume({ max_messages: 10_000 })
  let left = count
  for await (const message of messages) {
    yield message.data
    if (--left === 0) break
  }
  await messages.close()
  await nc.close()
}
