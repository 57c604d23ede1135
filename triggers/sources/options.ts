import { parseArgs } from 'node:util'
import { DEFAULT_SYMBOLS } from './market/instrument.ts'
import { type Tape, tapesOf } from './replay.ts'
import { type Speed, speedOf } from './schedule.ts'

export const USAGE = `feed --replay FILE... [--exchange X]... [--symbol Y]... [--speed 1|N|max] [--from TICK] [--run NAME] [--burst N]
feed --simulate [--seed N] [--symbols A,B,C] [--minutes N] [--burst N]`

/** What the feed is asked to publish. */
export type FeedOptions = { readonly burst: number } & (
  | {
      readonly kind: 'replay'
      readonly tapes: readonly Tape[]
      readonly speed: Speed
      readonly from: number
      /** Names this run: started again under the same name, it goes on where it was. Without a name it begins anew. */
      readonly run: string | undefined
    }
  | {
      readonly kind: 'simulate'
      readonly seed: number
      readonly symbols: readonly string[]
      /** End after so many minutes of past time; undefined = go on in real time. */
      readonly minutes: number | undefined
    }
)

/**
 * Reads the command line. Files may follow `--replay` one after the other.
 * @throws {RangeError | TypeError} naming what is wrong.
 */
export function feedOptions(args: readonly string[]): FeedOptions {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      replay: { type: 'string', multiple: true, default: [] },
      exchange: { type: 'string', multiple: true, default: [] },
      symbol: { type: 'string', multiple: true, default: [] },
      speed: { type: 'string', default: 'max' },
      from: { type: 'string', default: '0' },
      run: { type: 'string' },
      burst: { type: 'string', default: '1' },
      simulate: { type: 'boolean', default: false },
      seed: { type: 'string', default: '1' },
      symbols: { type: 'string', default: DEFAULT_SYMBOLS.join(',') },
      minutes: { type: 'string' },
    },
  })
  const files = [...values.replay, ...positionals]
  const burst = whole('--burst', values.burst, 1)
  if (values.simulate) {
    if (files.length > 0) throw new RangeError('--simulate and --replay exclude each other')
    const minutes = values.minutes === undefined ? undefined : whole('--minutes', values.minutes, 1)
    return { kind: 'simulate', seed: whole('--seed', values.seed, 0), symbols: symbolsOf(values.symbols), minutes, burst }
  }
  if (files.length === 0) throw new RangeError('give --replay FILE or --simulate')
  const tapes = tapesOf(files, values.exchange, values.symbol)
  if (values.run !== undefined && !/^[A-Za-z0-9_-]+$/.test(values.run))
    throw new RangeError(`--run is a name of letters and digits, not ${values.run}`)
  return { kind: 'replay', tapes, speed: speedOf(values.speed), from: whole('--from', values.from, 0), run: values.run, burst }
}

function whole(name: string, text: string, least: number): number {
  const value = Number(text)
  if (!Number.isSafeInteger(value) || value < least || text.trim() === '')
    throw new RangeError(`${name} is a whole number from ${least} on, not ${text}`)
  return value
}

function symbolsOf(text: string): string[] {
  const symbols = text.split(',').map((symbol) => symbol.trim())
  if (symbols.includes('') || new Set(symbols).size < symbols.length)
    throw new RangeError(`--symbols is a list of different names, not ${text}`)
  return symbols
}
