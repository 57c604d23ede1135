import type { ByteWriter } from 'hyparquet-writer'

const BLOCK = 128
const MINIBLOCKS = 4
const MINIBLOCK = BLOCK / MINIBLOCKS
/** So many bits are packed at once: with the up to 7 that wait they fit into the 32 of a bitwise operation. */
const MOST_BITS = 24

/** The widest range of integers whose steps, and the differences of those, doubles hold exactly. */
export const MOST_RANGE = 2 ** 52

/**
 * DELTA_BINARY_PACKED (Parquet's encodings.md): integers by the steps between them, of which each block stores the least and what the others are above it.
 * Hyparquet-writer takes a bigint for each integer beyond 32 bits, which costs more than all the rest of a row; here they are doubles.
 * @param values - integers whose greatest is less than {@link MOST_RANGE} above their least.
 */
export function writeSteps(to: ByteWriter, values: ArrayLike<number>): void {
  const count = values.length
  to.appendVarInt(BLOCK)
  to.appendVarInt(MINIBLOCKS)
  to.appendVarInt(count)
  appendZigZag(to, count > 0 ? values[0]! : 0)
  const steps = new Float64Array(BLOCK)
  const packed = new Uint8Array((64 / 8) * BLOCK)
  for (let from = 1; from < count; from += BLOCK) {
    const length = Math.min(BLOCK, count - from)
    let least = Number.POSITIVE_INFINITY
    for (let i = 0; i < length; i++) {
      const step = values[from + i]! - values[from + i - 1]!
      steps[i] = step
      if (step < least) least = step
    }
    appendZigZag(to, least)
    // What is missing in the last block is padding.
    for (let i = 0; i < BLOCK; i++) steps[i] = i < length ? steps[i]! - least : 0
    let size = 0
    for (let at = 0; at < BLOCK; at += MINIBLOCK) {
      let most = 0
      for (let i = at; i < at + MINIBLOCK; i++) if (steps[i]! > most) most = steps[i]!
      const width = widthOf(most)
      to.appendUint8(width)
      size = pack(steps, at, width, packed, size)
    }
    to.appendBytes(packed.subarray(0, size))
  }
}

/** Packs 32 integers, the lowest bits first. @returns where the next byte goes. */
function pack(values: Float64Array, from: number, width: number, into: Uint8Array, at: number): number {
  if (width === 0) return at
  let waiting = 0
  let bits = 0
  for (let i = from; i < from + MINIBLOCK; i++) {
    let rest = values[i]!
    for (let left = width; left > 0; left -= MOST_BITS) {
      const high = left > MOST_BITS ? Math.floor(rest / 2 ** MOST_BITS) : 0
      waiting |= (rest - high * 2 ** MOST_BITS) << bits
      bits += Math.min(left, MOST_BITS)
      rest = high
      for (; bits >= 8; bits -= 8) {
        into[at++] = waiting
        waiting >>>= 8
      }
    }
  }
  return at
}

const widthOf = (value: number): number => (value < 2 ** 32 ? 32 - Math.clz32(value) : 64 - Math.clz32(Math.floor(value / 2 ** 32)))

/** A varint of the integer's zigzag, whose doubling may leave what doubles hold: the lowest 7 bits first, then the rest. */
function appendZigZag(to: ByteWriter, value: number): void {
  const size = value < 0 ? -1 - value : value
  const low = (size % 64) * 2 + (value < 0 ? 1 : 0)
  let rest = Math.floor(size / 64)
  to.appendUint8(rest > 0 ? low + 128 : low)
  while (rest > 0) {
    const byte = rest % 128
    rest = Math.floor(rest / 128)
    to.appendUint8(rest > 0 ? byte + 128 : byte)
  }
}
