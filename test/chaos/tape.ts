import { tickSubject } from '../../shared/contract/subjects.ts'
import type { Code } from '../../shared/runtime/errors.ts'
import { random } from './random.ts'
import type { Track } from './tracks.ts'

/** A message that must end in the dead letters, and with which code. */
export type Bad = { readonly subject: string; readonly text: string; readonly code: Code }

/** All messages of a run in the one order they are published in, again and again if need be; made on demand, so that a long run fits in memory. */
export type Tape = {
  readonly length: number
  /** How many messages are due after `ms`. */
  dueAfter(ms: number): number
  message(index: number): { readonly subject: string; readonly text: string }
  /** Every bad message, by its text, which no other message has. */
  readonly bad: ReadonlyMap<string, Bad>
  /** How many messages of each track are on it. */
  readonly counts: readonly number[]
}

const BAD_EVERY_MS = 250
/** Bad messages begin once every market has ticks to be late or different against. */
const BAD_FROM_MS = 2000
const DAY = 86_400_000

/** Merges the tracks by their rates over `durationMs`, with a bad message in between every 250 ms. Depends on its arguments alone. */
export function tapeOf(tracks: readonly Track[], durationMs: number, seed: number): Tape {
  const BAD = tracks.length
  const next = random(seed)
  const counts = tracks.map(({ perSecond }) => Math.floor((perSecond * durationMs) / 1000))
  const badCount = Math.max(0, Math.floor((durationMs - BAD_FROM_MS) / BAD_EVERY_MS))
  const length = counts.reduce((sum, count) => sum + count, badCount)
  const trackOf = new Uint8Array(length)
  const positionOf = new Uint32Array(length)
  const dueMs = new Float64Array(length)

  const bads: Bad[] = []
  const done = new Array<number>(BAD + 1).fill(0)
  const dueOf = (track: number): number => {
    const position = done[track]!
    if (track === BAD) return position < badCount ? BAD_FROM_MS + position * BAD_EVERY_MS : Number.POSITIVE_INFINITY
    return position < counts[track]! ? (position * 1000) / tracks[track]!.perSecond : Number.POSITIVE_INFINITY
  }
  for (let i = 0; i < length; i++) {
    let track = 0
    for (let other = 1; other <= BAD; other++) if (dueOf(other) < dueOf(track)) track = other
    dueMs[i] = dueOf(track)
    trackOf[i] = track
    positionOf[i] = done[track]!
    if (track === BAD) {
      const chosen = Math.floor(next() * BAD)
      bads.push(badMessage(KINDS[bads.length % KINDS.length]!, bads.length, tracks[chosen]!, done[chosen]! - 1))
    }
    done[track]!++
  }

  return {
    length,
    counts,
    bad: new Map(bads.map((bad) => [bad.text, bad])),
    message(index) {
      const position = positionOf[index]!
      if (trackOf[index] === BAD) return bads[position]!
      const { subject, line } = tracks[trackOf[index]!]!.message(position)
      return { subject, text: line }
    },
    dueAfter(ms) {
      let [low, high] = [0, length]
      while (low < high) {
        const middle = (low + high) >>> 1
        if (dueMs[middle]! <= ms) low = middle + 1
        else high = middle
      }
      return low
    },
  }
}

const KINDS = [
  'BAD_TICK',
  'NON_FINITE',
  'PRICE_NOT_POSITIVE',
  'QTY_NEGATIVE',
  'SUBJECT_MISMATCH',
  'FUTURE_TS',
  'LATE_TS',
  'TRADE_MISMATCH',
] as const

/** Spoils the tick that its track delivered last (`position`), so that nothing but the one fault is wrong with it. */
function badMessage(code: (typeof KINDS)[number], number: number, track: Track, position: number): Bad {
  const { subject, line } = track.message(position)
  const tick = JSON.parse(line)
  const trade_id = `bad-${number}`
  const spoiled = {
    BAD_TICK: { timestamp: 'never', trade_id },
    NON_FINITE: { trade_id },
    PRICE_NOT_POSITIVE: { price: -number, trade_id },
    QTY_NEGATIVE: { qty: -1, trade_id },
    SUBJECT_MISMATCH: { trade_id },
    FUTURE_TS: { timestamp: 4_102_444_800_000, trade_id },
    LATE_TS: { timestamp: tick.timestamp - 30 * DAY, trade_id },
    TRADE_MISMATCH: { price: tick.price + 1000 + number },
  }[code]
  const text = JSON.stringify({ ...tick, ...spoiled })
  if (code === 'SUBJECT_MISMATCH') return { subject: tickSubject(track.exchange, 'ANOTHER'), code, text }
  return { subject, code, text: code === 'NON_FINITE' ? text.replace(/"price":[^,]+/, '"price":NaN') : text }
}
