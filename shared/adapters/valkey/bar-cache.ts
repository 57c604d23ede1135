import type { BarCache, WrittenBar } from '../../ports/bar-cache.ts'
import type { Valkey } from './connect.ts'
import { cacheKey } from './keys.ts'
import { showScript, within } from './scripts.ts'

const LIFE_SECONDS = 3_600
const PATIENCE_MS = 1_000
const MOST_AT_ONCE = 500

/** The read cache in Valkey's database 1: a bar's JSON under its symbol, and under symbol and exchange. */
export function valkeyBarCache({ cache }: Valkey): BarCache {
  const show = showScript(cache)
  const showSome = async (bars: readonly WrittenBar[]) => {
    const keys = bars.flatMap(({ bar: { interval, symbol, exchange } }) => [
      cacheKey(interval, symbol),
      cacheKey(interval, symbol, exchange),
    ])
    const entries = bars.flatMap(({ bar: { timestamp, version, closed }, json }) => [timestamp, version, closed ? '1' : '0', json])
    await within(PATIENCE_MS, 'cache', show(keys.length, ...keys, LIFE_SECONDS, ...entries))
  }
  return {
    async show(bars) {
      // Commands of a lost connection would pile up behind it; what the cache shows is renewed soon enough.
      if (cache.status !== 'ready') return
      for (let at = 0; at < bars.length; at += MOST_AT_ONCE) await showSome(bars.slice(at, at + MOST_AT_ONCE))
    },
  }
}
