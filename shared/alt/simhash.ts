/** A SimHash: 64 bits as 16 hexadecimal digits. */
export type SimHash = string

/** Texts of fewer different words say too little: unlike ones would look alike. */
const LEAST_WORDS = 12
/** No text has 2 to the 24th words. */
const COUNT_BITS = 24
const WORD = /[\p{L}\p{N}]+/gu

/**
 * Charikar's SimHash of the different words of a text, in lower case: texts that share most of their words differ in few of its 64 bits.
 * null for a text of under twelve words. On successive statements of the FOMC, words told near-duplicates better than shingles of two to four words did (docs/documents.md).
 * @see M. Charikar, Similarity Estimation Techniques from Rounding Algorithms (STOC 2002); G. Manku et al., Detecting Near-Duplicates for Web Crawling (WWW 2007)
 */
export function simhashOf(text: string): SimHash | null {
  const words = new Set(text.toLowerCase().match(WORD))
  if (words.size < LEAST_WORDS) return null
  const [high, low] = [new Int32Array(COUNT_BITS), new Int32Array(COUNT_BITS)]
  for (const word of words) {
    const hash = hashOf(word)
    count(high, mix(hash ^ 0x9e3779b9))
    count(low, mix(Math.imul(hash, 0xc2b2ae35) + 0x85ebca6b))
  }
  return halfOf(high, words.size) + halfOf(low, words.size)
}

/** Its two halves as numbers of 32 bits. */
export const halvesOf = (hash: SimHash): readonly [number, number] => [
  Number.parseInt(hash.slice(0, 8), 16) | 0,
  Number.parseInt(hash.slice(8), 16) | 0,
]

/** How many bits of a number of 32 bits are set (Warren, Hacker's Delight, 5-1). */
export function bitsIn(number: number): number {
  let bits = number - ((number >>> 1) & 0x55555555)
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333)
  return Math.imul((bits + (bits >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24
}

/** Adds each of 32 bits to a counter of its own; the counters stand upright, their bits of equal weight in one number: most additions end after two steps. */
function count(counters: Int32Array, bits: number): void {
  for (let i = 0, carry = bits; carry !== 0; i++) {
    const both = counters[i]! & carry
    counters[i]! ^= carry
    carry = both
  }
}

/** The bits that more than half of the words have. */
function halfOf(counters: Int32Array, words: number): string {
  let bits = 0
  for (let bit = 31; bit >= 0; bit--) {
    let times = 0
    for (let i = 0; i < COUNT_BITS; i++) times += ((counters[i]! >>> bit) & 1) << i
    bits = (bits << 1) | (2 * times > words ? 1 : 0)
  }
  return (bits >>> 0).toString(16).padStart(8, '0')
}

/** FNV-1a of a word. */
function hashOf(word: string): number {
  let hash = 0x811c9dc5
  for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193)
  return hash
}

/** The finalizer of MurmurHash3: each bit of what goes in moves half of those that come out. */
function mix(hash: number): number {
  let bits = hash ^ (hash >>> 16)
  bits = Math.imul(bits, 0x85ebca6b)
  bits ^= bits >>> 13
  bits = Math.imul(bits, 0xc2b2ae35)
  return bits ^ (bits >>> 16)
}
