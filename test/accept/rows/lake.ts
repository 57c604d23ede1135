import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { jetstreamManager } from '@nats-io/jetstream'
import { STREAMS } from '../../../shared/contract/streams.ts'
import { TickPublisher } from '../../../triggers/sources/tick-publisher.ts'
import { lakeOf } from '../../support/lake.ts'
import { replicasOf } from '../../support/own-stack.ts'
import { until } from '../../support/progress.ts'
import { pythonPackages } from '../../support/python.ts'
import { all, type Outcome, type OwnPlace, type Place, type Row } from '../board.ts'

export const A5: Row = {
  id: 'A5',
  test: 'list trader2026/lake/ticks/ with the seed’s boto3 script',
  required: 'Parquet files by date, a Delta log',
}
export const A6: Row = { id: 'A6', test: 'NATS to lake, flush at shutdown, store outage', required: 'no loss, batches < 10 s, < 1 GB' }

const SEEDS = join(import.meta.dirname, '../seeds')
const WITHIN_MS = 60_000

/** A5: the seed's script as it stands, but for the port of a stack that is not on the usual one. */
export async function listed({ settings: { urls } }: Place): Promise<Outcome> {
  const script = readFileSync(join(SEEDS, 'list-ticks.py'), 'utf8').replace('localhost:8333', `localhost:${new URL(urls.S3_URL).port}`)
  const PYTHONPATH = await pythonPackages(join(SEEDS, 'requirements.txt'))
  let text = ''
  const list = async () => {
    const { stdout, stderr, status } = spawnSync('python3', ['-c', script], { env: { ...process.env, PYTHONPATH }, encoding: 'utf8' })
    if (status !== 0) throw new Error(stderr.trim().split('\n').at(-1))
    text = stdout
    return /\.parquet$/m.test(stdout)
  }
  await until('files are listed', list, WITHIN_MS, 1000)
  const files = text.match(/lake\/ticks\/dt=\d{4}-\d\d-\d\d\/\S+\.parquet/g) ?? []
  const log = text.includes('lake/ticks/_delta_log/00000000000000000000.json')
  return all(`${text.split('\n')[0]}, ${files.length} Parquet files by date`, { 'files by date': files.length > 0, 'Delta log': log })
}

const TICKS = 20_000

/** A6: ticks while the store is killed, then while the function is told to end; afterwards each message of the stream is in the table, once. */
export async function outage({ stack, settings: { urls }, connection }: OwnPlace): Promise<Outcome> {
  const publisher = new TickPublisher(connection)
  const send = async (from: number) => {
    for (let i = from; i < from + TICKS; i++) {
      const tick = { timestamp: Date.now(), exchange: 'binance', symbol: 'ADAUSDT', price: 1 + (i % 10), qty: 1, trade_id: i }
      await publisher.send('ticks.binance.ADAUSDT', JSON.stringify(tick))
    }
    publisher.push()
    await publisher.settle()
  }
  stack.process('s3').kill('SIGKILL')
  await send(0)
  await stack.process('s3').untilHealthy()
  await send(TICKS)
  for (const { pid } of replicasOf(stack, 'flush-batch')) process.kill(pid, 'SIGTERM')
  await send(2 * TICKS)
  publisher.close()

  const lake = lakeOf(urls.S3_URL)
  const count = async () => {
    const names = new Set<string>()
    let rows = 0
    for await (const { stream_epoch, stream_seq, stream_line } of lake.rows('stream_epoch', 'stream_seq', 'stream_line')) {
      rows += stream_seq!.length
      for (let i = 0; i < stream_seq!.length; i++) names.add(`${stream_epoch![i]} ${stream_seq![i]} ${stream_line![i]}`)
    }
    return { rows, double: rows - names.size }
  }
  const { state } = await (await jetstreamManager(connection)).streams.info(STREAMS.MARKET_TICKS.name)
  await until('every message is a row', async () => (await count()).rows >= state.messages, WITHIN_MS, 1000).catch(() => {})
  const { rows, double } = await count()
  const metrics = await (await fetch(`${urls.GATEWAY_URL}/function/flush-batch/metrics`)).text()
  const of = (name: string) => Number(new RegExp(`^${name}\\{[^}]*\\} (\\S+)$`, 'm').exec(metrics)?.[1] ?? Number.NaN)
  const meanSeconds = of('lake_commit_seconds_sum') / of('lake_commit_seconds_count')
  const quick = Number(/^lake_commit_seconds_bucket\{le="10",[^}]*\} (\d+)$/m.exec(metrics)?.[1])
  const slow = of('lake_commit_seconds_count') - quick
  const residentMb = Math.max(...replicasOf(stack, 'flush-batch').map(({ pid }) => peakMb(pid)))
  const text = `${rows} rows of ${state.messages} messages, ${double} double; a commit takes ${meanSeconds.toFixed(2)} s; at most ${residentMb} MB`
  return all(text, { 'no loss': rows === state.messages && double === 0, 'batches < 10 s': slow === 0, '< 1 GB': residentMb < 1000 })
}

/** The most that a process has had in memory. */
const peakMb = (pid: number): number =>
  Math.round(Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024)
