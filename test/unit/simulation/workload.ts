import { tickSubject } from '../../../shared/contract/subjects.ts'
import type { Clock, Stored, Stream } from './broker.ts'
import { POISON } from './replica.ts'
import type { Tape } from './tape.ts'

type Trade = {
  readonly ts: number
  readonly price: number
  readonly qty: number
  readonly side: string
  readonly id: string | number | null
}
type Source = { readonly exchange: string; readonly symbol: string; id: number; readonly sent: Trade[] }

const encoder = new TextEncoder()
const STEPS_MS = [300, 1, 900, 2_500, 7_000, 15_000, 45_000, 70_000, 200_000]
const LATE_MS = [0, 0, 10, 1_500, 4_000, 20_000, 61_000, 130_000, 400_000]
const BROKEN = ['', '{"ts":', '[]', '{"ts":1,"price":1}', 'null {"ts":true}', '{"ts":NaN,"price":1,"qty":1}']

/**
 * Ticks that try every rule of bars: repeated and differing copies, disorder within and beyond the horizon, ids of all kinds and none,
 * several ticks a message, broken ones. All choices come from the tape.
 */
export class Workload {
  left: number
  readonly #tape: Tape
  readonly #clock: Clock
  readonly #sources: Source[]

  constructor(tape: Tape, clock: Clock, messages: number) {
    this.#tape = tape
    this.#clock = clock
    this.left = messages
    this.#sources = [
      ['X', 'AAA'],
      ['X', 'BBB'],
      ['Y', 'AAA'],
      ['X', 'CC/D'],
      ['X', 'EEE'],
    ].map(([exchange, symbol]) => ({ exchange: exchange!, symbol: symbol!, id: 0, sent: [] }))
  }

  /** Time passes and the next message is published. */
  publish(stream: Stream): Stored {
    this.left--
    const tape = this.#tape
    this.#clock.ms += tape.pick(STEPS_MS)!
    const source = tape.pick(this.#sources)!
    if (tape.chance(2)) return stream.publish(tickSubject(source.exchange, source.symbol), encoder.encode(POISON))
    const count = tape.chance(12) ? 2 + tape.below(3) : 1
    const pieces = Array.from({ length: count }, () => this.#piece(source))
    const subject = tape.chance(5) ? `market.tick.${encodeURIComponent(source.symbol)}` : tickSubject(source.exchange, source.symbol)
    return stream.publish(subject, encoder.encode(pieces.join('\n')))
  }

  #piece(source: Source): string {
    const tape = this.#tape
    const kind = tape.below(100)
    if (kind >= 97) return tape.pick(BROKEN)!
    if (kind >= 95) return JSON.stringify({ ts: this.#clock.ms, bid: 1, ask: 2 })
    if (kind >= 93) return JSON.stringify({ ts: this.#clock.ms, price: tape.pick([0, -1, 5]), qty: tape.pick([-1, 1]) })
    if (kind >= 91) return JSON.stringify({ ts: this.#clock.ms + 5_001 + tape.below(3), price: 1, qty: 1 })
    if (kind >= 90) return JSON.stringify({ ts: this.#clock.ms, price: 1, qty: 1, symbol: 'other' })
    if (kind >= 75 && source.sent.length > 0) {
      const copy = source.sent[source.sent.length - 1 - tape.below(Math.min(8, source.sent.length))]!
      return tickText(kind >= 87 ? { ...copy, price: copy.price + 1 } : copy)
    }
    const trade = {
      ts: this.#clock.ms - tape.pick(LATE_MS)! - tape.below(50),
      price: (1_000 + tape.below(100)) / 10,
      qty: (1 + tape.below(9)) / 10,
      side: tape.pick(['buy', 'sell', '']),
      id: this.#id(source),
    }
    source.sent.push(trade)
    return tickText(trade)
  }

  #id(source: Source): string | number | null {
    const kind = this.#tape.below(100)
    const id = ++source.id
    if (kind >= 92) return null
    // Long ones fill chunks of stored ids soon.
    if (kind >= 60) return `${'o'.repeat(200)}${id}.`
    if (kind >= 50) return `day-${10_000 - id}`
    if (kind >= 40) return 10_000 - id
    return id
  }
}

const tickText = ({ ts, price, qty, side, id }: Trade): string =>
  JSON.stringify({ ts, price, qty, ...(side !== '' && { side }), ...(id !== null && { trade_id: id }) })
