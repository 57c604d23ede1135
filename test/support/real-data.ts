import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

const ROOT = join(import.meta.dirname, '../../../shared/data')

/** One row of a recorded file, as text. */
export type RealTick = { readonly tsNs: string; readonly id: string; readonly price: string; readonly size: string; readonly side: string }

/** The rows of a file as columns by name, each made only when it is asked for: the largest has two million. */
function* rowsOf(folder: string, file: string): Generator<(name: string) => string> {
  const text = gunzipSync(readFileSync(join(ROOT, folder, file))).toString('latin1')
  let at = text.indexOf('\n')
  const names = text.slice(0, at).split(',')
  while (at + 1 < text.length) {
    const end = text.indexOf('\n', at + 1)
    const values = text.slice(at + 1, end < 0 ? text.length : end).split(',')
    at = end < 0 ? text.length : end
    yield (name) => values[names.indexOf(name)]!
  }
}

function* ticksOf(folder: string, file: string): Generator<RealTick> {
  for (const of of rowsOf(folder, file))
    yield { tsNs: of('ts_ns'), id: of('trade_id'), price: of('price'), size: of('size'), side: of('side') }
}

/** Recorded trades beside the repository (its README tells their origin); tests that need them skip where the folder is absent. */
export const realTicks = {
  available: existsSync(ROOT),
  names: existsSync(ROOT) ? readdirSync(join(ROOT, 'normalised')).map((file) => file.split('.')[0]!) : [],
  read: (name: string): Generator<RealTick> => ticksOf('normalised', `${name}.trades.csv.gz`),
  /** The BTCUSDT trades in an order of delivery with repeats and delays. */
  disordered: (): Generator<RealTick> => ticksOf('derived', 'binance-spot-btcusdt.disordered.csv.gz'),
  reference: (name: string): ((column: string) => string)[] => [...rowsOf('reference', `${name}.bars.csv.gz`)],
  /** The tick as sources send it. */
  toJson({ tsNs, id, price, size, side }: RealTick, symbol = 'BTCUSDT'): string {
    const sided = side === '' ? '' : `,"side":"${side}"`
    const named = /^\d{1,15}$/.test(id) ? id : `"${id}"`
    return `{"timestamp":${tsNs.slice(0, -6)},"exchange":"x","symbol":"${symbol}","price":${price},"qty":${size}${sided},"trade_id":${named}}`
  },
}

/** A statement of the Federal Open Market Committee. */
type Statement = { readonly id: string; readonly published_at: string; readonly text: string }

/** Real documents beside the repository, likewise. */
export const realDocs = {
  available: existsSync(join(ROOT, 'docs')),
  filing: (name: string): string => readFileSync(join(ROOT, 'docs/sec-8k', name), 'utf8'),
  statements: (): Statement[] =>
    readFileSync(join(ROOT, 'docs/fomc.jsonl'), 'utf8')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
}
