import { type Bar, INTERVALS } from '../../shared/contract/bar.ts'
import { versionOf } from '../../shared/domain/version.ts'

/** 2023-10-14T14:00:00Z, the minute of the seeds' first tick. */
export const MINUTE_MS = 1_697_292_000_000

/** A closed bar of BTCUSDT on binance: that minute of it unless told otherwise. */
export const bar = (fields: Partial<Bar> = {}): Bar => {
  const { interval = '1m', timestamp = MINUTE_MS } = fields
  return {
    symbol: 'BTCUSDT',
    exchange: 'binance',
    interval,
    timestamp,
    close_ms: timestamp + INTERVALS[interval] - 1,
    open: 45_000,
    high: 45_010.5,
    low: 44_990.25,
    close: 45_005,
    volume: 1.5,
    quote_volume: 67_507.5,
    trades: 3,
    buy_volume: 1,
    sell_volume: 0.5,
    vwap: 45_005,
    first_ms: timestamp + 5,
    first_id: '123456',
    last_ms: timestamp + 59_000,
    last_id: '123458',
    closed: true,
    rev: 0,
    version: versionOf(1, 1),
    ...fields,
  }
}
