import { Buffer } from 'node:buffer'
import { tickSubject } from '../../shared/contract/subjects.ts'
import { mergeByTime } from '../../triggers/sources/merge.ts'
import { replay } from '../../triggers/sources/replay.ts'
import type { SourceTick } from '../../triggers/sources/source.ts'
import { tradesFile } from '../support/reference.ts'

/** Ticks on the wire, ready to publish, in one block of memory: 1.9 million single strings would keep the collector busy while the clock runs. */
export class TickTape {
  readonly subjects: readonly string[]
  length = 0
  #bytes = Buffer.allocUnsafe(1 << 20)
  /** Where each line starts, and at the end where the last one ends. */
  #starts = new Float64Array(1 << 12)
  #subjectOf = new Uint8Array(1 << 12)

  constructor(subjects: readonly string[]) {
    this.subjects = subjects
  }

  /** Adds a tick (ASCII) of the subject with that index. */
  add(subject: number, line: string): void {
    const start = this.#starts[this.length]!
    if (start + line.length > this.#bytes.length) this.#bytes = Buffer.concat([this.#bytes], 2 * this.#bytes.length)
    if (this.length + 2 > this.#starts.length) {
      this.#starts = doubled(this.#starts, Float64Array)
      this.#subjectOf = doubled(this.#subjectOf, Uint8Array)
    }
    this.#bytes.write(line, start, 'latin1')
    this.#subjectOf[this.length++] = subject
    this.#starts[this.length] = start + line.length
  }

  /** One tick as it goes on the wire (ASCII). */
  line(i: number): string {
    return this.#bytes.toString('latin1', this.#starts[i], this.#starts[i + 1])
  }

  /** The messages to publish, up to `ticksPerMessage` successive ticks of one symbol in each, one a line. */
  *messages(ticksPerMessage = 1, count = this.length): Generator<{ readonly subject: string; readonly text: string }> {
    const open: string[][] = this.subjects.map(() => [])
    for (let i = 0; i < count; i++) {
      const subject = this.#subjectOf[i]!
      const lines = open[subject]!
      lines.push(this.line(i))
      if (lines.length < ticksPerMessage) continue
      yield { subject: this.subjects[subject]!, text: lines.join('\n') }
      lines.length = 0
    }
    for (const [subject, lines] of open.entries()) if (lines.length > 0) yield { subject: this.subjects[subject]!, text: lines.join('\n') }
  }
}

function doubled<T extends Float64Array | Uint8Array>(values: T, Kind: new (length: number) => T): T {
  const more = new Kind(2 * values.length)
  more.set(values)
  return more
}

const tape = (name: string, symbol: string) => replay([{ path: tradesFile(name), instrument: { exchange: 'lean', symbol } }])

/** 1,887,460 real trades of SPY, five sessions of October 2013: one symbol. */
export async function spyTape(): Promise<TickTape> {
  const spy = new TickTape([tickSubject('lean', 'SPY')])
  for await (const ticks of tape('lean-spy', 'SPY')) for (const { line } of ticks) spy.add(0, line)
  return spy
}

const SYMBOLS = 100
const TICKS = 2_013_855
/** As many of the hundred as IBM has of the trades. */
const IBM_SYMBOLS = 6

/** The five sessions are played in so much event time: a busy market, about 1,700 trades a symbol and minute. */
const SPAN_MS = 12 * 60_000
const SPAN_START_MS = Date.UTC(2013, 9, 7, 14)

/**
 * 100 symbols made of the real tapes of SPY and IBM, 2,013,855 trades by time: prices, sizes and order are real, dealt out in turn, about 20,000 trades to
 * each symbol, which counts its ids from 0. Times are spread evenly over twelve minutes: at the tapes' own pace a hundred symbols would close a bar every
 * four ticks, and the bench would measure bars, not ticks.
 */
export async function hundredSymbolsTape(): Promise<TickTape> {
  const symbols = Array.from({ length: SYMBOLS }, (_, i) => `S${String(i).padStart(2, '0')}`)
  const hundred = new TickTape(symbols.map((symbol) => tickSubject('lean', symbol)))
  const dealt = { SPY: 0, IBM: 0 }
  for await (const ticks of mergeByTime([tape('lean-spy', 'SPY'), tape('lean-ibm', 'IBM')])) {
    for (const tick of ticks) {
      const ibm = tick.subject.endsWith('IBM')
      const n = ibm ? dealt.IBM++ : dealt.SPY++
      const hands = ibm ? IBM_SYMBOLS : SYMBOLS - IBM_SYMBOLS
      const subject = (n % hands) + (ibm ? SYMBOLS - IBM_SYMBOLS : 0)
      const tsMs = SPAN_START_MS + Math.floor(((dealt.SPY + dealt.IBM) / TICKS) * SPAN_MS)
      hundred.add(subject, renamed(tick, symbols[subject]!, Math.floor(n / hands), tsMs))
    }
  }
  return hundred
}

const renamed = ({ line }: SourceTick, symbol: string, id: number, tsMs: number): string =>
  line
    .replace(/"timestamp":\d+/, `"timestamp":${tsMs}`)
    .replace(/"symbol":"\w+"/, `"symbol":"${symbol}"`)
    .replace(/"trade_id":.*\}$/, `"trade_id":${id}}`)
