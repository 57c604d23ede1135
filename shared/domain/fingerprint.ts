const doubles = new Float64Array(3)
const words = new Uint32Array(doubles.buffer)

/** A 32-bit fingerprint of a trade's content: tells a differing copy of a known trade id from a repeated one. Stored: never change it. */
export function fingerprint(tsMs: number, price: number, qty: number, side: number): number {
  doubles[0] = tsMs
  doubles[1] = price
  doubles[2] = qty
  let hash = side
  for (let i = 0; i < 6; i++) {
    hash = Math.imul(hash ^ words[i]!, 0x85ebca6b)
    hash ^= hash >>> 13
  }
  hash = Math.imul(hash, 0xc2b2ae35)
  return (hash ^ (hash >>> 16)) >>> 0
}
