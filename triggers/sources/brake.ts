/** What one reader last wrote to KV `progress.{function}.{lane}-of-{readers}`, and when (broker time, ms). */
export type Progress = { readonly key: string; readonly revision: number; readonly atMs: number; readonly lag: number }

/** The stream as the broker describes it. `nowMs` is the broker's time. */
export type StreamState = {
  readonly lastSequence: number
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
  /** A reader that has not reported for so long is gone, not slow. */
  readonly goneMs: number
}

export const DEFAULT_LIMITS: BrakeLimits = { maxLag: 2_000_000, maxFill: 0.8, goneMs: 600_000 }

const READER = /^progress\.(.+)\.(\d+)-of-(\d+)$/

/**
 * The reports that count: of each function those of its present number of readers, which is the one reported last, unless it is gone.
 * (After a change from 1 reader to 4, `0-of-1` stays behind and means nothing.)
 */
function present(progress: readonly Progress[], oldestMs: number): Progress[] {
  const newest = new Map<string, { readers: string; atMs: number }>()
  for (const { key, atMs } of progress) {
    const [, name = '', , readers = ''] = READER.exec(key) ?? []
    if (name && atMs >= oldestMs && atMs > (newest.get(name)?.atMs ?? 0)) newest.set(name, { readers, atMs })
  }
  return progress.filter(({ key }) => {
    const [, name = '', , readers] = READER.exec(key) ?? []
    return newest.get(name)?.readers === readers
  })
}

/**
 * Decides whether a source must stop for now, so that no message is dropped unread and no reader falls far behind.
 * A reader that stops reporting is taken to stand still: all that was stored since its last report adds to its lag.
 *
 * @returns a function from the state of readers and stream to the reason to stop, or undefined to go on.
 */
export function brake(limits: BrakeLimits = DEFAULT_LIMITS) {
  const seen = new Map<string, { revision: number; lastSequence: number }>()

  return (progress: readonly Progress[], stream: StreamState): string | undefined => {
    const readers = present(progress, stream.nowMs - limits.goneMs)
    // Without any reader everything the stream holds is unread.
    let unread = readers.length === 0 ? stream.messages : 0
    let slowest = 'by nobody'
    for (const { key, revision, lag } of readers) {
      if (seen.get(key)?.revision !== revision) seen.set(key, { revision, lastSequence: stream.lastSequence })
      const behind = lag + Math.max(0, stream.lastSequence - seen.get(key)!.lastSequence)
      if (behind > limits.maxLag) return `${key} is ${behind} messages behind`
      if (behind > unread) [unread, slowest] = [behind, key]
    }
    const unreadBytes = stream.messages > 0 ? (stream.bytes / stream.messages) * Math.min(unread, stream.messages) : 0
    if (stream.maxBytes > 0 && unreadBytes > limits.maxFill * stream.maxBytes)
      return `${Math.round((100 * unreadBytes) / stream.maxBytes)} % of the stream's room is unread (${slowest})`
    return undefined
  }
}
