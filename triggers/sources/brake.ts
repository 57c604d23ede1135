/** How far one reader is: KV `progress.{function}.{lane}-of-{readers}`, last changed at `atMs` (broker time). */
export type Progress = {
  readonly key: string
  readonly atMs: number
  /** How many messages of the stream it reads are still before it. */
  readonly lag: number
}

/** The stream as the broker describes it. `nowMs` is the broker's time. */
export type StreamState = {
  readonly messages: number
  readonly bytes: number
  /** -1 = no limit. */
  readonly maxBytes: number
  readonly nowMs: number
}

export type BrakeLimits = {
  /** How many messages the slowest reader may be behind. */
  readonly maxLag: number
  /** The share of the stream's limit that unread messages may fill. */
  readonly maxFill: number
  /** A reader that is behind and has said nothing for so long is away, not slow: lanes that are delivered say something each 10 s. */
  readonly silentMs: number
}

export const DEFAULT_LIMITS: BrakeLimits = { maxLag: 2_000_000, maxFill: 0.8, silentMs: 30_000 }

/** `progress.tick-to-bar.0-of-4` -> tick-to-bar, 4. */
const readerOf = (key: string) => {
  const [, name = '', readers = ''] = /^progress\.(.+)\.\d+-of-(\d+)$/.exec(key) ?? []
  return { name, readers }
}

/**
 * The reports that count: of each function those of its present number of readers, which is the one that moved last.
 * (After a change from 1 reader to 4, `0-of-1` stays behind and means nothing.)
 */
function present(progress: readonly Progress[]): Progress[] {
  const newest = new Map<string, { readers: string; atMs: number }>()
  for (const { key, atMs } of progress) {
    const { name, readers } = readerOf(key)
    if (atMs > (newest.get(name)?.atMs ?? -1)) newest.set(name, { readers, atMs })
  }
  return progress.filter(({ key }) => newest.get(readerOf(key).name)?.readers === readerOf(key).readers)
}

/**
 * Decides whether a source must stop for now, so that no message is dropped unread and no reader falls far behind. A reader that is away is not
 * waited for, as long as there is room for what it has not read.
 * @returns the reason to stop, or undefined to go on.
 */
export function brake(progress: readonly Progress[], stream: StreamState, limits: BrakeLimits = DEFAULT_LIMITS): string | undefined {
  const readers = present(progress)
  const slow = furthestBehind(readers.filter(({ atMs }) => stream.nowMs - atMs < limits.silentMs))
  if (slow && slow.lag > limits.maxLag) return `${slow.key} is ${slow.lag} messages behind`
  // Without any reader everything the stream holds is unread.
  const { key, lag } = furthestBehind(readers) ?? { key: 'nobody', lag: stream.messages }
  const unreadBytes = stream.messages > 0 ? (stream.bytes / stream.messages) * Math.min(lag, stream.messages) : 0
  if (stream.maxBytes > 0 && unreadBytes > limits.maxFill * stream.maxBytes)
    return `${Math.round((100 * unreadBytes) / stream.maxBytes)} % of the stream's room is unread by ${key}`
  return undefined
}

const furthestBehind = (readers: readonly Progress[]): Progress | undefined =>
  readers.length === 0 ? undefined : readers.reduce((a, b) => (b.lag > a.lag ? b : a))
