import { expect, test, vi } from 'vitest'
import { tickToBar } from '../../../functions/tick-to-bar/handler.ts'
import { wholeHistory } from '../../../functions/tick-to-bar/whole-history.ts'
import type { Bar } from '../../../shared/contract/bar.ts'
import { readLetter } from '../../../shared/contract/found-letter.ts'
import { type Redriven, toRedriven } from '../../../shared/contract/redrive.ts'
import { STREAMS } from '../../../shared/contract/streams.ts'
import { versionOf } from '../../../shared/domain/version.ts'
import type { WrittenBar } from '../../../shared/ports/bar-cache.ts'
import type { Outgoing } from '../../../shared/ports/publisher.ts'
import { bar } from '../../support/bar.ts'
import { memoryBarHistory } from '../../support/memory-bar-history.ts'
import { memoryBarStore } from '../../support/memory-bar-store.ts'
import { memoryPositionTable } from '../../support/memory-position-table.ts'
import { recordingPublisher } from '../../support/recording-publisher.ts'
import { type TickMessage, tickBatch } from '../../support/tick-batch.ts'

const T0 = 1_697_292_000_000
const settings = { graceMs: 2_000, horizonMs: 600_000, idleMs: 60_000, futureMs: 5_000, stream: STREAMS.MARKET_TICKS, liveIntervalMs: 0 }
const SUBJECT = 'ticks.binance.BTCUSDT'
const traceOf = (digit: string) => `00-${digit.repeat(32)}-${digit.repeat(16)}-01`

/** A trade of minute `minute`, second 0, in the message at `seq`. */
const message = (
  seq: number,
  { minute = 0, subject = SUBJECT, ...fields }: { minute?: number; subject?: string; [field: string]: unknown } = {},
): TickMessage => {
  const timestamp = T0 + minute * 60_000
  return {
    seq,
    subject,
    brokerMs: timestamp,
    text: JSON.stringify({ timestamp, price: 45_000, qty: 0.5, side: 'buy', trade_id: seq, ...fields }),
  }
}

function setUp() {
  const store = memoryBarStore(settings.stream.slots)
  const publisher = recordingPublisher()
  const shown: Bar[] = []
  const cache = { show: async (bars: readonly WrittenBar[]) => void shown.push(...bars.map(({ json }) => JSON.parse(json) as Bar)) }
  const history = memoryBarHistory()
  let instances = 0
  const start = () => {
    const app = tickToBar({ store, publisher, cache, history }, { ...settings, instance: `i${++instances}` })
    return {
      async post(body: Uint8Array, traceparent?: string): Promise<{ status: number; [field: string]: unknown }> {
        const res = await app.request('/', { method: 'POST', body, ...(traceparent && { headers: { traceparent } }) })
        return { status: res.status, ...((await res.json()) as Record<string, unknown>) }
      },
      metric: async (name: string) => new RegExp(`^${name}[^\n]* (\\S+)$`, 'm').exec(await (await app.request('/metrics')).text())?.[1],
    }
  }
  const bars = () =>
    publisher.sent.filter(({ subject }) => subject.startsWith('ohlcv.')).map(({ payload }) => JSON.parse(String(payload)) as Bar)
  const letters = () => publisher.sent.filter(({ subject }) => subject.startsWith('dlq.'))
  return { store, publisher, history, shown, start, bars, letters }
}

test('one tick of long ago becomes a bar of every interval once a quiet batch says that nothing more comes', async () => {
  const { start, bars } = setUp()
  const { post } = start()
  expect(await post(tickBatch([message(1)]))).toMatchObject({ status: 200, ok: true, applied: 1, repeat: false, rejected: 0 })
  await post(tickBatch([], { after: 1, nowMs: T0 + 59_999 + 2_000 }))
  expect(bars()).toEqual([])

  await post(tickBatch([], { after: 1, nowMs: T0 + 86_400_000 }))
  await vi.waitFor(() => expect(bars()).toHaveLength(5))
  expect(bars()[0]).toMatchObject({ interval: '1m', timestamp: T0, open: 45_000, close: 45_000, volume: 0.5, trades: 1, closed: true })
})

