/** The bucket of the lake, unless a setting names another. */
export const BUCKET = 'trader2026'

/** Where its tables are in the bucket, each in a folder of its own name. */
export const LAKE = 'lake'

/** Where the ticks are. */
export const TICKS_TABLE = `${LAKE}/ticks`

/** Where the documents are. */
export const DOCUMENTS_TABLE = `${LAKE}/alt_docs`
