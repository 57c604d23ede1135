import { DeliverPolicy, jetstream } from '@nats-io/jetstream'
import { connect } from '@nats-io/transport-node'
import { Client } from '@opensearch-project/opensearch'
import documents from '../../../../infra/storage/opensearch/alt-docs.json' with { type: 'json' }

/**
 * What many people write first: a consumer whose messages go through the bulk helper of OpenSearch's client into an index with our fields. It promises nothing:
 * no position, so a crash loses or repeats documents; repeats are stored again; one bad document is only told of; there is no lake.
 * Arguments: NATS address, stream, sequence of the first message, number of messages, OpenSearch address. Prints one JSON line.
 */
const [nats = '', stream = '', first = '', count = '', node = ''] = process.argv.slice(2)
const INDEX = 'plain-documents'
// On a machine that has much to do, 5 MB take longer than the 30 s it would wait.
const client = new Client({ node, requestTimeout: 300_000 })
const { settings, mappings } = documents.template
if (!(await client.indices.exists({ index: INDEX })).body)
  await client.indices.create({ index: INDEX, body: { settings, mappings } as never })

const nc = await connect({ servers: nats })
const consumer = await jetstream(nc).consumers.get(stream, { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: Number(first) })
const messages = await consumer.consume({ max_messages: 1_000 })
let start = 0
async function* parsed() {
  let left = Number(count)
  for await (const message of messages) {
    start ||= performance.now()
    yield message.json<object>()
    if (--left === 0) return
  }
}
const { successful, failed } = await client.helpers.bulk({ datasource: parsed(), onDocument: () => ({ index: { _index: INDEX } }) })
if (successful !== Number(count)) throw new Error(`${successful} stored, ${failed} not, of ${count}`)
console.log(JSON.stringify({ rate: successful / ((performance.now() - start) / 1000) }))
await nc.close()
await client.close()