test('a closed bar carries an id made of its name and version', async () => {
  const { start, publisher } = setUp()
  await start().post(tickBatch([message(1), message(2, { minute: 2 })]))
  await vi.waitFor(() => expect(publisher.sent).toHaveLength(1))
  expect(publisher.sent[0]).toMatchObject({ subject: 'ohlcv.1m.BTCUSDT', msgId: `bar:binance:BTCUSDT:1m:${T0}:${versionOf(1, 1)}` })
})

test('a batch that comes again changes nothing, and says so', async () => {
  const { start } = setUp()
  const { post, metric } = start()
  const batch = tickBatch([message(1), message(2)])
  await post(batch)
  expect(await post(batch)).toMatchObject({ status: 200, applied: 0, repeat: true })
  expect(await metric('trades_total')).toBe('2')
})

test('a batch that starts elsewhere is refused with the positions to go on from', async () => {
  const { start } = setUp()
  const { post } = start()
  await post(tickBatch([message(1), message(2)]))
  const { status, code, positions } = await post(tickBatch([message(9)]))
  expect({ status, code }).toEqual({ status: 409, code: 'ERR_POSITION' })
  expect(positions).toMatchObject({ 0: { version: versionOf(1, 2), ns: '2' } })
  expect(Object.keys(positions as object)).toHaveLength(settings.stream.slots)
})

test('a message that came under the version of another one is no repeat: the stream was rewound, and whoever asks is told where it stood', async () => {
  const { start } = setUp()
  const [one, other] = [start(), start()]
  await one.post(tickBatch([message(1), message(2)]))
  const rewound = { status: 409, positions: { 0: { version: versionOf(1, 2), ns: '2' } } }
  expect(await other.post(tickBatch([message(1), message(2)], { lastNs: '9' }))).toMatchObject(rewound)
  expect(await one.post(tickBatch([], { after: 2, lastNs: '9', nowMs: T0 }))).toMatchObject(rewound)
})

test('without a position, only a batch from the recorded beginning is taken', async () => {
  const { start } = setUp()
  const { post } = start()
  const refused = await post(tickBatch([message(5)], { begin: false }))
  expect(refused).toMatchObject({ status: 409, positions: { 0: null } })
  expect(await post(tickBatch([message(5)], { begin: true }))).toMatchObject({ status: 200, applied: 1 })
})

test('what can never count goes to the dead letters with its code, and its neighbours go on', async () => {
  const { start, letters } = setUp()
  const { post, metric } = start()
  const batch = [
    message(1),
    { ...message(2), text: 'nonsense' },
    { ...message(3), text: `${message(3).text} ${message(3, { price: 0, trade_id: 33 }).text}` },
    message(4, { symbol: 'ETHUSDT' }),
    message(5, { timestamp: T0 + 5_001 }),
    message(6, { trade_id: 1, price: 45_001 }),
    message(7, { trade_id: 1 }),
    { ...message(8), text: message(8).text.replace('45000', 'NaN') },
    message(9, { qty: -1 }),
    message(10, { minute: 30 }),
    message(11, { minute: 20 }),
    message(12, { minute: 19 }),
  ]
  expect(await post(tickBatch(batch))).toMatchObject({ status: 200, applied: 12, rejected: 8 })
  expect(letters().map(({ msgId, headers }) => [msgId, headers?.['Dlq-Code']])).toEqual([
    [`tick-to-bar:${versionOf(1, 2)}`, 'BAD_TICK'],
    [`tick-to-bar:${versionOf(1, 3)}.1`, 'PRICE_NOT_POSITIVE'],
    [`tick-to-bar:${versionOf(1, 4)}`, 'SUBJECT_MISMATCH'],
    [`tick-to-bar:${versionOf(1, 5)}`, 'FUTURE_TS'],
    [`tick-to-bar:${versionOf(1, 6)}`, 'TRADE_MISMATCH'],
    [`tick-to-bar:${versionOf(1, 8)}`, 'NON_FINITE'],
    [`tick-to-bar:${versionOf(1, 9)}`, 'QTY_NEGATIVE'],
    [`tick-to-bar:${versionOf(1, 12)}`, 'LATE_TS'],
  ])
  expect(new TextDecoder().decode(letters()[0]!.payload as Uint8Array)).toBe('nonsense')
  expect(letters()[0]!.headers).toMatchObject({
    'Dlq-Stream': 'MARKET_TICKS',
    'Dlq-Seq': '2',
    'Dlq-Subject': SUBJECT,
    'Dlq-Time-Ms': `${T0}`,
  })
  expect(await metric('ticks_duplicate_total')).toBe('1')
  expect(await metric('trades_total')).toBe('4')
})

