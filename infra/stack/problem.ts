/** Something a person can put right (a port in use, a missing tool). The CLI prints its message as one line, without a stack trace. */
export class Problem extends Error {
  override readonly name = 'Problem'
}

/** The message of anything thrown. */
export const messageOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
