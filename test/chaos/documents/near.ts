/** 64 bits as 16 hexadecimal digits. */
export type SimHash = string

type Halves = readonly [number, number]
type Known = { readonly id: string; readonly halves: Halves }

const NEAR_BITS = 7
const LEAST_WORDS = 12
const MASK = 0xffffffffn

/** What each of the 64 bits of a word's hash adds to its sum, the highest bit first. */
const votesOf = new Map<string, Int8Array>()

/** The SimHash of a text as docs/documents.md and shared/alt/simhash.ts say it, bit by bit: a judge of its own. */
export function simhashOf(text: string): SimHash | null {
  const words = new Set(text.toLowerCase().match(/[\p{L}\p{N}]+/gu))
  if (words.size < LEAST_WORDS) return null
  const sums = new Array<number>(64).fill(0)
  for (const word of words) {
    const votes = votesOf.get(word) ?? votes64(word)
    votesOf.set(word, votes)
    for (let i = 0; i < 64; i++) sums[i]! += votes[i]!
  }
  return BigInt(`0b${sums.map((sum) => (sum > 0 ? 1 : 0)).join('')}`)
    .toString(16)
    .padStart(16, '0')
}

function votes64(word: string): Int8Array {
  let fnv = 0x811c9dc5n
  for (let i = 0; i < word.length; i++) fnv = ((fnv ^ BigInt(word.charCodeAt(i))) * 0x01000193n) & MASK
  const bits = (murmur(fnv ^ 0x9e3779b9n) << 32n) | murmur((fnv * 0xc2b2ae35n + 0x85ebca6bn) & MASK)
  return Int8Array.from(bits.toString(2).padStart(64, '0'), (bit) => (bit === '1' ? 1 : -1))
}

function murmur(value: bigint): bigint {
  const one = ((value ^ (value >> 16n)) * 0x85ebca6bn) & MASK
  const two = ((one ^ (one >> 13n)) * 0xc2b2ae35n) & MASK
  return two ^ (two >> 16n)
}

export const halvesOf = (hash: SimHash): Halves => [Number.parseInt(hash.slice(0, 8), 16), Number.parseInt(hash.slice(8), 16)]

/** Of all, one after the other, the first of those that differ in the fewest bits. */
export function nearest(all: Known[], [high, low]: Halves): Known | undefined {
  let best: Known | undefined
  let least = NEAR_BITS + 1
  for (const known of all) {
    const bits = ones(known.halves[0] ^ high) + ones(known.halves[1] ^ low)
    if (bits < least) [best, least] = [known, bits]
  }
  return best
}

function ones(value: number): number {
  let left = value
  let count = 0
  for (; left !== 0; count++) left &= left - 1
  return count
}