test('a refused tick that is redriven is a new message: it counts once, however often it comes; refused again, its letter tells how often', async () => {
  const { start, letters } = setUp()
  const { post, metric } = start()
  const early = message(1, { timestamp: T0 + 5_001 })
  await post(tickBatch([early]))
  expect(await metric('trades_total')).toBe('0')
  const redrive = (letter: Outgoing) => {
    const header = (name: string) => ({ ...letter.headers, 'Nats-Msg-Id': letter.msgId })[name] ?? ''
    const body = letter.payload as Uint8Array
    const found = readLetter({ sequence: 1, writtenMs: 0, subject: letter.subject, header, sizeBytes: body.length, body })
    const { subject, payload, headers } = toRedriven(found) as Redriven
    const block = ['NATS/1.0', ...headers.map(([name, value]) => `${name}: ${value}`), '', ''].join('\r\n')
    return { subject, text: new TextDecoder().decode(payload), block }
  }
  const { block, ...again } = redrive(letters()[0]!)
  expect(again).toEqual({ subject: SUBJECT, text: early.text })

  const later = (seq: number, brokerMs: number) => tickBatch([{ seq, ...again, brokerMs }], { headers: { 0: block } })
  await post(later(2, T0))
  const known = { 'Dlq-Code': 'FUTURE_TS', 'Dlq-Seq': '2' }
  expect(letters()[1]).toMatchObject({ msgId: `tick-to-bar:${versionOf(1, 2)}`, headers: known })
  expect(redrive(letters()[1]!).block).toContain('Dlq-Redriven: 2')
  await post(later(3, T0 + 1))
  await post(later(4, T0 + 2))
  expect([await metric('trades_total'), await metric('ticks_duplicate_total'), letters().length]).toEqual(['1', '1', 2])
})

test('nothing is committed while the dead letters cannot be published', async () => {
  const { start, publisher, store, letters } = setUp()
  const { post } = start()
  const batch = tickBatch([message(1), { ...message(2), text: 'nonsense' }])
  publisher.away(true)
  expect(await post(batch)).toMatchObject({ status: 503, code: 'ERR_UNAVAILABLE' })
  expect((await store.positions())[0]).toBeNull()
  publisher.away(false)
  expect(await post(batch)).toMatchObject({ status: 200, applied: 2, rejected: 1 })
  expect(letters()).toHaveLength(1)
})

test.each(['before', 'after'] as const)('a commit that fails %s it is done counts once when the batch comes again', async (when) => {
  const { start, store, bars } = setUp()
  const { post } = start()
  await post(tickBatch([message(1)]))
  store.fail(when)
  const batch = tickBatch([message(2), message(3, { minute: 2 })])
  expect(await post(batch)).toMatchObject({ status: 503 })
  expect(await post(batch)).toMatchObject({ status: 200, repeat: when === 'after' })
  await post(tickBatch([], { after: 3, nowMs: T0 + 86_400_000 }))
  await vi.waitFor(() => expect(bars().find(({ interval }) => interval === '1d')).toMatchObject({ trades: 3, volume: 1.5 }))
})

