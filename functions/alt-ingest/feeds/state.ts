import { createHash } from 'node:crypto'
import type { Entry } from './read.ts'

/** Where a feed stands: one small value in the control bucket, for all replicas. */
export type FeedState = {
  /** Where it was read: of another address nothing of this holds. */
  readonly url: string
  /** It is not asked before. While somebody reads it, this is when he is given up. */
  readonly nextMs: number
  /** Tries in a row that failed. */
  readonly failures: number
  readonly etag?: string | undefined
  readonly lastModified?: string | undefined
  /** Entries that were published or refused, by {@link keyOf}; those of the last reading first. */
  readonly seen: readonly string[]
}

/** The part of the control bucket that is needed here. */
export interface FeedStore {
  get<T>(key: string): Promise<{ readonly value: T; readonly revision: number } | undefined>
  create(key: string, value: unknown): Promise<number | undefined>
  replace(key: string, value: unknown, revision: number): Promise<number | undefined>
}

const MOST_SEEN = 3_000
const LONGEST_PAUSE_MS = 6 * 3_600_000
const MOST_ASKED_MS = 24 * 3_600_000

export const freshState = (url: string): FeedState => ({ url, nextMs: 0, failures: 0, seen: [] })

/** What names an entry in a state: short, as there are many. */
export const keyOf = ({ id }: Pick<Entry, 'id'>): string => createHash('sha256').update(id).digest('base64url').slice(0, 11)

/** After the entries of a reading were published: those it lists first, then those it no longer does, so that one that comes back is not new. */
export const seenNow = (listed: readonly string[], seen: readonly string[]): string[] =>
  [...new Set([...listed, ...seen])].slice(0, MOST_SEEN)

/** How long a feed is left alone that failed so many times in a row: twice as long each time, and as long as its server asks for. */
export const pauseMs = (everyMs: number, failures: number, askedMs = 0): number =>
  Math.max(everyMs, Math.min(everyMs * 2 ** Math.min(failures - 1, 20), LONGEST_PAUSE_MS), Math.min(askedMs, MOST_ASKED_MS))
