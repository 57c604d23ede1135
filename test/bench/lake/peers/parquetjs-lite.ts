import { PassThrough } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import parquetjs from 'parquetjs-lite'
import { connectS3 } from '../../../../shared/adapters/s3/connect.ts'
import { s3ObjectStore } from '../../../../shared/adapters/s3/object-store.ts'
import { readStream } from '../../peers/read-stream.ts'
import { usageOf } from '../../usage.ts'
import type { Commit, Given, Told } from './run.ts'

/**
 * What one would write with parquetjs-lite: row by row into a Parquet file, and each so many rows the file to S3. There is no table: no position, no
 * log, nothing to tell a file that is whole from one that is not, no statistics of texts, and whole numbers beyond 2^53 come out wrong.
 * Its argument is JSON; prints one JSON line.
 */
const given = JSON.parse(process.argv[2] ?? '{}') as Given
const [accessKey, secretKey] = given.keys
const [bucket = '', ...path] = given.path.split('/')
const s3 = connectS3({ S3_URL: given.s3, S3_REGION: 'us-east-1', S3_BUCKET: bucket }, { accessKey, secretKey })
const store = s3ObjectStore(s3)
const text = { type: 'UTF8', compression: 'SNAPPY' } as const
const double = { type: 'DOUBLE', compression: 'SNAPPY' } as const
const schema = new parquetjs.ParquetSchema({
  timestamp: { type: 'TIMESTAMP_MILLIS', compression: 'SNAPPY' },
  exchange: text,
  symbol: text,
  price: double,
  qty: double,
  side: { ...text, optional: true },
  trade_id: text,
  dt: text,
})

async function open() {
  const to = new PassThrough({ highWaterMark: 2 ** 30 })
  const whole = buffer(to)
  const writer = await parquetjs.ParquetWriter.openStream(schema, to)
  return {
    writer,
    async finish(): Promise<Buffer> {
      await writer.close()
      to.end()
      return whole
    },
  }
}

const commits: Commit[] = []
const decoder = new TextDecoder()
let [rows, bytes, inFile] = [0, 0, 0]
let file = await open()
for await (const data of readStream(given.nats, given.stream, given.count)) {
  const tick = JSON.parse(decoder.decode(data))
  const dt = new Date(tick.timestamp).toISOString().slice(0, 10)
  await file.writer.appendRow({ ...tick, timestamp: new Date(tick.timestamp), trade_id: String(tick.trade_id), dt })
  rows++
  if (++inFile < given.commitRows && rows < given.count) continue
  const made = await file.finish()
  await store.put([...path, `${commits.length}.parquet`].join('/'), made)
  bytes += made.length
  commits.push({ rows, ms: performance.now() })
  file = await open()
  inFile = 0
}
const { cpuSeconds, peakMiB } = usageOf(process.pid)
const told: Told = { commits, bytes, cpuSeconds, peakMiB }
console.log(JSON.stringify(told))
process.exit(0)