test('what a killed process had not published is published by the next, and deleted from the store', async () => {
  const { start, publisher, store, bars } = setUp()
  publisher.away(true)
  await start().post(tickBatch([message(1), message(2, { minute: 2 })]))
  expect(bars()).toEqual([])

  const next = start()
  publisher.away(false)
  await next.post(tickBatch([], { after: 2, nowMs: T0 + 120_000 }))
  await vi.waitFor(() => expect(bars().length).toBeGreaterThan(0))
  await next.post(tickBatch([], { after: 2, nowMs: T0 + 121_000 }))
  await vi.waitFor(async () => {
    await next.post(tickBatch([], { after: 2, nowMs: T0 + 122_000 }))
    expect((await store.load([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15])).every(({ outbox }) => outbox.size === 0)).toBe(true)
  })
})

test('a closed bar carries the trace of the call that closed it, whoever publishes it, and never tells of it', async () => {
  const run = async (closing: string, correcting: string) => {
    const { start, publisher, bars } = setUp()
    publisher.away(true)
    await start().post(tickBatch([message(1), message(2, { minute: 2 })]), closing)
    publisher.away(false)
    await start().post(tickBatch([message(3)], { after: 2 }), correcting)
    const traces = () => Object.fromEntries(publisher.sent.map(({ msgId, headers }) => [msgId!.split(':').at(-1), headers?.traceparent]))
    await vi.waitFor(() => expect(traces()).toEqual({ [versionOf(1, 1)]: closing, [versionOf(1, 3)]: correcting }))
    return new Set(bars().map((bar) => JSON.stringify(bar)))
  }
  expect(await run(traceOf('a'), traceOf('b'))).toEqual(await run(traceOf('c'), traceOf('d')))
})

test('bars that were stored before there were traces are published as they are', async () => {
  const { start, publisher, store, bars } = setUp()
  const old = bar({ timestamp: T0, version: versionOf(1, 1) })
  const position = { version: versionOf(1, 2), ns: '2' }
  const commit = (slot: number) => ({
    ...{ slot, after: versionOf(1, 0), begin: true, token: '', puts: [], deletes: [], published: [] },
    outbox: slot === 3 ? new TextEncoder().encode([old, old].map((one) => JSON.stringify(one)).join('\n')) : null,
  })
  await store.commit(position, 'old', [...Array(16).keys()].map(commit))
  await start().post(tickBatch([message(3)], { after: 2 }))
  await vi.waitFor(() => expect(bars()).toEqual([old, old]))
  expect(publisher.sent[0]).not.toHaveProperty('headers')
})

test('a dead letter belongs to the trace of its call, but for a message that names its own', async () => {
  const { start, letters } = setUp()
  const bad = [1, 2, 3].map((seq) => ({ ...message(seq), text: 'nonsense' }))
  const headers = { 1: `NATS/1.0\r\ntraceparent: ${traceOf('b')}\r\n\r\n`, 2: 'NATS/1.0\r\ntraceparent: nonsense\r\n\r\n' }
  await start().post(tickBatch(bad, { headers }), traceOf('a'))
  expect(letters().map(({ headers }) => headers?.traceparent)).toEqual(['a', 'b', 'a'].map(traceOf))
})

test('no more is taken in while too many bars wait to be published', async () => {
  const { start, publisher } = setUp()
  const { post } = start()
  publisher.away(true)
  const minutes = Array.from({ length: 1_200 }, (_, i) => message(i + 1, { minute: 2 * i }))
  expect(await post(tickBatch(minutes))).toMatchObject({ status: 200 })
  expect(await post(tickBatch([message(1_201, { minute: 2_400 })]))).toMatchObject({ status: 503, code: 'ERR_OUTBOX_FULL' })
  publisher.away(false)
  await vi.waitFor(async () => expect(await post(tickBatch([message(1_201, { minute: 2_400 })]))).toMatchObject({ status: 200 }))
})

