import { randomBytes } from 'node:crypto'

/** The `traceparent` (W3C trace context) of a trace that begins here, marked as sampled. */
export const newTraceparent = (): string => `00-${randomBytes(16).toString('hex')}-${randomBytes(8).toString('hex')}-01`
