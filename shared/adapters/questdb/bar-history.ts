import { type Bar, intervalNames } from '../../contract/bar.ts'
import type { BarHistory, HistorySpan } from '../../ports/bar-history.ts'
import { RetryableError } from '../../runtime/errors.ts'
import { untilApplied } from './applied.ts'
import type { Questdb } from './connect.ts'
import { COLUMNS, toBar } from './read.ts'
import { literal, timeLiteral } from './sql.ts'

/** Bars as QuestDB's tables `ohlcv_{interval}_versions` hold them. Times come as ms: the tables count in µs. */
export function questdbBarHistory(questdb: Questdb): BarHistory {
  return {
    async traces(after) {
      if (!(await untilApplied(questdb, 'ohlcv_%')))
        throw new RetryableError('ERR_UNAVAILABLE', 'QuestDB: written bars are not visible yet')
      const ms = 'timestamp::long / 1000'
      const rows = await questdb.sql(`SELECT symbol, exchange, max(version) version, max(${ms}) newest,
        max(CASE WHEN version <= ${after} THEN last_ms END) seen, min(CASE WHEN version > ${after} THEN ${ms} END) ahead,
        min(CASE WHEN version > ${after} AND rev = 0 THEN ${ms} END) open FROM ohlcv_1m_versions GROUP BY symbol, exchange`)
      return rows.map(([symbol, exchange, version, newest, seen, ahead, open]) => ({
        symbol: String(symbol),
        exchange: String(exchange),
        version: Number(version),
        newestMs: Number(newest),
        seenMs: numberOrNull(seen),
        aheadMs: numberOrNull(ahead),
        openMs: numberOrNull(open),
      }))
    },
    async rows(span) {
      const found = await Promise.all(intervalNames.map((interval) => questdb.sql(statement(span, interval))))
      return found.flatMap((rows, i) => rows.map((row) => toBar({ symbol: span.symbol, interval: intervalNames[i]! }, row)))
    },
  }
}

const numberOrNull = (value: unknown): number | null => (value === null || value === undefined ? null : Number(value))

function statement({ symbol, exchange, fromMs, toMs }: HistorySpan, interval: Bar['interval']): string {
  const where = [`symbol = ${literal(symbol)}`, `exchange = ${literal(exchange)}`]
  where.push(`timestamp >= ${timeLiteral(fromMs)}`, `timestamp < ${timeLiteral(toMs)}`)
  return `SELECT ${COLUMNS.join(', ')} FROM ohlcv_${interval}_versions WHERE ${where.join(' AND ')}`
}