test('a store that fell back is read again from where it says, to the same bars', async () => {
  const { start, store, bars } = setUp()
  const { post } = start()
  const ticks = Array.from({ length: 40 }, (_, i) => message(i + 1, { minute: Math.floor(i / 10) }))
  await post(tickBatch(ticks.slice(0, 10)))
  const old = store.snapshot()
  await post(tickBatch(ticks.slice(10, 30)))
  store.restore(old)

  const { status, positions } = await post(tickBatch(ticks.slice(30)))
  expect({ status, positions }).toMatchObject({ status: 409, positions: { 0: { version: versionOf(1, 10) } } })
  await post(tickBatch(ticks.slice(10, 25)))
  await post(tickBatch(ticks.slice(25)))
  await post(tickBatch([], { after: 40, nowMs: T0 + 86_400_000 }))
  await vi.waitFor(() => expect(bars().find(({ interval }) => interval === '1d')).toMatchObject({ trades: 40 }))
  const minutes = bars().filter(({ interval }) => interval === '1m')
  expect(minutes.every(({ trades }) => trades === 10)).toBe(true)
})

test('an emptied store is noticed by the next quiet batch, though nothing was to be written', async () => {
  const { start, store } = setUp()
  const { post } = start()
  const empty = store.snapshot()
  await post(tickBatch([message(1)]))
  expect(await post(tickBatch([], { after: 1, nowMs: T0 + 1_000 }))).toMatchObject({ status: 200 })
  store.restore(empty)
  expect(await post(tickBatch([], { after: 1, nowMs: T0 + 2_000 }))).toMatchObject({ status: 409, positions: { 0: null } })
  expect(await post(tickBatch([message(1)], { begin: true }))).toMatchObject({ status: 200, applied: 1 })
})

test('an emptied store behind messages that are gone is filled from rows: minutes stay whole, and none is handed on again', async () => {
  const { start, store, history, bars } = setUp()
  const ticks = Array.from({ length: 30 }, (_, i) => message(i + 1, { minute: Math.floor(i / 10) }))
  const empty = store.snapshot()
  const first = start()
  await first.post(tickBatch(ticks.slice(0, 25)))
  await vi.waitFor(() => expect(bars()).toHaveLength(1))
  history.stored.push(...bars())
  store.restore(empty)

  const { post } = start()
  expect(await post(tickBatch(ticks.slice(7, 12), { begin: true }))).toMatchObject({ status: 200, applied: 5 })
  // Another process goes on from what was stored.
  const { post: next } = start()
  await next(tickBatch(ticks.slice(12)))
  await next(tickBatch([], { after: 30, nowMs: T0 + 86_400_000 }))
  await vi.waitFor(() => expect(bars().find(({ interval }) => interval === '1d')).toMatchObject({ trades: 30 }))
  expect(bars().filter(({ interval }) => interval === '1m')).toMatchObject([{ trades: 10 }, { trades: 10 }, { trades: 10 }])
})

test('no bar is made of a minute whose first trades are gone without a row', async () => {
  const { start, history, bars } = setUp()
  const ticks = Array.from({ length: 60 }, (_, i) => message(i + 1, { minute: Math.floor(i / 10) }))
  history.stored.push(bar({ timestamp: T0, version: versionOf(1, 10), last_ms: T0 }))
  const { post } = start()
  await post(tickBatch(ticks.slice(15), { begin: true }))
  await post(tickBatch([], { after: 60, nowMs: T0 + 86_400_000 }))
  await vi.waitFor(() => expect(bars().length).toBeGreaterThanOrEqual(5))
  const names = bars().map(({ interval, timestamp }) => `${interval} ${(timestamp - T0) / 60_000}`)
  expect(names.sort()).toEqual(['1m 2', '1m 3', '1m 4', '1m 5', '5m 5'])
})

test('a slot that begins with the stream needs no history; one behind it waits for it', async () => {
  const { start, history } = setUp()
  history.away = true
  const { post } = start()
  expect(await post(tickBatch([message(5)], { begin: true }))).toMatchObject({ status: 503, code: 'ERR_UNAVAILABLE' })
  expect(await post(tickBatch([message(1)]))).toMatchObject({ status: 200, applied: 1 })
  expect(await post(tickBatch([message(2)]))).toMatchObject({ status: 200, applied: 1 })
})

