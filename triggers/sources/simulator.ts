import { setImmediate } from 'node:timers/promises'
import { marketModel } from './market/instrument.ts'
import { Market } from './market/market.ts'
import type { Source, SourceTick } from './source.ts'

const MINUTE = 60_000

type Simulation = {
  readonly seed: number
  readonly symbols: readonly string[]
  /** First and last time, ms since the epoch: [fromMs, toMs). */
  readonly fromMs: number
  readonly toMs: number
}

/**
 * The simulated market (exchange `sim`): trades and quotes of all symbols merged by time, a chunk a minute. Everything follows from seed, symbol and time,
 * so any span played again gives the same ticks with the same ids. It is made up: no price in it was ever paid.
 */
export function* simulate({ seed, symbols, fromMs, toMs }: Simulation): Generator<readonly SourceTick[]> {
  const markets = symbols.map((symbol) => new Market(seed, marketModel(symbol)))
  for (let startMs = Math.floor(fromMs / MINUTE) * MINUTE; startMs < toMs; startMs += MINUTE) {
    const ticks = markets.flatMap((market) => market.minute(startMs)).filter(({ atMs }) => atMs >= fromMs && atMs < toMs)
    yield ticks.sort((a, b) => a.atMs - b.atMs)
  }
}

/**
 * The same as a source, which lets the process breathe between minutes.
 * @param stored - by subject the time of the newest tick that the stream already holds: ticks before it are passed over, so a restart goes on where it was.
 */
export async function* simulatedSource(
  simulation: Simulation,
  stored: ReadonlyMap<string, number> = new Map(),
): Source & AsyncGenerator<readonly SourceTick[]> {
  for (const ticks of simulate(simulation)) {
    const rest = stored.size === 0 ? ticks : ticks.filter(({ subject, timestamp }) => timestamp >= (stored.get(subject) ?? 0))
    if (rest.length > 0) yield rest
    await setImmediate()
  }
}
