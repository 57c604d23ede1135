import type { Failure } from './messages.ts'

const MOST_MESSAGE = 2_000

/** What became of a statement, by how DuckDB's message begins. */
export function failureOf(error: unknown): Failure {
  const { message } = error as Error
  // What could be set otherwise is not for whoever asks.
  const text = message.split(/\n\nPossible solutions/)[0]!.slice(0, MOST_MESSAGE)
  if (error instanceof OutputError || error instanceof RangeError) return { kind: 'limit', message: text }
  if (/^(Out of Memory|TransactionContext) Error|bad allocation|std::bad_alloc/i.test(message))
    return { kind: 'limit', message: `more memory than a query may have: ${text}` }
  if (message.startsWith('Permission Error')) return { kind: 'forbidden', message: text }
  if (
    /^(Parser|Binder|Catalog|Conversion|Invalid Input|Invalid|Out of Range|Mismatch Type|Not implemented|Syntax|Type|Divide by Zero|Parameter Not (Allowed|Resolved)|Cardinality|Dependency|Sequence) Error/.test(
      message,
    )
  )
    return { kind: 'sql', message: text }
  return { kind: 'internal', message: text }
}

/** A row that is larger than an answer may be. */
export class OutputError extends Error {}
