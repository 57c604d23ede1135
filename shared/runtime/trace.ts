import { randomFillSync } from 'node:crypto'

/** Of a trace id and of a span id. */
const BYTES = [16, 8] as const
const EACH = BYTES[0] + BYTES[1]
/** Drawn in advance by the hundred: bytes asked for singly cost more than a small call. */
const drawn = Buffer.allocUnsafeSlow(128 * EACH)
let at = drawn.length

/** The `traceparent` (W3C trace context) of a trace that begins here, marked as sampled. */
export function newTraceparent(): string {
  if (at === drawn.length) {
    randomFillSync(drawn)
    at = 0
  }
  const hex = drawn.toString('hex', at, at + EACH)
  at += EACH
  return `00-${hex.slice(0, 2 * BYTES[0])}-${hex.slice(2 * BYTES[0])}-01`
}
