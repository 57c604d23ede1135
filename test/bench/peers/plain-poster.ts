import { Agent, request } from 'node:http'
import { jetstream } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'

/**
 * What many people write first: one process that takes message by message and POSTs each. It acknowledges what was answered 200 and promises nothing more:
 * no retries with pauses, no dead letters, no order. Arguments: NATS address, stream, number of messages, the function's address, how many calls at once.
 * Prints messages a second.
 */
const [url = '', stream = '', count = '0', target = '', atOnce = '1'] = process.argv.slice(2)
const agent = new Agent({ keepAlive: true })

const post = (body: Uint8Array) =>
  new Promise<boolean>((resolve, reject) => {
    const sent = request(target, { method: 'POST', agent, headers: { 'content-length': body.length } }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode === 200))
    })
    sent.once('error', reject).end(body)
  })

const nc = await connect({ servers: url })
const consumer = await jetstream(nc).consumers.get(stream, 'plain')
const messages = await consumer.consume({ max_messages: 1000 })
let left = Number(count)
let start = 0
const worker = async (iterator: AsyncIterator<typeof messages extends AsyncIterable<infer M> ? M : never>) => {
  while (left > 0) {
    left--
    const { value } = await iterator.next()
    start ||= performance.now()
    if (await post(value.data)) value.ack()
  }
}
const iterator = messages[Symbol.asyncIterator]()
await Promise.all(Array.from({ length: Number(atOnce) }, () => worker(iterator)))
console.log(Number(count) / ((performance.now() - start) / 1000))
await nc.flush()
process.exit(0)
