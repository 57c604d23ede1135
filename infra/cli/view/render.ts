import { intervalNames } from '../../../shared/contract/bar.ts'
import type { ProcessState } from '../../stack/process-spec.ts'
import { table } from '../table.ts'
import type { Market, MarketRow } from './market.ts'

/** What one picture shows besides the market. */
export type Pulse = {
  /** Messages per second read by the slowest path to the bars, and how many wait; undefined before the first word of the triggers. */
  readonly rate: number | undefined
  readonly lag: number | undefined
  /** Bars not yet in the table of QuestDB. */
  readonly unsaved: number | undefined
  readonly processes: readonly { readonly name: string; readonly state: ProcessState; readonly restarts: number }[]
  readonly events: readonly string[]
}

const SIMULATED = 'sim'
const MARKS: Record<ProcessState, string> = {
  new: '○',
  starting: '◌',
  running: '●',
  waiting: '✗',
  finished: '✓',
  failed: '✗',
  stopped: '○',
}
const BARS = '▁▂▃▄▅▆▇█'

/** One picture as lines; never more than `height`, so that it can be drawn over in place. */
export function render(market: Market, pulse: Pulse, height: number): string[] {
  const rows = market.rows()
  const shown = rows.slice(0, Math.max(1, height - 10 - pulse.events.length))
  const counts = intervalNames.map((interval) => `${interval} ${market.closed[interval].toLocaleString('en')}`).join('  ')
  const simulated = rows.some(({ newest }) => newest.exchange === SIMULATED)
    ? '  ·  exchange "sim" is a SIMULATED market, not real prices'
    : ''
  return [
    `trade2026  ·  ${rateOf(pulse)}${simulated}`,
    `closed bars  ${counts}${market.corrected > 0 ? `  corrected ${market.corrected}` : ''}`,
    ...table(
      ['symbol', 'exchange', 'minute (UTC)', 'open', 'high', 'low', 'close', 'volume', 'trades', 'state', 'last half hour'],
      shown.map(cellsOf),
    ),
    ...(rows.length > shown.length ? [`and ${rows.length - shown.length} more`] : []),
    pulse.processes
      .map(({ name, state, restarts }) => `${MARKS[state]} ${name}${restarts > 0 ? ` (restarted ${restarts}×)` : ''}`)
      .join('   '),
    ...pulse.events,
    'Ctrl-C stops everything',
  ]
}

/** `12,345 ticks/s · lag 0` */
export const rateOf = ({ rate, lag, unsaved }: Pick<Pulse, 'rate' | 'lag' | 'unsaved'>): string => {
  const count = (value: number | undefined) => (value === undefined ? '-' : Math.round(value).toLocaleString('en'))
  return `${count(rate)} ticks/s  ·  lag ${count(lag)} ticks, ${count(unsaved)} bars to save`
}

const cellsOf = ({ newest, closes }: MarketRow): string[] => [
  newest.symbol,
  newest.exchange,
  minuteOf(newest.timestamp),
  ...[newest.open, newest.high, newest.low, newest.close].map(priceOf),
  newest.volume.toLocaleString('en', { maximumFractionDigits: 2 }),
  newest.trades.toLocaleString('en'),
  newest.rev > 0 ? `revised ${newest.rev}×` : newest.closed ? 'closed' : 'forming',
  sparkline([...closes, ...(newest.closed ? [] : [newest.close])]),
]

/** `2026-01-31 09:30`. */
export const minuteOf = (ms: number): string => new Date(ms).toISOString().slice(0, 16).replace('T', ' ')

/** Six significant digits or more, as many as the price needs to be told from its neighbours. */
export const priceOf = (price: number): string => price.toFixed(Math.max(2, 5 - Math.floor(Math.log10(Math.abs(price) || 1))))

const sparkline = (values: readonly number[]): string => {
  const low = Math.min(...values)
  const span = Math.max(...values) - low || 1
  return values.map((value) => BARS[Math.round(((value - low) / span) * (BARS.length - 1))]).join('')
}
