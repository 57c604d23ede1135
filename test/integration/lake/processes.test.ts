import { afterAll, beforeAll, expect, type TestContext, test } from 'vitest'
import { flushBatch } from '../../../functions/flush-batch/handler.ts'
import { parquet } from '../../../shared/adapters/parquet/parquet.ts'
import { s3ObjectStore } from '../../../shared/adapters/s3/object-store.ts'
import { STREAMS } from '../../../shared/contract/streams.ts'
import { Table } from '../../../shared/delta/table.ts'
import type { Position } from '../../../shared/domain/position.ts'
import { sequenceOf, versionOf } from '../../../shared/domain/version.ts'
import { tickTable } from '../../../shared/lake/tick-table.ts'
import { random } from '../../chaos/random.ts'
import { type FlushBatch, startFlushBatch } from '../../support/flush-batch-process.ts'
import { until } from '../../support/progress.ts'
import { recordingPublisher } from '../../support/recording-publisher.ts'
import { s3Of, startS3, type TestS3 } from '../../support/s3.ts'
import { ailing, type Fate, PASSED, type S3Proxy, type S3Request, startS3Proxy } from '../../support/s3-proxy.ts'
import { seqs, seqsIn } from '../../support/seqs-in.ts'
import { plainTrades, tickBatch } from '../../support/tick-batch.ts'

let s3: TestS3
let number = 0
beforeAll(async () => {
  s3 = await startS3({ nats: true })
})
afterAll(() => s3?.stop())

/** What a test has of its own: a table, and a proxy before the store. The tests mostly wait, each for something else, and so run side by side. */
type World = {
  readonly key: string
  readonly proxy: S3Proxy
  /** A flush-batch process whose requests to the store go through the proxy; it commits each ten rows, and what is left at its end. */
  start(): Promise<FlushBatch>
}

async function begin({ onTestFinished }: TestContext): Promise<World> {
  const key = `tests/processes-${number++}`
  const proxy = await startS3Proxy(s3.url)
  const started: FlushBatch[] = []
  onTestFinished(async () => {
    for (const one of started) await one.end('SIGKILL')
    await proxy.close()
  })
  const env = { NATS_URL: s3.urls.NATS_URL, S3_URL: proxy.url, LAKE_TICKS_TABLE: key, LAKE_FLUSH_MS: '3600000', LAKE_FLUSH_ROWS: '10' }
  const start = async () => {
    const one = await startFlushBatch(env)
    started.push(one)
    return one
  }
  return { key, proxy, start }
}