test('two processes that take turns never lose or repeat a trade, though each remembers an older state', async () => {
  const { start, bars } = setUp()
  const processes = [start(), start()]
  const ticks = Array.from({ length: 60 }, (_, i) => message(i + 1, { trade_id: 1 + (i % 45) }))
  for (let i = 0; i < ticks.length; i += 3) {
    const { post } = processes[(i / 3) % 2]!
    expect(await post(tickBatch(ticks.slice(i, i + 3)))).toMatchObject({ status: 200, applied: 3 })
    await processes[(i / 3 + 1) % 2]!.post(tickBatch([], { after: i + 3, nowMs: T0 + 61_000 }))
  }
  await processes[0]!.post(tickBatch([], { after: 60, nowMs: T0 + 86_400_000 }))
  await vi.waitFor(() => expect(bars().find(({ interval }) => interval === '1d')).toMatchObject({ trades: 45 }))
})

test('batches of the same slots wait for each other', async () => {
  const { start } = setUp()
  const { post } = start()
  const answers = await Promise.all([post(tickBatch([message(1)])), post(tickBatch([message(2)])), post(tickBatch([message(3)]))])
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
})

test('forming bars are told and shown, closed ones shown as closed', async () => {
  const { start, publisher, shown } = setUp()
  const { post } = start()
  await post(tickBatch([message(1)]))
  await vi.waitFor(() => expect(publisher.told.map(({ subject }) => subject)).toContain('ohlcv.live.1d.BTCUSDT'))
  expect(shown.at(-1)).toMatchObject({ interval: '1d', closed: false })
  await post(tickBatch([], { after: 1, nowMs: T0 + 86_400_000 }))
  await vi.waitFor(() => expect(shown.at(-1)).toMatchObject({ interval: '1d', closed: true }))
})

test('a stream or slot it does not make bars of is refused', async () => {
  const { start } = setUp()
  const { post } = start()
  expect(await post(tickBatch([message(1)], { stream: 'BARS' }))).toMatchObject({ status: 400, code: 'ERR_BATCH' })
  expect(await post(tickBatch([message(1)], { slots: [[16, versionOf(1, 0), 1]] }))).toMatchObject({ status: 400, code: 'ERR_BATCH' })
})

const LAST = 7
const placeOf = (sequence: number) => ({ version: versionOf(1, sequence), ns: `${sequence}` })

/** Rows of bars up to message 7 of the stream of bars, by a writer that stands where it is told to. */
function setUpWriter() {
  const positions = memoryPositionTable()
  const history = wholeHistory(memoryBarHistory([bar({})]), { positions, stream: 'BARS', last: async () => LAST })
  const stand = async (slot: number, sequence: number) => {
    await positions.read('BARS')
    await positions.write('BARS', [slot], placeOf(sequence))
  }
  return { history, stand }
}

test('rows are told once the last bar handed on before is among them', async () => {
  const { history, stand } = setUpWriter()
  await stand(0, LAST)
  await stand(1, LAST - 1)
  const told = vi.fn()
  const traces = history.traces(0).then(told)
  await new Promise((resolve) => setImmediate(resolve))
  expect(told).not.toHaveBeenCalled()
  await stand(1, LAST)
  await traces
  expect(told).toHaveBeenCalledWith([expect.objectContaining({ symbol: bar({}).symbol })])
})

test('while bars wait to be written for long, nothing is told', async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] })
  try {
    const { history, stand } = setUpWriter()
    await stand(0, 3)
    const traces = history.traces(0)
    const outcome = expect(traces).rejects.toThrow('4 messages of BARS')
    await vi.advanceTimersByTimeAsync(10_000)
    await outcome
  } finally {
    vi.useRealTimers()
  }
})

test('where nothing ever wrote rows, nothing is waited for', async () => {
  expect(await setUpWriter().history.traces(0)).toHaveLength(1)
})
