/** Why a feed could not be read: the label `outcome` of its metric. */
export const FAULTS = [
  'refused', // its address, or one that it redirects to, may not be asked
  'unreachable', // no connection, no such name, a certificate that does not hold, broken off
  'timeout', // not read within the time that a feed may take
  'status', // it answers neither 200 nor 304
  'redirects', // it redirects too often, or to nowhere
  'too-large', // more than 1 MiB once it is decompressed
  'encoding', // compressed, or written, in a way that is not known
  'content-type', // neither XML nor JSON
  'malformed', // not RSS, Atom or JSON Feed
] as const
export type Fault = (typeof FAULTS)[number]

/** A feed could not be read. */
export class FeedError extends Error {
  readonly fault: Fault
  /** How long the server asks to be left alone. */
  readonly retryAfterMs: number | undefined

  constructor(fault: Fault, message: string, more: { readonly cause?: unknown; readonly retryAfterMs?: number | undefined } = {}) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.name = 'FeedError'
    this.fault = fault
    this.retryAfterMs = more.retryAfterMs
  }
}
