import { type Bar, INTERVALS } from '../../shared/contract/bar.ts'
import { toCsv } from '../../shared/contract/bar-csv.ts'
import { BarsRequest } from '../../shared/contract/bars-request.ts'
import { fillGaps } from '../../shared/domain/gaps.ts'
import type { BarPage, BarQuery, BarTable } from '../../shared/ports/bar-table.ts'
import { TerminalError } from '../../shared/runtime/errors.ts'
import { defineFunction } from '../../shared/runtime/function.ts'
import { parsed } from '../../shared/runtime/request.ts'

const LONGEST_SYMBOL = 256

/**
 * `GET /{symbol}?interval&from&to&limit&exchange&fill`: stored bars, ascending (the newest last), as JSON or CSV.
 * `next` (also in the header Link) is the query that continues: towards newer bars when `from` was given, else towards older ones; null at the end.
 */
export const bars = (table: BarTable) =>
  defineFunction({
    name: 'bars',
    routes(app) {
      app.get('/:symbol{.+}', async (c, pass) => {
        const symbol = c.req.param('symbol')
        if (symbol.startsWith('_/')) return pass()
        if (symbol.length > LONGEST_SYMBOL || /\p{Cc}/u.test(symbol)) throw new TerminalError('ERR_REQUEST', 'this cannot be a symbol')
        const request = parsed(BarsRequest, c.req.query())
        const query = {
          symbol,
          interval: request.interval,
          exchange: request.exchange,
          fromMs: request.from,
          toMs: request.to,
          limit: request.limit,
          end: request.from === undefined ? 'newest' : 'oldest',
        } as const
        const page = await (request.fill === 'previous' ? filledPage(table, query) : table.read(query))
        if (page.bars.length === 0 && !(await table.knows(symbol, request.interval))) {
          throw new TerminalError('ERR_NOT_FOUND', `no ${request.interval} bars of ${symbol} are stored`)
        }
        c.get('note').bars = page.bars.length
        const last = page.bars.at(-1)
        const edge =
          query.end === 'newest' ? { to: page.bars[0]?.timestamp } : { from: last && last.timestamp + INTERVALS[request.interval] }
        const next = page.more ? nextQuery(c.req.query(), edge) : null
        if (next) c.header('link', `<${next}>; rel="next"`)
        c.header('vary', 'accept')
        const csv = request.format ? request.format === 'csv' : (c.req.header('accept') ?? '').includes('text/csv')
        if (csv) return c.body(toCsv(page.bars), 200, { 'content-type': 'text/csv; charset=utf-8; header=present' })
        return c.json({ symbol, interval: request.interval, bars: page.bars, next })
      })
    },
  })

/** A reference relative to the request's own URL, so that it holds at the gateway's routes and behind any proxy. */
function nextQuery(query: Record<string, string>, edge: { from?: number | undefined; to?: number | undefined }): string {
  const moved = Object.entries(edge).map(([name, value]) => [name, String(value)])
  return `?${new URLSearchParams({ ...query, ...Object.fromEntries(moved) })}`
}

/**
 * A page without gaps. Only what lies between two stored bars is known to be empty, so nothing is made up before a symbol's first bar
 * or after its newest one, even where the span asked for goes on.
 */
async function filledPage(table: BarTable, query: BarQuery): Promise<BarPage> {
  const { fromMs, toMs, limit, interval } = query
  const stepMs = INTERVALS[interval]
  const [page, before, after] = await Promise.all([
    table.read(query),
    fromMs === undefined ? [] : neighbour(table, { ...query, fromMs: undefined, toMs: fromMs, end: 'newest' }),
    toMs === undefined ? [] : neighbour(table, { ...query, fromMs: toMs, toMs: undefined, end: 'oldest' }),
  ])
  const stored = [...before, ...page.bars]
  const exchanges = new Set([...stored, ...after].map((bar) => bar.exchange))
  if (exchanges.size > 1) {
    throw new TerminalError('ERR_REQUEST', `${query.symbol} has bars of ${[...exchanges].join(', ')}: to fill, name one with exchange=`)
  }
  const startFrom = (ms: number) => Math.ceil(ms / stepMs) * stepMs
  // Where the page was cut, the next page goes on from there.
  const cut = { oldest: page.more && query.end === 'newest', newest: page.more && query.end === 'oldest' }
  let first = before.length > 0 && !cut.oldest ? startFrom(fromMs!) : page.bars[0]?.timestamp
  let last = after.length > 0 && !cut.newest ? startFrom(toMs!) - stepMs : page.bars.at(-1)?.timestamp
  if (first === undefined || last === undefined || first > last) return page
  const fits = (limit - 1) * stepMs
  const more = page.more || last - first > fits
  if (query.end === 'oldest') last = Math.min(last, first + fits)
  else first = Math.max(first, last - fits)
  return { bars: fillGaps(stored, first, last, stepMs), more }
}

const neighbour = async (table: BarTable, query: BarQuery): Promise<readonly Bar[]> => (await table.read({ ...query, limit: 1 })).bars
