import type { ByteWriter } from 'hyparquet-writer'
import { writeSteps } from './steps.ts'

/**
 * DELTA_BYTE_ARRAY (Parquet's encodings.md): of each text how many bytes it shares with the one before, and the rest. Ids that count up take two bytes or three.
 * @param bytes - the texts' bytes, one after the other. @param lengths - how many are each text's.
 */
export function writePrefixed(to: ByteWriter, bytes: Uint8Array, lengths: Int32Array): void {
  const shared = new Float64Array(lengths.length)
  const rest = new Float64Array(lengths.length)
  const ends = new Uint8Array(bytes.length)
  let size = 0
  let before = 0
  let at = 0
  for (let i = 0; i < lengths.length; i++) {
    const length = lengths[i]!
    const most = i === 0 ? 0 : Math.min(length, at - before)
    let same = 0
    while (same < most && bytes[before + same] === bytes[at + same]) same++
    shared[i] = same
    rest[i] = length - same
    for (let k = same; k < length; k++) ends[size++] = bytes[at + k]!
    before = at
    at += length
  }
  writeSteps(to, shared)
  writeSteps(to, rest)
  to.appendBytes(ends.subarray(0, size))
}