/** The same function in this process, with a store of its own. */
function startHere(key: string, store = s3.store) {
  const app = flushBatch(
    { table: new Table(tickTable(key, 'dt', 'snappy'), store, parquet), deadLetters: recordingPublisher() },
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

const open = (key: string) => new Table(tickTable(key, 'dt', 'snappy'), s3.store, parquet)

/** Sends what a function has not taken, as a trigger does: from where it says it stands, again when it cannot, elsewhere when it says so. */
async function deliver({ post, position }: Pick<ReturnType<typeof startHere>, 'post' | 'position'>, to: number, most = 10): Promise<void> {
  const step = async () => {
    const at = sequenceOf((await position())?.version ?? 0)
    if (at < to) await post(tickBatch(plainTrades(at + 1, Math.min(to, at + most))))
    return at
  }
  await until(`it stands at ${to}`, async () => (await step()) >= to, 50_000, 1)
}

const commits = (key: string, newest: number) =>
  until(`version ${newest} is there`, async () => (await open(key).snapshot()).version === newest, 30_000)
const dataFiles = async (key: string) =>
  (await Array.fromAsync(s3.store.list(`${key}/`), (object) => object.key)).filter((name) => name.endsWith('.parquet')).length

/** Holds the first request of a kind; `release` says what becomes of it. */
function hold(proxy: S3Proxy, which: (request: S3Request) => boolean): { readonly came: Promise<void>; release(fate: Fate): void } {
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

test.concurrent.for<[string, Fate]>([
  ['never arrives', { kind: 'reset' }],
  ['arrives when its successor has taken the same rows', PASSED],
])(
  'killed between Parquet and commit, which %s: each row is there once; vacuum takes what is in no commit, and nothing sooner',
  { timeout: 180_000 },
  async ([, fate], context) => {
    const { key, proxy, start } = await begin(context)
    const first = await start()
    await deliver(first, 10)
    await commits(key, 0)
    const commit = hold(proxy, isCommit)
    await deliver(first, 20)
    await commit.came
    await first.end('SIGKILL')
    expect(await dataFiles(key)).toBe(2)
    // The commit is under way, as far as anyone knows.
    expect((await open(key).vacuum(Number.POSITIVE_INFINITY)).deleted).toBe(0)

    const second = startHere(key)
    expect(await second.position()).toMatchObject({ version: versionOf(1, 10) })
    await deliver(second, 15)
    commit.release(fate)
    if (fate.kind === 'passed') await commits(key, 1)
    // Where its rows were void, it says so, and goes on from where the table stands.
    await deliver(second, 45)
    await second.rows.close()
    const third = startHere(key)
    await deliver(third, 45)
    await third.rows.close()

    expect(await seqsIn(s3.store, key)).toEqual(seqs(1, 45))
    const live = (await open(key).snapshot()).files.size
    expect(await dataFiles(key)).toBeGreaterThan(live)
    await open(key).vacuum(Number.POSITIVE_INFINITY, Date.now() + 8 * 86_400_000)
    expect(await dataFiles(key)).toBe(live)
    expect(await seqsIn(s3.store, key)).toEqual(seqs(1, 45))
  },
)

test.concurrent.for<[string, (proxy: S3Proxy) => Promise<void>]>([
  ['is away', (proxy) => proxy.leave()],
  [
    'hangs',
    async (proxy) => {
      proxy.fate = () => ({ kind: 'done', answer: 'silent' })
    },
  ],
])(
  'SIGTERM while the store %s ends the process in good order and in time; its rows are read again',
  { timeout: 180_000 },
  async ([, fail], context) => {
    const { key, proxy, start } = await begin(context)
    const first = await start()
    await deliver(first, 10)
    await commits(key, 0)
    await fail(proxy)
    // Ten are on their way to a commit; three wait for the next one, or are refused if the first commit is not known to be done.
    expect((await first.post(tickBatch(plainTrades(11, 20)))).status).toBe(200)
    expect([200, 503]).toContain((await first.post(tickBatch(plainTrades(21, 23)))).status)
    expect(await first.end('SIGTERM')).toBe(0)
    await proxy.leave()
    await proxy.comeBack()
    proxy.fate = () => PASSED

    const second = startHere(key)
    await deliver(second, 30)
    await second.rows.close()
    expect(await seqsIn(s3.store, key)).toEqual(seqs(1, 30))
  },
)

test.concurrent('stopped for a while before its commit: others go on, and what it commits when it wakes up is not theirs again', {
  timeout: 180_000,
}, async (context) => {
  const { key, proxy, start } = await begin(context)
  const first = await start()
  await deliver(first, 10)
  await commits(key, 0)
  const file = hold(proxy, ({ method, key: of }) => method === 'PUT' && of.endsWith('.parquet'))
  await deliver(first, 20)
  await file.came
  first.child.kill('SIGSTOP')
  const second = startHere(key)
  await deliver(second, 35)
  await second.rows.close()
  file.release(PASSED)
  first.child.kill('SIGCONT')
  await deliver(first, 50)
  expect(await first.end('SIGTERM')).toBe(0)
  const third = startHere(key)
  await deliver(third, 50)
  await third.rows.close()

  expect(await seqsIn(s3.store, key)).toEqual(seqs(1, 50))
})

test.concurrent('two that take the same messages, whatever the network and the store do to their requests: each row is there once', {
  timeout: 180_000,
}, async (context) => {
  const { key, proxy } = await begin(context)
  proxy.fate = ailing(random(7))
  const through = s3Of(proxy.url)
  const two = [startHere(key, s3ObjectStore(through)), startHere(key, s3ObjectStore(through))]
  const run = async (one: (typeof two)[number], most: number) => {
    // What it took is void when the other one was quicker: only the table says how far they are.
    for (let to = 20; to <= 100; to += 20) {
      await deliver(one, to, most)
      await one.rows.close()
    }
  }
  await Promise.all([run(two[0]!, 7), run(two[1]!, 5)])
  const last = startHere(key)
  await deliver(last, 100)
  await last.rows.close()
  await through.close()

  expect(await seqsIn(s3.store, key)).toEqual(seqs(1, 100))
  for (const [name, bytes] of proxy.created) if (name.startsWith(`${key}/`)) expect(await s3.store.get(name)).toEqual(new Uint8Array(bytes))
})
