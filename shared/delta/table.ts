import { randomUUID } from 'node:crypto'
import type { ObjectStore } from '../ports/object-store.ts'
import type { Codec, Parquet } from '../ports/parquet.ts'
import { TerminalError } from '../runtime/errors.ts'
import type { Action, Add, MetaData, Txn } from './action.ts'
import type { BinOptions } from './bins.ts'
import { cleanUpLog } from './clean-up.ts'
import { DataFile } from './data-file.ts'
import { Log } from './log.ts'
import { type Optimized, optimize } from './optimize.ts'
import { keyOfPath } from './path.ts'
import { PROTOCOL } from './protocol.ts'
import { type Column, evolve, toSchemaString } from './schema.ts'
import type { Snapshot } from './snapshot.ts'
import { vacuum } from './vacuum.ts'
import { type Committed, Writer } from './writer.ts'

/** What a table is to be like when it is made; an existing one keeps its partitions, and gets the columns that it lacks. */
export type TableSpec = {
  /** Its root in the store, without a slash at its end. */
  readonly key: string
  readonly columns: readonly Column[]
  readonly partitionBy: readonly string[]
  readonly codec: Codec
  readonly description?: string
}

/** What an append adds, decided on the table as it is; undefined where nothing is to be added (any longer). */
export type Append = (snapshot: Snapshot) => { readonly adds: readonly Add[]; readonly txns: readonly Txn[] } | undefined

/**
 * One Delta table: reader version 1, writer version 2 (PROTOCOL.md of delta-io/delta). See shared/delta/README.md for what is done and what is not.
 * All of it throws RetryableError ERR_UNAVAILABLE while the store is away, and TerminalError ERR_CONFIG for a table that this module may not touch.
 */
export class Table {
  readonly spec: TableSpec
  readonly log: Log
  readonly writer: Writer
  readonly #store: ObjectStore
  readonly #parquet: Parquet

  constructor(spec: TableSpec, store: ObjectStore, parquet: Parquet) {
    this.spec = spec
    this.#store = store
    this.#parquet = parquet
    this.log = new Log({ store, parquet, key: spec.key })
    this.writer = new Writer(this.log)
  }

  /** The table as it is now; of version -1 where there is none. What is given changes with the next call. */
  snapshot(): Promise<Snapshot> {
    return this.writer.snapshot()
  }

  /** A file to write rows to, for a partition. It is not part of the table before {@link store} and {@link append}. */
  file(partitionValues: Readonly<Record<string, string | null>>): DataFile {
    const { columns, codec } = this.spec
    return new DataFile({ parquet: this.#parquet, columns, partitionValues, codec })
  }

  /** Puts a finished file where its action says it is. Doing it again changes nothing. */
  store({ path }: Add, bytes: Uint8Array): Promise<void> {
    return this.#store.put(keyOfPath(path, this.spec.key), bytes)
  }

  /** Appends files and moves transactions in one commit; makes the table, or adds columns to it, where that is needed. */
  append(append: Append): Promise<Committed> {
    return this.writer.commit((snapshot) => {
      const wanted = append(snapshot)
      if (!wanted) return undefined
      const { adds, txns } = wanted
      const actions = [...this.#prepare(snapshot), ...txns.map((txn): Action => ({ txn })), ...adds.map((add): Action => ({ add }))]
      return { operation: snapshot.version < 0 ? 'CREATE TABLE AS SELECT' : 'WRITE', actions }
    })
  }

  /** Writes a checkpoint of the table as it is now, if it has `every` commits since the last one. */
  async checkpoint(every = 1): Promise<number | undefined> {
    const snapshot = await this.writer.snapshot()
    if (snapshot.version < 0 || snapshot.version - ((await this.log.lastCheckpoint()) ?? -1) < every) return undefined
    const { version } = snapshot
    await this.log.putCheckpoint(snapshot, Date.now())
    return version
  }

  /** Rewrites small files into few sorted ones. */
  optimize(options: BinOptions & { readonly untilMs: number }): Promise<Optimized> {
    const { key, codec } = this.spec
    return optimize(this.writer, { store: this.#store, parquet: this.#parquet, key, codec, ...options })
  }

  /** Deletes files that no version within the retention has. */
  async vacuum(untilMs: number, nowMs = Date.now()): Promise<{ deleted: number; done: boolean }> {
    return vacuum(await this.writer.snapshot(), { store: this.#store, key: this.spec.key, nowMs, untilMs })
  }

  /** Deletes what of the log lies before the retention. */
  cleanUpLog(untilMs: number, nowMs = Date.now()): Promise<{ deleted: number; done: boolean }> {
    return cleanUpLog(this.log, { store: this.#store, key: this.spec.key, nowMs, untilMs })
  }

  /** What has to stand in a commit beside its files: the table itself, where there is none, or the columns it lacks. */
  #prepare({ version, metaData }: Snapshot): Action[] {
    const { columns, partitionBy, codec, description } = this.spec
    if (version < 0 || !metaData) {
      const made: MetaData = {
        id: randomUUID(),
        ...(description !== undefined && { description }),
        format: { provider: 'parquet', options: {} },
        schemaString: toSchemaString(columns),
        partitionColumns: partitionBy,
        configuration: { 'delta.parquet.compression.codec': codec },
        createdTime: Date.now(),
      }
      return [{ protocol: PROTOCOL }, { metaData: made }]
    }
    if (metaData.partitionColumns.join() !== partitionBy.join())
      throw new TerminalError(
        'ERR_CONFIG',
        `the table is partitioned by ${metaData.partitionColumns.join(', ') || 'nothing'}, not by ${partitionBy.join(', ')}`,
      )
    const schemaString = evolve(metaData.schemaString, columns)
    return schemaString === undefined ? [] : [{ metaData: { ...metaData, schemaString } }]
  }
}
