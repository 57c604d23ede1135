import type { First } from '../ports/first-table.ts'
import { NearIndex } from './near.ts'

/** For so long a document that comes again is the one that is there. By the broker's times. */
export const WINDOW_MS = 72 * 3_600_000
/** Beyond so many that have left the window, it is laid out anew. */
const MOST_GONE = 10_000

/**
 * The documents of the last 72 hours, by their first messages. What it answers for a message depends on messages before it alone,
 * whatever else it holds: one that is read again finds what it found then.
 */
export class Window {
  readonly #byId = new Map<string, First>()
  #all: First[] = []
  #near = new NearIndex()
  /** Those before it have left. */
  #from = 0

  /** The first message of the document that this one repeats; undefined where this is the first. */
  firstOf({ id, version, timeMs }: First): First | undefined {
    const first = this.#byId.get(id)
    return first && first.version < version && timeMs - first.timeMs <= WINDOW_MS ? first : undefined
  }

  /** The document before this one that it nearly repeats: that which differs least, of these the first. */
  nearest({ id, version, timeMs, simhash }: First): First | undefined {
    if (simhash === null) return undefined
    let best: { readonly first: First; readonly bits: number } | undefined
    for (const { number, bits } of this.#near.near(simhash)) {
      const first = this.#all[number]!
      if (first.id === id || first.version >= version || timeMs - first.timeMs > WINDOW_MS) continue
      if (this.#byId.get(first.id) !== first) continue
      if (!best || bits < best.bits || (bits === best.bits && first.version < best.first.version)) best = { first, bits }
    }
    return best?.first
  }

  /** Takes the first message of a document; another one of the same document is forgotten for it. */
  add(first: First): void {
    const known = this.#byId.get(first.id)
    if (known?.version === first.version) return
    this.#byId.set(first.id, first)
    const number = this.#all.push(first) - 1
    if (first.simhash !== null) this.#near.add(number, first.simhash)
  }

  /** Lets go of what was too old before that time. @returns its ids. */
  prune(nowMs: number): string[] {
    const gone: string[] = []
    for (; this.#from < this.#all.length; this.#from++) {
      const first = this.#all[this.#from]!
      if (nowMs - first.timeMs <= WINDOW_MS) break
      if (this.#byId.get(first.id) === first && this.#byId.delete(first.id)) gone.push(first.id)
    }
    if (this.#all.length - this.#byId.size > MOST_GONE) this.#layOut()
    return gone
  }

  #layOut(): void {
    this.#all = this.#all.filter((first) => this.#byId.get(first.id) === first)
    this.#near = new NearIndex()
    this.#from = 0
    for (const [number, { simhash }] of this.#all.entries()) if (simhash !== null) this.#near.add(number, simhash)
  }
}
