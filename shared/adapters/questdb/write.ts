import { Sender } from '@questdb/nodejs-client'
import type { Bar } from '../../contract/bar.ts'
import { RetryableError, TerminalError } from '../../runtime/errors.ts'

/**
 * How long the client itself goes on trying (refused and reset connections, 5xx) before the call is given up and the trigger tries again.
 * It is also the most that one request may take, so not less than a slow disk needs.
 */
const GIVE_UP_MS = 15_000
const BUFFER_BYTES = 1024 * 1024

/** The client's configuration for a server. Protocol 2 sends float64 as they are; auto-flush would send half batches. */
export const senderConfig = (url: URL): string => {
  const tls = url.protocol === 'https:'
  const login = url.username ? `username=${part(url.username)};password=${part(url.password)};` : ''
  const address = `${url.hostname}:${url.port || (tls ? 443 : 80)}`
  return `${tls ? 'https' : 'http'}::addr=${address};${login}protocol_version=2;auto_flush=off;retry_timeout=${GIVE_UP_MS};init_buf_size=${BUFFER_BYTES};`
}

/** A part of the address as a value of the configuration: a semicolon in it is doubled, or the client would end there and show the rest in an error. */
const part = (encoded: string): string => decodeURIComponent(encoded).replaceAll(';', ';;')

/** Sends all rows in one request. A sender of its own for each call, so that calls never mix rows; connections are shared and kept. */
export async function sendBars(config: string, bars: readonly Bar[]): Promise<void> {
  const sender = await Sender.fromConfig(config, { log: silent })
  try {
    for (const bar of bars) await addRow(sender, bar)
    await sender.flush()
  } catch (cause) {
    throw sendError(cause)
  }
}

/** What the client logs it also throws. */
const silent = () => {}

function addRow(sender: Sender, bar: Bar): Promise<void> {
  sender
    .table(`ohlcv_${bar.interval}_versions`)
    .symbol('symbol', bar.symbol)
    .symbol('exchange', bar.exchange)
    .floatColumn('open', bar.open)
    .floatColumn('high', bar.high)
    .floatColumn('low', bar.low)
    .floatColumn('close', bar.close)
    .floatColumn('volume', bar.volume)
    .floatColumn('quote_volume', bar.quote_volume)
    .intColumn('trades', bar.trades)
    .floatColumn('buy_volume', bar.buy_volume)
    .floatColumn('sell_volume', bar.sell_volume)
    .intColumn('close_ms', bar.close_ms)
    .intColumn('first_ms', bar.first_ms)
    .intColumn('last_ms', bar.last_ms)
    .intColumn('rev', bar.rev)
    .intColumn('version', bar.version)
  // A column left out of a row is NULL.
  if (bar.vwap !== null) sender.floatColumn('vwap', bar.vwap)
  if (bar.first_id !== null) sender.stringColumn('first_id', bar.first_id)
  if (bar.last_id !== null) sender.stringColumn('last_id', bar.last_id)
  return sender.at(bar.timestamp, 'ms')
}

/** The client throws plain errors; only their text tells a row that was refused (400) from a server that is away or in trouble. */
function sendError(cause: unknown): RetryableError | TerminalError {
  const text = cause instanceof Error ? cause.message : String(cause)
  return text.includes('statusCode=400')
    ? new TerminalError('ERR_INTERNAL', `QuestDB refuses a row: ${text}`, cause)
    : new RetryableError('ERR_UNAVAILABLE', `QuestDB: ${text}`, cause)
}
