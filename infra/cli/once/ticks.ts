import { readFile } from 'node:fs/promises'
import type { Trade } from '../../../triggers/sources/recompute.ts'
import { replay, tapesOf } from '../../../triggers/sources/replay.ts'
import { simulate } from '../../../triggers/sources/simulator.ts'
import type { Feed } from '../../stack/programs.ts'

/** What the feed says at its end; a simulation names its span. */
type FeedEnd = { readonly done: true; readonly ticks: number; readonly fromMs?: number; readonly toMs?: number }

/** The last word of a feed that has finished, from its log. */
export async function feedEnd(logFile: string): Promise<FeedEnd> {
  const lines = (await readFile(logFile, 'utf8')).trimEnd().split('\n')
  return JSON.parse(lines.at(-1) ?? '') as FeedEnd
}

/** The trades that a feed has published, made again from the same source, without the platform. */
export async function* tradesOf(feed: Feed, simulated: { seed: number; symbols: readonly string[] }, end: FeedEnd): AsyncGenerator<Trade> {
  const source =
    feed.kind === 'replay'
      ? replay(tapesOf(feed.files, feed.exchanges ?? [], feed.symbols ?? []))
      : simulate({ ...simulated, fromMs: end.fromMs ?? 0, toMs: end.toMs ?? 0 })
  for await (const ticks of source) {
    for (const { line } of ticks) {
      const tick = JSON.parse(line) as Partial<Trade>
      if (tick.qty !== undefined) yield tick as Trade
    }
  }
}
