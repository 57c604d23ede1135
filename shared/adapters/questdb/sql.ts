/**
 * A text as an SQL literal. QuestDB knows no escape in a literal but the doubled quote, and takes no parameters over HTTP.
 * @throws {RangeError} for a NUL character, which no symbol or exchange holds and no literal should carry.
 */
export function literal(text: string): string {
  if (text.includes('\0')) throw new RangeError('a NUL character in a query')
  return `'${text.replaceAll("'", "''")}'`
}

/** A time in ms as a timestamp literal. @throws {RangeError} for what is no time. */
export const timeLiteral = (ms: number): string => `'${new Date(ms).toISOString()}'::timestamp`
