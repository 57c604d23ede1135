import type { Control, ControlKeys } from '../../shared/adapters/nats/control.ts'
import type { StreamAccess } from '../../shared/adapters/nats/stream.ts'

/** How far a replay is: of its ticks, in their merged order, all before `next` are in the stream, at `seq` or below. `atMs` is the broker's time. */
type Mark = { readonly next: number; readonly seq: number; readonly atMs: number }

const FORGOTTEN_MS = 24 * 3_600_000

/**
 * What is kept of one run of the feed, so that the same run goes on where it was after a `kill -9`. It may lag behind the stream by what was
 * stored since it was written; it is never ahead.
 */
export class RunRecord {
  readonly #control: Control & ControlKeys
  readonly #stream: StreamAccess
  readonly #key: string

  /** @param run - a name of its own for each run, the same when it is started again. */
  constructor(control: Control & ControlKeys, stream: StreamAccess, run: string) {
    this.#control = control
    this.#stream = stream
    this.#key = `feed.${run}`
  }

  /** What an earlier process of this run has written; undefined where this is the first. */
  async read(): Promise<Mark | undefined> {
    return (await this.#control.get<Mark>(this.#key))?.value
  }

  /** Notes that all ticks before `next` are stored. None may be on its way. */
  async write(next: number): Promise<void> {
    const { last, nowMs } = await this.#stream.state()
    await this.#control.put(this.#key, { next, seq: last, atMs: nowMs } satisfies Mark)
  }

  /** The run is over. Takes along what runs left that were killed and never went on. */
  async remove(): Promise<void> {
    const { nowMs } = await this.#stream.state()
    for (const key of await this.#control.keys(['feed.*'])) {
      const found = await this.#control.get<Mark>(key)
      if (found && (key === this.#key || nowMs - found.value.atMs > FORGOTTEN_MS)) await this.#control.remove(key, found.revision)
    }
  }
}
