import { expect, test } from 'vitest'
import { intervalNames } from '../../../shared/contract/bar.ts'
import { compareBars } from '../../../triggers/sources/compare-bars.ts'
import { recompute, type Trade } from '../../../triggers/sources/recompute.ts'
import { disorderedFile, hasReferenceData, REFERENCE_NAMES, referenceBars, tradesFile, wireTrades } from '../../support/reference.ts'

const instrument = { exchange: 'x', symbol: 'Y' }
const trade = (timestamp: number, price: number, trade_id?: number | string): Trade => ({
  ...instrument,
  timestamp,
  price,
  qty: 2,
  ...(trade_id !== undefined && { trade_id }),
})

test.skipIf(!hasReferenceData).each(REFERENCE_NAMES)('the bars of %s equal the reference', { timeout: 120_000 }, async (name) => {
  const got = recompute(await wireTrades(tradesFile(name), instrument), intervalNames)

  expect(compareBars(got, await referenceBars(name, instrument))).toEqual([])
})

test.skipIf(!hasReferenceData)('disordered delivery with repeats gives the same bars', async () => {
  const got = recompute(await wireTrades(disorderedFile('binance-spot-btcusdt'), instrument), intervalNames)

  expect(compareBars(got, await referenceBars('binance-spot-btcusdt', instrument))).toEqual([])
})

test('open and close go by time and id, a known id counts once, one without id always', () => {
  const bars = recompute([trade(7, 3, 'a-10'), trade(7, 2, 'a-9'), trade(7, 9, 'a-9'), trade(5, 1), trade(5, 4)], ['1m'])

  expect(bars).toEqual([
    expect.objectContaining({ timestamp: 0, open: 1, high: 4, low: 1, close: 3, trades: 4, volume: 8, last_id: 'a-10' }),
  ])
})

test('a comparison names what is missing, extra and different', () => {
  const [bar] = recompute([trade(7, 3, 1)], ['1m'])
  const moved = { ...bar!, timestamp: 60_000 }

  expect(compareBars([{ ...bar!, close: 5, volume: 2 + 1e-10 }, moved], [bar!, { ...bar!, timestamp: 120_000 }])).toEqual([
    'x Y 1m 1970-01-01T00:00:00.000Z: close is 5, not 3',
    'x Y 1m 1970-01-01T00:02:00.000Z: missing',
    'x Y 1m 1970-01-01T00:01:00.000Z: extra',
  ])
})
