import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { flushBatch } from '../../../functions/flush-batch/handler.ts'
import { parquet } from '../../../shared/adapters/parquet/parquet.ts'
import { s3ObjectStore } from '../../../shared/adapters/s3/object-store.ts'
import { STREAMS } from '../../../shared/contract/streams.ts'
import { keyOfPath } from '../../../shared/delta/path.ts'
import { Table } from '../../../shared/delta/table.ts'
import type { Position } from '../../../shared/domain/position.ts'
import { sequenceOf, versionOf } from '../../../shared/domain/version.ts'
import { TICK_COLUMNS, tickTable } from '../../../shared/lake/tick-table.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { pick, random } from '../../chaos/random.ts'
import { type FlushBatch, startFlushBatch } from '../../support/flush-batch-process.ts'
import { recordingPublisher } from '../../support/recording-publisher.ts'
import { s3Of } from '../../support/s3.ts'
import { type Fate, PASSED, type S3Proxy, type S3Request, startS3Proxy } from '../../support/s3-proxy.ts'
import { startServers, type TestServers } from '../../support/servers.ts'
import { type TickMessage, tickBatch } from '../../support/tick-batch.ts'

let servers: TestServers
let proxy: S3Proxy
let store: ObjectStore
let number = 0
let key = ''
const started: FlushBatch[] = []
beforeAll(async () => {
  servers = await startServers({ s3: true, nats: true })
  proxy = await startS3Proxy(servers.urls.S3_URL)
  store = s3ObjectStore(s3Of(servers))
})
afterAll(async () => {
  await proxy?.close()
  await servers?.stop()
})
beforeEach(() => {
  key = `tests/processes-${number++}`
  proxy.fate = () => PASSED
})
afterEach(async () => {
  for (const one of started.splice(0)) await one.end('SIGKILL')
  await proxy.comeBack()
})

/** A flush-batch process whose requests to the store go through the proxy; it commits each ten rows, and what is left at its end. */
async function start(): Promise<FlushBatch> {
  const { NATS_URL } = servers.urls
  const one = await startFlushBatch({ NATS_URL, S3_URL: proxy.url, LAKE_TICKS_TABLE: key, LAKE_FLUSH_MS: '3600000', LAKE_FLUSH_ROWS: '10' })
  started.push(one)
  return one
}

/** The same function in this process, with a store of its own. */
function startHere(through = store) {
  const app = flushBatch(
    { table: new Table(tickTable(key, 'dt', 'snappy'), through, parquet), deadLetters: recordingPublisher() },
    { stream: STREAMS.MARKET_TICKS, futureMs: 5000, flushMs: 3_600_000, flushRows: 10, flushBytes: 2 ** 30, patienceMs: 5000 },
  )
  return {
    rows: app.rows,
    async post(body: Uint8Array) {
      const answer = await app.request('/', { method: 'POST', body })
      return { status: answer.status }
    },
    async position() {
      const answer = await app.request('/positions?stream=MARKET_TICKS')
      return ((await answer.json()) as { positions?: Record<string, Position | null> }).positions?.[0] ?? null
    },
  }
}

const START_MS = Date.parse('2026-11-20T12:00:00Z')
const messages = (from: number, to: number): TickMessage[] =>
  seqs(from, to).map((seq) => {
    const tick = { timestamp: START_MS + seq, symbol: 'BTCUSDT', price: 100, qty: 1, side: 'buy', trade_id: seq }
    return { seq, subject: 'ticks.binance.BTCUSDT', text: JSON.stringify(tick), brokerMs: tick.timestamp + 5 }
  })
const seqs = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, i) => from + i)
const open = () => new Table(tickTable(key, 'dt', 'snappy'), store, parquet)

/** Sends what a function has not taken, as a trigger does: from where it says it stands, again when it cannot, elsewhere when it says so. */
async function deliver({ post, position }: Pick<ReturnType<typeof startHere>, 'post' | 'position'>, to: number, most = 10): Promise<void> {
  const step = async () => {
    const at = sequenceOf((await position())?.version ?? 0)
    if (at < to) await post(tickBatch(messages(at + 1, Math.min(to, at + most))))
    return at
  }
  await expect.poll(step, { timeout: 50_000, interval: 1 }).toBeGreaterThanOrEqual(to)
}

async function seqsIn(): Promise<number[]> {
  const found: number[] = []
  for (const { path } of (await open().snapshot()).files.values())
    for await (const { stream_seq } of parquet.groups((await store.get(keyOfPath(path, key)))!, TICK_COLUMNS))
      found.push(...Array.from(stream_seq!, Number))
  return found.sort((a, b) => a - b)
}
const version = async () => (await open().snapshot()).version
const dataFiles = async () =>
  (await Array.fromAsync(store.list(`${key}/`), (object) => object.key)).filter((name) => name.endsWith('.parquet')).length

/** Holds the first request of a kind; `release` says what becomes of it. */
function hold(which: (request: S3Request) => boolean): { readonly came: Promise<void>; release(fate: Fate): void } {
  const came = Promise.withResolvers<void>()
  const fate = Promise.withResolvers<Fate>()
  let isHeld = false
  proxy.fate = (request) => {
    if (isHeld || !which(request)) return PASSED
    isHeld = true
    came.resolve()
    return fate.promise
  }
  return { came: came.promise, release: fate.resolve }
}
const isCommit = ({ isPutIfAbsent }: S3Request) => isPutIfAbsent

