import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { SymbolsFile } from '../../../../functions/alt-ingest/symbols/aliases.ts'
import { findSymbols } from '../../../../functions/alt-ingest/symbols/find.ts'
import { aliasTable } from '../../../../functions/alt-ingest/symbols/table.ts'
import { shippedAliases } from '../../../support/alt-ingest.ts'

const table = shippedAliases()
const symbolsIn = (text: string) => findSymbols(text, table).symbols.toSorted()

describe('symbols are found', () => {
  test.each([
    ['by a dollar sign, in any case', '$BTC and $eth, not $ SOL, $100 or $XYZQ', ['BTC', 'ETH']],
    ['behind an exchange, also those that are in no table', 'Oracle (NYSE: ORCL), (NASDAQ:ZZZZ), NYSE: BRK.B', ['BRK.B', 'ORCL', 'ZZZZ']],
    ['by words that mean nothing else, in any case', 'bitcoin, BITCOIN and Ethereum', ['BTC', 'ETH']],
    ['by names with their capitals, or in capitals', 'Tesla and NVIDIA; TESLA; not tesla', ['NVDA', 'TSLA']],
    ['by tickers in capitals only', 'ORCL rose, but orcl is no ticker', ['ORCL']],
    ['by the longest alias', 'Bitcoin Cash fell', ['BCH']],
    ['with their marks', "AT&T, Coca-Cola, BRK.B, McDonald's and the S&P 500", ['BRK.B', 'KO', 'MCD', 'SPX', 'T']],
    ['at the borders of words only', 'bitcoiners, Teslas, subBTC, BTC2', []],
    ['in texts without blanks', '比特币上涨', ['BTC']],
    ['over the end of a line', 'Berkshire\nHathaway', ['BRK.B']],
  ])('%s', (_, text, symbols) => {
    expect(symbolsIn(text)).toEqual(symbols)
  })

  test('a word of every day is none without a mark or a word beside it that says so', () => {
    expect(symbolsIn('Click the LINK near ALL of the ONE. An apple a day. Visa rules. See F and T.')).toEqual([])
    expect(symbolsIn('$LINK, $all and NYSE: ONE')).toEqual(['ALL', 'LINK', 'ONE'])
    expect(symbolsIn('The NEAR token rose. Apple sold more phones, said its quarter was good.')).toEqual(['AAPL', 'NEAR'])
    expect(symbolsIn(`Apple ${'and so on '.repeat(20)} shares`)).toEqual([])
  })

  test('the one named most often comes first', () => {
    expect(findSymbols('Tesla, bitcoin, BTC', table).symbols).toEqual(['BTC', 'TSLA'])
  })
})

test('the work grows as the text does, also for texts made to be much of it', () => {
  for (const piece of [
    'Bank of ',
    'a ',
    '$',
    'NYSE: ',
    'LINK token ',
    'Apple shares Amazon cloud ',
    'Dow Jones Industrial ',
    '比特',
    'J.P. ',
  ]) {
    const [once, twice] = [2_000, 4_000].map((times) => findSymbols(piece.repeat(times), table).steps) as [number, number]
    expect(twice / once, piece).toBeLessThan(2.05)
  }
})

test('what stands around a name that parts words changes nothing', () => {
  const around = fc.constantFrom(' ', '\n', '(', ')', ', ', '"', ' — ', ';')
  fc.assert(
    fc.property(around, around, fc.constantFrom('Tesla', 'BTC', 'S&P 500', '$LINK'), (before, after, name) => {
      expect(symbolsIn(`x${before}${name}${after}y`)).toEqual(symbolsIn(name))
    }),
  )
})

test('a table in which two symbols have the same alias is refused', () => {
  const symbols = { A1: { names: ['Same Name'] }, B1: { words: ['same name'] } }
  expect(() => aliasTable(SymbolsFile.parse({ symbols }))).toThrow('"same name" is of A1 and of B1')
})
