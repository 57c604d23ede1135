/** All keys are made here. Those of bar state share a hash tag, since one script writes them all. */
const tag = '{bars}'
const nameOf = (slot: number): string => String(slot).padStart(2, '0')

/** Hash: where bar state stands, by slot, and its schema number. */
export const barPositionsKey = `${tag}:positions`

/** The field of a slot in {@link barPositionsKey}. */
export const slotField = (slot: number): string => `s${nameOf(slot)}`

/** Hash: every stored field of a slot. */
export const stateKey = (slot: number): string => `${tag}:s${nameOf(slot)}:state`

/** Hash: closed bars of a slot that may not have been published, by commit. */
export const outboxKey = (slot: number): string => `${tag}:s${nameOf(slot)}:outbox`

/** Hash: where a function without a store of its own stands in a stream, by slot. */
export const positionsKey = (functionName: string, stream: string): string => `positions:${functionName}:${stream}`

/** String in the cache's database: the newest bar of a symbol on any exchange, or on one. */
export const cacheKey = (interval: string, symbol: string, exchange?: string): string =>
  exchange === undefined ? `bars:${interval}:${symbol}` : `bars:${interval}:${symbol}:${exchange}`

/** Hash in the documents' database: the first message of each document, by its id, as one of the sinks of documents knows it. */
export const firstsKey = (sink: string): string => `alt:dedup:${sink}`