test.each<[string, Fate]>([
  ['never arrives', { kind: 'reset' }],
  ['arrives when its successor has taken the same rows', PASSED],
])(
  'killed between Parquet and commit, which %s: each row is there once; vacuum takes what is in no commit, and nothing sooner',
  { timeout: 180_000 },
  async (_, fate) => {
    const first = await start()
    await deliver(first, 10)
    await expect.poll(version, { timeout: 30_000 }).toBe(0)
    const commit = hold(isCommit)
    await deliver(first, 20)
    await commit.came
    await first.end('SIGKILL')
    expect(await dataFiles()).toBe(2)
    // The commit is under way, as far as anyone knows.
    expect((await open().vacuum(Number.POSITIVE_INFINITY)).deleted).toBe(0)

    const second = startHere()
    expect(await second.position()).toMatchObject({ version: versionOf(1, 10) })
    await deliver(second, 15)
    commit.release(fate)
    if (fate.kind === 'passed') await expect.poll(version, { timeout: 30_000 }).toBe(1)
    // Where its rows were void, it says so, and goes on from where the table stands.
    await deliver(second, 45)
    await second.rows.close()
    const third = startHere()
    await deliver(third, 45)
    await third.rows.close()

    expect(await seqsIn()).toEqual(seqs(1, 45))
    const live = (await open().snapshot()).files.size
    expect(await dataFiles()).toBeGreaterThan(live)
    await open().vacuum(Number.POSITIVE_INFINITY, Date.now() + 8 * 86_400_000)
    expect(await dataFiles()).toBe(live)
    expect(await seqsIn()).toEqual(seqs(1, 45))
  },
)

test.each<[string, () => Promise<void>]>([
  ['is away', () => proxy.leave()],
  [
    'hangs',
    async () => {
      proxy.fate = () => ({ kind: 'done', answer: 'silent' })
    },
  ],
])(
  'SIGTERM while the store %s ends the process in good order and in time; its rows are read again',
  { timeout: 180_000 },
  async (_, fail) => {
    const first = await start()
    await deliver(first, 10)
    await expect.poll(version, { timeout: 30_000 }).toBe(0)
    await fail()
    // Ten are on their way to a commit; three wait for the next one, or are refused if the first commit is not known to be done.
    expect((await first.post(tickBatch(messages(11, 20)))).status).toBe(200)
    expect([200, 503]).toContain((await first.post(tickBatch(messages(21, 23)))).status)
    expect(await first.end('SIGTERM')).toBe(0)
    await proxy.leave()
    await proxy.comeBack()
    proxy.fate = () => PASSED

    const second = startHere()
    await deliver(second, 30)
    await second.rows.close()
    expect(await seqsIn()).toEqual(seqs(1, 30))
  },
)

test('stopped for a while before its commit: others go on, and what it commits when it wakes up is not theirs again', {
  timeout: 180_000,
}, async () => {
  const first = await start()
  await deliver(first, 10)
  await expect.poll(version, { timeout: 30_000 }).toBe(0)
  const file = hold(({ method, key: of }) => method === 'PUT' && of.endsWith('.parquet'))
  await deliver(first, 20)
  await file.came
  first.child.kill('SIGSTOP')
  const second = startHere()
  await deliver(second, 35)
  await second.rows.close()
  file.release(PASSED)
  first.child.kill('SIGCONT')
  await deliver(first, 50)
  expect(await first.end('SIGTERM')).toBe(0)
  const third = startHere()
  await deliver(third, 50)
  await third.rows.close()

  expect(await seqsIn()).toEqual(seqs(1, 50))
})

test('two that take the same messages, whatever the network and the store do to their requests: each row is there once', {
  timeout: 180_000,
}, async () => {
  const next = random(7)
  const fates: readonly Fate[] = [
    { kind: 'refused', status: 500 },
    { kind: 'refused', status: 503 },
    { kind: 'reset' },
    { kind: 'cut' },
    { kind: 'done', answer: 'reset' },
    { kind: 'done', answer: 504 },
    { kind: 'answer-cut', rest: 'reset' },
    { kind: 'passed', afterMs: 30 },
  ]
  proxy.fate = () => (next() < 0.3 ? pick(next, fates) : PASSED)
  const s3 = s3Of({ urls: { ...servers.urls, S3_URL: proxy.url } })
  const two = [startHere(s3ObjectStore(s3)), startHere(s3ObjectStore(s3))]
  const run = async (one: (typeof two)[number], most: number) => {
    // What it took is void when the other one was quicker: only the table says how far they are.
    for (let to = 20; to <= 100; to += 20) {
      await deliver(one, to, most)
      await one.rows.close()
    }
  }
  await Promise.all([run(two[0]!, 7), run(two[1]!, 5)])
  const last = startHere()
  await deliver(last, 100)
  await last.rows.close()
  await s3.close()

  expect(await seqsIn()).toEqual(seqs(1, 100))
  for (const [name, bytes] of proxy.created) if (name.startsWith(`${key}/`)) expect(await store.get(name)).toEqual(new Uint8Array(bytes))
})
