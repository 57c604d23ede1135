import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import type { openWire } from '../../../../shared/adapters/nats/wire.ts'
import type { WireMessage } from '../../../../shared/adapters/nats/wire-parser.ts'
import { openPull } from '../../../../shared/adapters/nats/wire-pull.ts'

type Handlers = Parameters<typeof openWire>[2]

/** A connection that writes down what is sent over it; the test is the server. */
function wireOf() {
  let handlers!: Handlers
  const sent: string[] = []
  let isClosed = false
  const open: typeof openWire = async (_url, _name, given) => {
    handlers = given
    return {
      maxPayload: 1000,
      send: (command) => void sent.push(String(command)),
      flush: async () => void sent.push('PING'),
      close: () => {
        isClosed = true
      },
    }
  }
  return {
    open,
    /** What was sent since the last look. */
    sent: () => sent.splice(0),
    isClosed: () => isClosed,
    deliver(sid: number, count: number) {
      for (let i = 0; i < count; i++) handlers.message({ sid } as WireMessage)
      handlers.drained()
    },
    status(sid: number, block: string) {
      handlers.status(sid, block)
      handlers.drained()
    },
    lose: () => handlers.lost('the connection was closed'),
  }
}

function reader(wire: ReturnType<typeof wireOf>) {
  const seen = { messages: 0, lost: [] as string[], room: true }
  const pull = openPull(
    { url: 'nats://x', stream: 'S', consumer: Promise.resolve('c'), requestMessages: 3 },
    {
      message: () => void seen.messages++,
      drained: () => {},
      wantsMore: () => seen.room,
      lost: (reason) => void seen.lost.push(reason),
    },
    wire.open,
  )
  return { seen, pull }
}

/** By which of the two subscriptions requests were made. */
const requests = (sent: readonly string[]) =>
  sent.filter((text) => text.startsWith('PUB $JS.API.CONSUMER.MSG.NEXT.S.c ')).map((text) => Number(/\.(\d) \d+\r\n/.exec(text)![1]))

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

test('two requests are made at once; each is made again when it is used up, and not where there is no room', async () => {
  const wire = wireOf()
  const { seen, pull } = reader(wire)
  const { more } = await pull
  const first = wire.sent()
  expect(first[0]).toMatch(/^SUB (_INBOX\.\S+)\.1 1\r\nSUB \1\.2 2\r\n$/)
  expect(requests(first)).toEqual([1, 2])
  const [, body] = first[1]!.split('\r\n')
  expect(JSON.parse(body!)).toMatchObject({ batch: 3, max_bytes: 1000 + 64 * 1024 })
  wire.deliver(1, 2)
  expect(wire.sent()).toEqual([])
  wire.deliver(1, 1)
  expect(requests(wire.sent())).toEqual([1])
  seen.room = false
  wire.deliver(2, 3)
  expect(wire.sent()).toEqual([])
  seen.room = true
  more()
  expect(requests(wire.sent())).toEqual([2])
  expect(seen.messages).toBe(6)
})

test.each([
  ['its time is up', 'NATS/1.0 408 Request Timeout'],
  ['it was not filled', 'NATS/1.0 409 Message Size Exceeds MaxBytes\r\nNats-Pending-Messages: 2\r\n'],
])('a request that is over is made again: %s', async (_, block) => {
  const wire = wireOf()
  const { seen, pull } = reader(wire)
  await pull
  wire.sent()
  wire.deliver(2, 1)
  wire.status(2, block)
  expect(requests(wire.sent())).toEqual([2])
  expect(seen.lost).toEqual([])
})

test('a consumer that is deleted ends it, once, and nothing is handed over any more', async () => {
  const wire = wireOf()
  const { seen, pull } = reader(wire)
  await pull
  wire.status(1, 'NATS/1.0 409 Consumer Deleted\r\n')
  wire.lose()
  wire.deliver(1, 1)
  expect(seen).toMatchObject({ messages: 0, lost: ['NATS/1.0 409 Consumer Deleted'] })
  expect(wire.isClosed()).toBe(true)
})

test('a server that is silent is given up; heartbeats and messages are no silence, nor is a reader without room', async () => {
  const wire = wireOf()
  const { seen, pull } = reader(wire)
  await pull
  for (let i = 0; i < 5; i++) {
    vi.advanceTimersByTime(2000)
    if (i % 2 === 0) wire.status(1, 'NATS/1.0 100 Idle Heartbeat')
    else wire.deliver(1, 1)
  }
  expect(seen.lost).toEqual([])
  seen.room = false
  wire.status(1, 'NATS/1.0 408 Request Timeout')
  wire.status(2, 'NATS/1.0 408 Request Timeout')
  vi.advanceTimersByTime(60_000)
  expect(seen.lost).toEqual([])
  seen.room = true
  ;(await pull).more()
  vi.advanceTimersByTime(3500)
  expect(seen.lost).toEqual(['silent for 2500 ms'])
})

test('drained, it asks for nothing more, and what is on its way still comes', async () => {
  const wire = wireOf()
  const { seen, pull } = reader(wire)
  const { drain } = await pull
  wire.sent()
  const drained = drain()
  expect(wire.sent()).toEqual([expect.stringMatching(/^UNSUB \S+\.1\r\nUNSUB \S+\.2\r\n$|^UNSUB 1\r\nUNSUB 2\r\n$/), 'PING'])
  wire.deliver(1, 3)
  await drained
  expect([seen.messages, wire.sent()]).toEqual([3, []])
  vi.advanceTimersByTime(60_000)
  expect(seen.lost).toEqual([])
})

test('where the consumer cannot be made, the connection is not left open', async () => {
  const wire = wireOf()
  const consumer = Promise.reject(new Error('stream not found'))
  const handlers = { message() {}, drained() {}, wantsMore: () => true, lost() {} }
  await expect(openPull({ url: 'nats://x', stream: 'S', consumer, requestMessages: 3 }, handlers, wire.open)).rejects.toThrow(
    'stream not found',
  )
  expect(wire.isClosed()).toBe(true)
})
