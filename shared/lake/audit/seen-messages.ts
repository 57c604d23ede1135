import type { Values } from '../../delta/column-data.ts'
import { TICK_COLUMNS } from '../tick-table.ts'

const NAMES = ['stream_epoch', 'stream_seq', 'stream_line']
/** The columns that name a row. */
export const NAME_COLUMNS = TICK_COLUMNS.filter(({ name }) => NAMES.includes(name))

/** What was found of one life of the stream: messages from the first to the last that has a row, and how many between them have none. */
export type EpochFound = {
  readonly epoch: number
  readonly rows: number
  readonly double: number
  readonly messages: number
  readonly from: number
  readonly to: number
  readonly absent: number
}

type Epoch = { rows: number; double: number; messages: number; from: number; to: number; any: Bits; first: Bits; further: Set<string> }

/** Counts rows by the tick they come from: two bits a message, however many there are, and a name for each further tick of a message that holds several. */
export class SeenMessages {
  readonly #epochs = new Map<number, Epoch>()
  readonly #after: number

  /** @param after - only messages after this sequence count. */
  constructor(after = 0) {
    this.#after = after
  }

  /** Takes rows of a file, by their {@link NAME_COLUMNS}. @returns how many. */
  addRows({ stream_epoch, stream_seq, stream_line }: Readonly<Record<string, Values>>): number {
    const count = stream_seq!.length
    for (let i = 0; i < count; i++) this.add(Number(stream_epoch![i]), Number(stream_seq![i]), Number(stream_line![i]))
    return count
  }

  add(epoch: number, sequence: number, line: number): void {
    if (sequence <= this.#after) return
    const at = sequence - this.#after
    const found = this.#epochs.get(epoch) ?? this.#begin(epoch)
    found.rows++
    if (found.any.set(at)) found.messages++
    const name = `${sequence}.${line}`
    const isNew = line === 0 ? found.first.set(at) : !found.further.has(name)
    if (!isNew) found.double++
    if (line > 0) found.further.add(name)
    found.from = Math.min(found.from, sequence)
    found.to = Math.max(found.to, sequence)
  }

  /** Whether a message has a row. */
  has(epoch: number, sequence: number): boolean {
    return sequence > this.#after && (this.#epochs.get(epoch)?.any.has(sequence - this.#after) ?? false)
  }

  epochs(): EpochFound[] {
    return [...this.#epochs]
      .map(([epoch, { rows, double, messages, from, to }]) => ({
        epoch,
        rows,
        double,
        messages,
        from,
        to,
        absent: to - from + 1 - messages,
      }))
      .sort((a, b) => a.epoch - b.epoch)
  }

  #begin(epoch: number): Epoch {
    const nothing = { rows: 0, double: 0, messages: 0, from: Number.POSITIVE_INFINITY, to: 0 }
    const made = { ...nothing, any: new Bits(), first: new Bits(), further: new Set<string>() }
    this.#epochs.set(epoch, made)
    return made
  }
}

const FIRST_BYTES = 1 << 17

class Bits {
  #bytes = new Uint8Array(FIRST_BYTES)

  has(at: number): boolean {
    return ((this.#bytes[Math.floor(at / 8)] ?? 0) & (1 << (at % 8))) !== 0
  }

  /** Sets a bit. @returns whether it was not set before. */
  set(at: number): boolean {
    const byte = Math.floor(at / 8)
    if (byte >= this.#bytes.length) {
      const larger = new Uint8Array(Math.max(2 * this.#bytes.length, byte + 1))
      larger.set(this.#bytes)
      this.#bytes = larger
    }
    const bit = 1 << (at % 8)
    const isNew = (this.#bytes[byte]! & bit) === 0
    this.#bytes[byte]! |= bit
    return isNew
  }
}
