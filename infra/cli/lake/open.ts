import { parquet } from '../../../shared/adapters/parquet/parquet.ts'
import { s3Config } from '../../../shared/adapters/s3/config.ts'
import { connectS3 } from '../../../shared/adapters/s3/connect.ts'
import { s3ObjectStore } from '../../../shared/adapters/s3/object-store.ts'
import type { Snapshot } from '../../../shared/delta/snapshot.ts'
import { Table } from '../../../shared/delta/table.ts'
import { lakeConfig } from '../../../shared/lake/config.ts'
import { tickTable } from '../../../shared/lake/tick-table.ts'
import type { ObjectStore } from '../../../shared/ports/object-store.ts'
import { loadConfig } from '../../../shared/runtime/config.ts'
import { Problem } from '../../stack/problem.ts'
import { readSettings } from '../../stack/settings.ts'

export type OpenTable = { readonly table: Table; readonly store: ObjectStore; readonly snapshot: Snapshot }

/** A table of the lake, as it is now or was at a version. @throws {Problem} where there is none. */
export async function withTable<T>(key: string | undefined, version: number | undefined, use: (open: OpenTable) => Promise<T>): Promise<T> {
  const { urls, s3Keys } = readSettings()
  const config = loadConfig({ ...s3Config, ...lakeConfig }, { ...process.env, S3_URL: urls.S3_URL })
  const s3 = connectS3(config, s3Keys)
  try {
    const store = s3ObjectStore(s3)
    const table = new Table(tickTable(key ?? config.LAKE_TICKS_TABLE, config.LAKE_PARTITION_BY, config.LAKE_CODEC), store, parquet)
    const snapshot = version === undefined ? await table.log.load() : await table.log.loadAt(version)
    if (snapshot.version < 0) throw new Problem(`there is no table at s3://${config.S3_BUCKET}/${table.spec.key} yet`)
    return await use({ table, store, snapshot })
  } finally {
    await s3.close()
  }
}
