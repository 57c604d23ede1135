import type { ExpectedSymbol, TickFields } from './tick-fields.ts'
import type { Fault } from './tick-parser.ts'

/** A message that holds no tick. */
export const EMPTY_MESSAGE: Fault = { code: 'BAD_TICK', error: 'an empty message' }

/** What is wrong with a tick that names another symbol than its subject. */
export const mismatch = (tick: TickFields, symbol: ExpectedSymbol): Fault | undefined =>
  tick.symbol !== null && tick.symbol !== symbol.text
    ? { code: 'SUBJECT_MISMATCH', error: `the payload names ${tick.symbol}, the subject ${symbol.text}` }
    : undefined

/** What is wrong with a tick whose time is more than `futureMs` ahead of the broker's. */
export const ahead = (tick: TickFields, brokerMs: number, futureMs: number): Fault | undefined =>
  tick.tsMs > brokerMs + futureMs
    ? { code: 'FUTURE_TS', error: `${tick.tsMs} is ${tick.tsMs - brokerMs} ms ahead of the broker` }
    : undefined
