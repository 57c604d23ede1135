import { jetstream, jetstreamManager } from '@nats-io/jetstream'
import type { NatsConnection } from '@nats-io/transport-node'
import { Bar, intervalNames } from '../../shared/contract/bar.ts'
import { STREAMS } from '../../shared/contract/streams.ts'

/** What names a bar: `1m binance BTCUSDT 2024-08-08T23:54:00.000Z`. */
export const keyOf = ({ interval, exchange, symbol, timestamp }: Pick<Bar, 'interval' | 'exchange' | 'symbol' | 'timestamp'>): string =>
  `${interval} ${exchange} ${symbol} ${new Date(timestamp).toISOString()}`

/** Runs SQL over QuestDB's HTTP address, as a user does with curl; gives rows by column name. */
export async function sql(questdbUrl: string, query: string): Promise<Record<string, unknown>[]> {
  const response = await fetch(`${questdbUrl}/exec?query=${encodeURIComponent(query)}`, { signal: AbortSignal.timeout(60_000) })
  const answer = (await response.json()) as { columns?: { name: string }[]; dataset?: unknown[][]; error?: string }
  if (!response.ok || !answer.columns || !answer.dataset) throw new Error(`QuestDB refuses ${query}: ${answer.error ?? response.status}`)
  const names = answer.columns.map(({ name }) => name)
  return answer.dataset.map((row) => Object.fromEntries(row.map((value, i) => [names[i] ?? '', value])))
}

/** All bars of the five tables as people query them. `closed` is not a column: every stored bar is. */
export async function barsInTable(questdbUrl: string): Promise<Bar[]> {
  const tables = intervalNames.map(async (interval) => {
    const rows = await sql(questdbUrl, `SELECT * FROM ohlcv_${interval}`)
    return rows.map((row) => Bar.parse({ ...row, timestamp: Date.parse(String(row.timestamp)), interval, closed: true }))
  })
  return (await Promise.all(tables)).flat()
}

/** Every bar message that the stream holds, in its order, the same ones sent again included. */
export async function barsInStream(connection: NatsConnection): Promise<Bar[]> {
  const stream = STREAMS.BARS.name
  const { state } = await (await jetstreamManager(connection)).streams.info(stream)
  const bars: Bar[] = []
  if (state.messages === 0) return bars
  const consumer = await jetstream(connection).consumers.get(stream)
  for await (const message of await consumer.consume({ max_messages: 5000 })) {
    bars.push(Bar.parse(message.json()))
    if (message.info.streamSequence >= state.last_seq) break
  }
  return bars
}

/** The greatest version of each bar, by {@link keyOf}. */
export function newestOf(bars: readonly Bar[]): Map<string, Bar> {
  const newest = new Map<string, Bar>()
  for (const bar of bars) {
    const key = keyOf(bar)
    if (bar.version > (newest.get(key)?.version ?? -1)) newest.set(key, bar)
  }
  return newest
}
