import type { BatchHead } from '../../shared/contract/batch.ts'
import type { Add } from '../../shared/delta/action.ts'
import { type DataFile, isStale, renewed } from '../../shared/delta/data-file.ts'
import type { Table } from '../../shared/delta/table.ts'
import type { Position } from '../../shared/domain/position.ts'
import { TickRows } from '../../shared/lake/tick-rows.ts'

const DAY_MS = 86_400_000
/** Rows of a group: beyond so many they are encoded, and what waits is their Parquet bytes. */
const GROUP_ROWS = 65_536

/** A finished file and the action that adds it. */
export type Made = { readonly add: Add; readonly bytes: Uint8Array }

/** What will be one commit: rows, encoded as they come, and the positions it moves from and to. */
export class Draft {
  readonly rows = new TickRows()
  /** Where every slot must stand in the table when it is committed. */
  readonly from: BatchHead['slots']
  last: Position | undefined
  /** Bytes of the messages taken in. */
  sizeBytes = 0
  readonly openedMs: number
  /** Its rows are not whole any more: only the stream has them. */
  isBroken = false
  readonly #table: Table
  readonly #files = new Map<string, DataFile>()
  #made: readonly Made[] | undefined
  #encoded = 0
  readonly #stored = new Set<string>()

  constructor(table: Table, from: BatchHead['slots'], nowMs: number) {
    this.#table = table
    this.from = from
    this.openedMs = nowMs
  }

  /** Rows in it, encoded or not. */
  get count(): number {
    return this.rows.length + this.#encoded
  }

  /** Partitions it has files of. */
  get partitions(): number {
    return this.#files.size
  }

  /** Encodes what waits, if that is enough for a group. */
  settle(): void {
    if (this.rows.length >= GROUP_ROWS) this.#encode()
  }

  /** The files, whole. The second time they are the same ones; after a day they get other paths, where nothing takes them for what a crash left. */
  finish(nowMs: number): readonly Made[] {
    if (!this.#made) {
      this.#encode()
      this.isBroken = true
      this.#made = [...this.#files.values()].map((file) => file.finish(nowMs))
      this.isBroken = false
      this.#files.clear()
    }
    if (this.#made.some(({ add }) => isStale(add, nowMs)))
      this.#made = this.#made.map(({ add, bytes }) => ({ add: renewed(add, nowMs), bytes }))
    return this.#made
  }

  /** Puts the files where their actions say they are; those that are there already stay. */
  async store(made: readonly Made[]): Promise<void> {
    const put = async ({ add, bytes }: Made) => {
      if (this.#stored.has(add.path)) return
      await this.#table.store(add, bytes)
      this.#stored.add(add.path)
    }
    // All of them: none may still be on its way when it is put again.
    const failed = (await Promise.allSettled(made.map(put))).find((result) => result.status === 'rejected')
    if (failed) throw failed.reason
  }

  #encode(): void {
    // Until all of it is encoded: what failed in the middle has some of its rows in a file, and cannot be encoded again.
    this.isBroken = true
    const { partitionBy } = this.#table.spec
    const bySymbol = partitionBy.includes('symbol')
    for (const { day, symbol, rows, values } of this.rows.groups(bySymbol)) {
      const dt = new Date(day * DAY_MS).toISOString().slice(0, 10)
      const name = `${dt} ${bySymbol ? symbol : ''}`
      let file = this.#files.get(name)
      if (!file) {
        file = this.#table.file(bySymbol ? { symbol, dt } : { dt })
        this.#files.set(name, file)
      }
      file.write(rows, values)
      this.#encoded += rows
    }
    this.rows.truncate(0)
    this.isBroken = false
  }
}
