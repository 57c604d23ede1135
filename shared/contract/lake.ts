/** The bucket of the lake, unless a setting names another. */
export const BUCKET = 'trader2026'

/** Where the tables are in the bucket. */
export const TICKS_TABLE = 'lake/ticks'
