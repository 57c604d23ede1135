import * as z from 'zod'

const names = z.array(z.string().trim().min(1).max(80)).default([])

const Aliases = z.strictObject({
  /** Found with the capitals that stand here, or all in capitals: Bitcoin, BITCOIN, not bitcoin. */
  names,
  /** Found in any case: words that mean nothing else. */
  words: names,
  /** Found as they stand here; the symbol itself is one, unless `ticker` says otherwise. */
  tickers: names,
  /** `bare`: the symbol is found as it stands; `marked`: only as $LINK or NYSE: ALL, or near a word of `context`. One or two letters are always so. */
  ticker: z.enum(['bare', 'marked']).default('bare'),
  /** Names that are everyday words too: found only near a word of `context`. */
  ambiguous: names,
  /** Words, in any case, within {@link NEAR} words of which an ambiguous name is meant. */
  context: z.array(z.string().regex(/^[\p{L}\p{N}]+$/u, 'context is single words')).default([]),
})

/** `config/alt/symbols.yml`. */
export const SymbolsFile = z.strictObject({
  /** What stands before a colon and a ticker, as in NASDAQ: ORCL. */
  exchanges: names,
  symbols: z.record(z.string().regex(/^[A-Z0-9][A-Z0-9.-]{0,31}$/, 'a symbol is written in capitals'), Aliases.prefault({})),
})
export type SymbolsFile = z.infer<typeof SymbolsFile>

/** How far away, in words, context may be. */
export const NEAR = 12
