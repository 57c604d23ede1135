import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { intervalNames } from '../../../shared/contract/bar.ts'
import { compareBars } from '../../../triggers/sources/compare-bars.ts'
import { DEFAULT_SYMBOLS } from '../../../triggers/sources/market/instrument.ts'
import { type RecomputedBar, recompute, type Trade } from '../../../triggers/sources/recompute.ts'
import { Problem } from '../../stack/problem.ts'
import type { Feed } from '../../stack/programs.ts'
import { LATE_SERVERS } from '../../stack/servers.ts'
import { readSettings } from '../../stack/settings.ts'
import { type Stack, startStack } from '../../stack/stack.ts'
import { table } from '../table.ts'
import { minuteOf, priceOf } from '../view/render.ts'
import { storedBars } from './stored.ts'
import { feedEnd, tradesOf } from './ticks.ts'

/** A quiet market's bars are closed this soon, instead of after a minute. */
const BAR_IDLE_MS = 2000
/** Given up when nothing more is stored for so long. */
const STALL_MS = 30_000
const BARS_SHOWN = 20
const DIFFERENCES_SHOWN = 20

/**
 * Feeds once, in an empty folder of its own, waits for the bars, compares them with a recomputation from the same source, and stops all.
 * @returns 0 only when every bar is equal.
 */
export async function once(feed: Feed | undefined, signal: AbortSignal): Promise<number> {
  const settings = readSettings()
  if (Object.keys(settings.given).length > 0)
    throw new Problem('--once needs empty servers of its own: unset NATS_URL, VALKEY_URL, QUESTDB_URL, S3_URL and OPENSEARCH_URL')
  const simulated = { seed: 1, symbols: DEFAULT_SYMBOLS }
  const what: Feed = feed?.kind === 'replay' ? feed : { kind: 'simulate', minutes: 1, ...simulated }
  const folder = join(settings.data, 'once')
  await mkdir(folder, { recursive: true })
  const state = await mkdtemp(join(folder, 'run-'))
  const started = performance.now()
  const say = (line: string) => console.log(`${((performance.now() - started) / 1000).toFixed(1).padStart(6)} s  ${line}`)
  try {
    const stack = await startStack({
      settings: { ...settings, state, without: LATE_SERVERS },
      env: { BAR_IDLE_MS: String(BAR_IDLE_MS) },
      say,
      signal,
    })
    try {
      await removeOthers(folder, state)
      return await feedAndCompare(stack, what, simulated, say, signal)
    } finally {
      say('stopping')
      await stack.stop()
    }
  } finally {
    await rm(state, { recursive: true, force: true })
  }
}

/** Deletes what runs that were killed have left; none of them can be running while this one holds the data folder. */
async function removeOthers(folder: string, state: string): Promise<void> {
  const others = (await readdir(folder)).map((name) => join(folder, name)).filter((path) => path !== state)
  await Promise.all(others.map((path) => rm(path, { recursive: true, force: true })))
}

async function feedAndCompare(
  stack: Stack,
  feed: Feed,
  simulated: { seed: number; symbols: readonly string[] },
  say: (line: string) => void,
  signal: AbortSignal,
) {
  say(
    feed.kind === 'replay'
      ? `replaying ${feed.files.join(', ')}`
      : 'feeding one minute of the SIMULATED market (exchange "sim"): no real prices',
  )
  const process = await stack.feed(feed)
  while (process.state !== 'finished') {
    if (process.state === 'failed') throw new Problem(`the feed failed: see ${process.logFile}`)
    await sleep(20, undefined, { signal })
  }
  const end = await feedEnd(process.logFile)
  const trades: Trade[] = []
  for await (const trade of tradesOf(feed, simulated, end)) trades.push(trade)
  say(`${end.ticks.toLocaleString('en')} ticks are in the stream, ${trades.length.toLocaleString('en')} of them trades`)
  // Bars that are not over yet are still forming: only what is over can be compared.
  const nowMs = Date.now()
  const isOver = ({ close_ms }: RecomputedBar) => close_ms < nowMs
  const wanted = recompute(trades, intervalNames).filter(isOver)
  if (wanted.length === 0) throw new Problem('there is no bar to compare: the feed had no trade in a minute that is over')
  const { bars, differences } = await untilEqual(async () => (await storedBars(stack.urls.QUESTDB_URL)).filter(isOver), wanted, signal)
  for (const line of tableOf(bars)) console.log(line)
  if (differences.length === 0) {
    say(`all ${bars.length} bars in QuestDB equal the recomputation of ${trades.length.toLocaleString('en')} trades`)
    return 0
  }
  say(`${differences.length} differences between QuestDB and the recomputation:`)
  for (const line of differences.slice(0, DIFFERENCES_SHOWN)) console.log(`  ${line}`)
  return 1
}

/** Reads again and again until all is as wanted, or nothing has changed for a while. */
async function untilEqual(read: () => Promise<RecomputedBar[]>, wanted: readonly RecomputedBar[], signal: AbortSignal) {
  let changedAt = performance.now()
  let before = ''
  for (;;) {
    const bars = await read()
    const differences = compareBars(bars, wanted)
    if (differences.length === 0 || performance.now() - changedAt > STALL_MS) return { bars, differences }
    const now = differences.join('\n')
    if (now !== before) changedAt = performance.now()
    before = now
    await sleep(100, undefined, { signal })
  }
}

const tableOf = (bars: readonly RecomputedBar[]): string[] => {
  const rows = bars.map((bar) => [
    bar.interval,
    bar.symbol,
    bar.exchange,
    minuteOf(bar.timestamp),
    ...[bar.open, bar.high, bar.low, bar.close].map(priceOf),
    bar.volume.toLocaleString('en', { maximumFractionDigits: 4 }),
    bar.trades.toLocaleString('en'),
  ])
  const head = ['interval', 'symbol', 'exchange', 'start (UTC)', 'open', 'high', 'low', 'close', 'volume', 'trades']
  const left = bars.length - BARS_SHOWN
  return [...table(head, rows.slice(-BARS_SHOWN)), ...(left > 0 ? [`the last ${BARS_SHOWN} of ${bars.length} bars`] : [])]
}
