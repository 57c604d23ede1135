/**
 * Subject names. A symbol is one token: every character but letters, digits, `_` and `-` is percent-encoded
 * (`BRK.B` -> `BRK%2EB`, `BTC/USDT:USDT` -> `BTC%2FUSDT%3AUSDT`), so it can be read back.
 */

/** Encodes a symbol or exchange as one subject token. */
export const encodeToken = (text: string): string =>
  encodeURIComponent(text).replace(/[.!~*'()]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)

/** Reads a token back; a token that is not valid percent-encoding stands for itself. */
const decodeToken = (token: string): string => {
  if (!token.includes('%')) return token
  try {
    return decodeURIComponent(token)
  } catch {
    return token
  }
}

/** `ticks.{exchange}.{symbol}`: the canonical subject of a tick. */
export const tickSubject = (exchange: string, symbol: string): string => `ticks.${encodeToken(exchange)}.${encodeToken(symbol)}`

/** `ohlcv.{interval}.{symbol}`: a closed bar; the payload names the exchange. */
export const barSubject = (interval: string, symbol: string): string => `ohlcv.${interval}.${encodeToken(symbol)}`

/** `ohlcv.live.{interval}.{symbol}`: a forming bar, on core NATS only, never stored. */
export const liveBarSubject = (interval: string, symbol: string): string => `ohlcv.live.${interval}.${encodeToken(symbol)}`

/** `alt.norm.{category}.{source}`: a document of alternative data. */
export const altSubject = (category: string, source: string): string => `alt.norm.${encodeToken(category)}.${encodeToken(source)}`

/** The category and the source that an `alt.norm.{category}.{source}` subject names; empty where it names none. */
export const altNamesOf = (subject: string): { readonly category: string; readonly source: string } => {
  const [category = '', ...source] = subject.split('.').slice(2)
  return { category: decodeToken(category), source: decodeToken(source.join('.')) }
}

/** `dlq.{function}`: messages that can never succeed. */
export const deadLetterSubject = (functionName: string): string => `dlq.${functionName}`

/**
 * The symbol a subject speaks of: all that follows its first two tokens (`ticks.{exchange}.`, `market.tick.`, `ohlcv.{interval}.`),
 * decoded. A publisher that forgot to encode (`ticks.nyse.BRK.B`) names the same symbol as one that did.
 */
export const symbolOf = (subject: string): string => decodeToken(subject.split('.').slice(2).join('.'))

/** The exchange a `ticks.{exchange}.{symbol}` subject names; undefined for the alias `market.tick.{symbol}`. */
export const exchangeOf = (subject: string): string | undefined =>
  subject.startsWith('ticks.') ? decodeToken(subject.split('.')[1] ?? '') : undefined
