/** All keys are made here. The keys of one slot share a hash tag. */
const tag = (slot: number): string => `{bars:s${String(slot).padStart(2, '0')}}`

/** Hash: position, token, schema and every stored field of a slot. */
export const stateKey = (slot: number): string => `${tag(slot)}:state`

/** Hash: closed bars of a slot that may not have been published, by commit. */
export const outboxKey = (slot: number): string => `${tag(slot)}:outbox`

/** Hash: where a function without a store of its own stands in a stream, by slot. */
export const positionsKey = (functionName: string, stream: string): string => `positions:${functionName}:${stream}`

/** String in the cache's database: the newest bar of a symbol on any exchange, or on one. */
export const cacheKey = (interval: string, symbol: string, exchange?: string): string =>
  exchange === undefined ? `bars:${interval}:${symbol}` : `bars:${interval}:${symbol}:${exchange}`
