import * as z from 'zod'
import { TICKS_TABLE } from '../contract/lake.ts'

/** Where the table of ticks is and what it is like when it is made: the same for every function that touches it. */
export const lakeConfig = {
  LAKE_TICKS_TABLE: z
    .string()
    .regex(/^[A-Za-z0-9_./-]*[A-Za-z0-9_-]$/, 'expected a path without a slash at its end')
    .default(TICKS_TABLE),
  LAKE_PARTITION_BY: z.enum(['dt', 'symbol,dt']).default('dt'),
  LAKE_CODEC: z.enum(['snappy', 'zstd']).default('snappy'),
}
