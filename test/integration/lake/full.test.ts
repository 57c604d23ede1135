import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { flushBatch } from '../../../functions/flush-batch/handler.ts'
import { cacheFolder } from '../../../infra/stack/cache.ts'
import { installer } from '../../../infra/stack/install/install.ts'
import { freePorts } from '../../../infra/stack/ports.ts'
import { StackProcess } from '../../../infra/stack/process.ts'
import { serverSpec } from '../../../infra/stack/servers.ts'
import { INNER_PORTS } from '../../../infra/stack/services/s3.ts'
import { parquet } from '../../../shared/adapters/parquet/parquet.ts'
import type { S3 } from '../../../shared/adapters/s3/connect.ts'
import { s3ObjectStore } from '../../../shared/adapters/s3/object-store.ts'
import { makeBucket } from '../../../shared/adapters/s3/prepare.ts'
import { STREAMS } from '../../../shared/contract/streams.ts'
import { Table } from '../../../shared/delta/table.ts'
import { tickTable } from '../../../shared/lake/tick-table.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { recordingPublisher } from '../../support/recording-publisher.ts'
import { s3Of } from '../../support/s3.ts'
import { seqs, seqsIn } from '../../support/seqs-in.ts'
import { plainTrades, tickBatch } from '../../support/tick-batch.ts'

const KEY = 'tests/full'
let folder: string
let s3: S3
let store: ObjectStore
let server: StackProcess
/** The server on its folder, with room for so many volumes of a megabyte; 0: as many as the disk holds. */
let start: (volumes: number) => Promise<void>
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'trade2026-full-'))
  const first = await freePorts(1 + INNER_PORTS)
  const ports = {
    nats: 0,
    natsMonitor: 0,
    valkey: 0,
    questdb: 0,
    questdbPg: 0,
    s3: first,
    s3Inner: first + 1,
    opensearch: 0,
    opensearchTransport: 0,
  }
  start = async (volumes) => {
    const spec = await serverSpec('s3', { state: folder, ports, install: installer({ cache: cacheFolder() }) })
    const over = new Map([
      ['volume.max', volumes],
      ['master.volumeSizeLimitMB', 1],
    ])
    const args = spec.args.map((arg) => {
      const name = arg.slice(1, arg.indexOf('='))
      return over.has(name) ? `-${name}=${over.get(name)}` : arg
    })
    server = new StackProcess({ ...spec, args }, folder, () => {})
    await server.start()
  }
  await start(8)
  s3 = s3Of(`http://127.0.0.1:${first}`)
  await makeBucket(s3)
  store = s3ObjectStore(s3)
})
afterAll(async () => {
  await s3?.close()
  await server?.stop()
  await rm(folder, { recursive: true, force: true })
})

const landed = () => seqsIn(store, KEY)

test('when the store is full, what is there can be read, rows wait and calls are refused; once there is room all of it lands', {
  timeout: 180_000,
}, async () => {
  const app = flushBatch(
    { table: new Table(tickTable(KEY, 'dt', 'snappy'), store, parquet), deadLetters: recordingPublisher() },
    { stream: STREAMS.MARKET_TICKS, futureMs: 5000, flushMs: 3_600_000, flushRows: 10, flushBytes: 2 ** 30, patienceMs: 100 },
  )
  const post = async (from: number, to: number) =>
    (await app.request('/', { method: 'POST', body: tickBatch(plainTrades(from, to)) })).status
  await expect.poll(() => post(1, 10), { timeout: 30_000 }).toBe(200)
  await expect.poll(landed, { timeout: 30_000 }).toEqual(seqs(1, 10))
  const fill = async () => {
    for (let i = 0; ; i++) await store.put(`tests/filler/${i}`, randomBytes(300_000))
  }
  await expect(fill()).rejects.toThrow(/ 500 /)

  // One commit under way and one that waits; then no more.
  expect(await post(11, 20)).toBe(200)
  await expect.poll(() => post(21, 30), { timeout: 30_000 }).toBe(200)
  expect(await post(31, 40)).toBe(503)
  expect(await landed()).toEqual(seqs(1, 10))

  await server.stop()
  await start(0)
  await expect.poll(() => post(31, 40), { timeout: 50_000 }).toBe(200)
  await expect.poll(landed, { timeout: 30_000 }).toEqual(seqs(1, 40))
  await app.rows.close()
})
