import type { ConsumerConfig } from '@nats-io/jetstream'
import { expect, test } from 'vitest'
import type { Nats } from '../../../../shared/adapters/nats/connect.ts'
import { natsDurable } from '../../../../shared/adapters/nats/durable.ts'

const SECOND = 1e9
const NOT_FOUND = { code: 404, err_code: 10014, description: 'consumer not found' }
const NO_STREAM = { code: 404, err_code: 10059, description: 'stream not found' }
const NAME_IN_USE = { code: 400, err_code: 10148, description: 'consumer already exists' }
const OF_WORK = { code: 400, err_code: 10101, description: 'consumer must be deliver all on workqueue stream' }

type Config = Partial<ConsumerConfig>
type Asked = { readonly what: string; readonly config?: Config; readonly seq?: number }

/** A server's API for the consumer `c` of stream `S`, as far as a durable consumer is asked for. */
function setUp(options: { exists?: Config; isOfWork?: boolean; isStreamGone?: boolean } = {}) {
  let config = options.exists
  const asked: Asked[] = []
  const answer = (what: string, body: { config?: Config; action?: string; seq?: number }): object => {
    asked.push({ what, ...(body.config && { config: body.config }), ...(body.seq && { seq: body.seq }) })
    if (options.isStreamGone) return { error: NO_STREAM }
    const info = () => ({
      name: 'c',
      config,
      ack_floor: { stream_seq: 7 },
      delivered: { stream_seq: 12 },
      num_pending: 3,
      num_ack_pending: 5,
    })
    if (what === 'CREATE' && body.action !== 'update') {
      if (options.isOfWork && body.config!.deliver_policy !== 'all') return { error: OF_WORK }
      if (config) return { error: NAME_IN_USE }
    }
    if (what === 'CREATE') {
      config = { ...config, ...body.config }
      return info()
    }
    if (!config) return { error: NOT_FOUND }
    if (what === 'DELETE') config = undefined
    return what === 'INFO' ? info() : { success: true }
  }
  const connection = {
    options: { inboxPrefix: '_INBOX' },
    features: { get: () => ({ ok: true }), require: () => {} },
    async request(subject: string, data?: Uint8Array | string) {
      const what = ['CREATE', 'INFO', 'DELETE', 'RESET'].find((one) => subject.includes(`.${one}.`))
      const text = typeof data === 'string' ? data : new TextDecoder().decode(data)
      return { data: new TextEncoder().encode(JSON.stringify(answer(what!, text ? JSON.parse(text) : {}))) }
    },
  }
  const nats = { during: <T>(work: (connection: never) => Promise<T>) => work(connection as never) } as unknown as Nats
  return { durable: natsDurable(nats, 'S', 'c'), asked, config: () => config }
}

const since = (sequence: number) => async () => sequence
const wanted = { subjects: ['a.>'], ackWaitMs: 30_000 }

test('it says where it stands, and nothing where it is not there', async () => {
  expect(await setUp({ exists: {} }).durable.state()).toEqual({ floor: 7, delivered: 12, pending: 3, unsettled: 5 })
  expect(await setUp().durable.state()).toBeUndefined()
  expect(await setUp({ isStreamGone: true }).durable.state()).toBeUndefined()
})

test('it is made to begin at a message, with no limit but those of the process that reads', async () => {
  const { durable, config } = setUp()
  await durable.create(0, wanted)
  expect(config()).toMatchObject({
    durable_name: 'c',
    deliver_policy: 'by_start_sequence',
    opt_start_seq: 1,
    ack_policy: 'explicit',
    ack_wait: 30 * SECOND,
    filter_subjects: ['a.>'],
    max_deliver: -1,
    max_ack_pending: -1,
  })
})

test('where another was first, that one stays', async () => {
  const { durable, config } = setUp({ exists: { ack_wait: SECOND } })
  await durable.create(5, wanted)
  expect(config()).toEqual({ ack_wait: SECOND })
})

test('of a stream that keeps messages until they are settled it begins at the first', async () => {
  const { durable, config } = setUp({ isOfWork: true })
  await durable.create(5, wanted)
  expect(config()).toMatchObject({ deliver_policy: 'all', durable_name: 'c' })
  expect(config()).not.toHaveProperty('opt_start_seq')
})

test('it is changed only where something else is wanted, and not made where it is gone', async () => {
  const same = setUp({ exists: { ack_wait: 30 * SECOND, filter_subject: 'a.>' } })
  expect(await same.durable.update(wanted, since(3))).toBe(true)
  expect(same.asked.map(({ what }) => what)).toEqual(['INFO'])
  const other = setUp({ exists: { ack_wait: SECOND, filter_subjects: ['a.>'] } })
  expect(await other.durable.update(wanted, since(3))).toBe(true)
  expect(other.config()).toMatchObject({ ack_wait: 30 * SECOND, filter_subjects: ['a.>'] })
  expect(other.asked.map(({ what }) => what)).not.toContain('RESET')
  const gone = setUp()
  expect(await gone.durable.update(wanted, since(3))).toBe(false)
  expect(gone.config()).toBeUndefined()
})

test.each([
  ['behind what is settled', 3, {}, 3],
  ['ahead of what is settled', 90, {}, 8],
  ['before its own beginning', 3, { opt_start_seq: 5 }, 5],
])('with other subjects it goes back for what it has passed over: %s', async (_, at, more, back) => {
  const { durable, asked, config } = setUp({ exists: { ack_wait: 30 * SECOND, filter_subjects: ['a.>', 'b.>'], ...more } })
  expect(await durable.update(wanted, since(at))).toBe(true)
  expect(config()).toMatchObject({ filter_subjects: ['a.>'] })
  const told = asked.map(({ what, seq }) => (seq === undefined ? what : `${what} ${seq}`))
  // The client asks for what there is before it changes it.
  expect(told.filter((what) => what !== 'INFO')).toEqual([`RESET ${back}`, 'CREATE', `RESET ${back}`])
})

test('it is removed, also where it, or its stream, is gone already', async () => {
  const there = setUp({ exists: {} })
  await there.durable.remove()
  expect(there.config()).toBeUndefined()
  await setUp().durable.remove()
  await setUp({ isStreamGone: true }).durable.remove()
})
