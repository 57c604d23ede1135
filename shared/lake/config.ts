import * as z from 'zod'
import { DOCUMENTS_TABLE, TICKS_TABLE } from '../contract/lake.ts'

const Path = z.string().regex(/^[A-Za-z0-9_./-]*[A-Za-z0-9_-]$/, 'expected a path without a slash at its end')

/** Where the tables are and what they are like when they are made: the same for every function that touches them. */
export const lakeConfig = {
  LAKE_TICKS_TABLE: Path.default(TICKS_TABLE),
  LAKE_DOCS_TABLE: Path.default(DOCUMENTS_TABLE),
  LAKE_PARTITION_BY: z.enum(['dt', 'symbol,dt']).default('dt'),
  LAKE_CODEC: z.enum(['snappy', 'zstd']).default('snappy'),
}
