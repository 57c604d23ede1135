import { createHash } from 'node:crypto'
import { LAKE } from '../../contract/lake.ts'
import type { Add } from '../../delta/action.ts'
import { keyOfPath } from '../../delta/path.ts'
import { fieldsOf } from '../../delta/schema.ts'
import type { Snapshot } from '../../delta/snapshot.ts'
import { Table } from '../../delta/table.ts'
import type { ObjectStore } from '../../ports/object-store.ts'
import type { Parquet } from '../../ports/parquet.ts'
import type { SqlTable } from '../../ports/sql-engine.ts'
import { TerminalError } from '../../runtime/errors.ts'
import type { Wanted } from '../file-cache.ts'
import { sqlColumns } from './columns.ts'
import { mayHold } from './prune.ts'
import type { Reading } from './syntax.ts'

/** A table as a query reads it: which version, how many files that has, and those that the query needs. */
export type Found = {
  readonly table: Omit<SqlTable, 'files'>
  readonly version: number
  readonly files: number
  readonly wanted: readonly Wanted[]
}

type Options = {
  readonly store: ObjectStore
  readonly parquet: Parquet
  /** Where tables are that are not at `lake/NAME`. */
  readonly places: Readonly<Record<string, string>>
}

/** The tables of the lake by their names in SQL: `lake/NAME` in the bucket, unless it is known to be elsewhere. */
export class LakeTables {
  readonly #options: Options
  readonly #known = new Map<string, Table>()

  constructor(options: Options) {
    this.#options = options
  }

  /**
   * What a statement's readings of one table need.
   * @param version - as the table was then; as it is now where none is given.
   * @throws {TerminalError} ERR_SQL where there is no such table, ERR_NOT_FOUND where it has no such version.
   */
  async find(name: string, readings: readonly Reading[], version?: number): Promise<Found> {
    const key = this.#options.places[name] ?? `${LAKE}/${name}`
    const table =
      this.#known.get(name) ?? new Table({ key, columns: [], partitionBy: [], codec: 'snappy' }, this.#options.store, this.#options.parquet)
    const snapshot = version === undefined ? await table.snapshot() : await table.log.loadAt(version)
    if (snapshot.version < 0 || !snapshot.metaData) throw new TerminalError('ERR_SQL', `the lake has no table ${name}`)
    this.#known.set(name, table)
    return foundIn(name, key, snapshot, readings)
  }
}

/** The files of a snapshot in which rows may be that one of the readings is after. */
export function foundIn(name: string, key: string, { version, metaData, files }: Snapshot, readings: readonly Reading[]): Found {
  const { schemaString, partitionColumns } = metaData!
  const types = new Map(fieldsOf(schemaString).map((field) => [field.name.toLowerCase(), field]))
  const adds = [...files.values()].filter((add) => readings.some(({ where }) => mayHold(add, where, types)))
  return {
    table: { name, columns: sqlColumns(schemaString), partitionedBy: partitionColumns },
    version,
    files: files.size,
    wanted: adds.map((add) => wantedOf(add, key, partitionColumns)),
  }
}

/** Where DuckDB finds a partition's values: in folders, encoded as in a URL. */
function wantedOf({ path, partitionValues, size }: Add, tableKey: string, partitionColumns: readonly string[]): Wanted {
  const key = keyOfPath(path, tableKey)
  const folders = partitionColumns.map((column) => {
    const value = partitionValues[column]
    return `${encoded(column)}=${value === null || value === undefined || value === '' ? NO_VALUE : encoded(value)}`
  })
  return { key, sizeBytes: size, path: [createHash('sha256').update(key).digest('hex').slice(0, 32), ...folders, 'data.parquet'].join('/') }
}

/** Without the characters that a path may stand for others by. */
const encoded = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`)

const NO_VALUE = '__HIVE_DEFAULT_PARTITION__'
