/** A column as the engine knows it: its name, and its type in SQL. */
export type SqlColumn = { readonly name: string; readonly type: string }

/** A table of a query: its columns, and the local files that its rows are in. A partition's values are in a file's path, as `name=value` folders. */
export type SqlTable = {
  readonly name: string
  readonly columns: readonly SqlColumn[]
  readonly partitionedBy: readonly string[]
  readonly files: readonly string[]
}

export const SQL_FORMATS = ['json', 'csv', 'arrow'] as const
/** `json`: each row an array, joined by commas. `csv`: with a head. `arrow`: an IPC stream. */
export type SqlFormat = (typeof SQL_FORMATS)[number]

export type SqlQuery = {
  readonly sql: string
  readonly tables: readonly SqlTable[]
  readonly format: SqlFormat
  readonly mostRows: number
  readonly mostBytes: number
}

/** `truncated` says which bound cut the answer short, if one did. */
export type SqlAnswer = {
  readonly columns: readonly SqlColumn[]
  readonly body: readonly Uint8Array[]
  readonly rows: number
  readonly truncated: false | 'rows' | 'bytes'
}

/**
 * One query's engine: nothing of it outlives the query, and it reaches the files of the query's tables alone.
 * What it throws has the codes ERR_SQL, ERR_FORBIDDEN, ERR_LIMIT (time or memory) and ERR_INTERNAL.
 */
export interface SqlSession {
  /** A statement as the engine's parser understands it; with `error: true` in it where it does not. */
  parse(sql: string): Promise<unknown>
  run(query: SqlQuery): Promise<SqlAnswer>
  /** Ends it, whatever it does. */
  close(): void
}

export interface SqlEngine {
  /** @param mostMs - after which the session is ended and what it does fails with ERR_LIMIT. */
  open(mostMs: number): SqlSession
  close(): void
}
