import type { SqlColumn, SqlQuery } from '../../ports/sql-engine.ts'

/** What the engine's process is told. */
export type ToEngine = { readonly parse: string } | { readonly run: SqlQuery }

/** What it tells: that it can be used; how a statement is understood; a part of an answer; the end of it. */
export type FromEngine =
  | { readonly ready: true }
  | { readonly parsed: string }
  | { readonly part: Uint8Array }
  | { readonly done: { readonly columns: readonly SqlColumn[]; readonly rows: number; readonly truncated: false | 'rows' | 'bytes' } }
  | { readonly failed: Failure }

/** `limit`: it needs more than it may have. `sql`: the statement is wrong. `forbidden`: it asks for what is locked. */
export type Failure = { readonly kind: 'sql' | 'forbidden' | 'limit' | 'internal'; readonly message: string }

/** The bounds that an engine is started with, as arguments. */
export type EngineBounds = { readonly memoryMb: number; readonly threads: number }
