import { expect, test } from 'vitest'
import { Tick, tickJson } from '../../../../shared/contract/tick.ts'

const read = (value: object | string) => Tick.parse(tickJson(typeof value === 'string' ? value : JSON.stringify(value)))
const refused = (value: object) => Tick.safeParse(value).error?.issues[0]?.message

test('the form of the first seed: numbers and a numeric id', () => {
  const tick = { timestamp: 1697292000000, exchange: 'binance', symbol: 'BTCUSDT', price: 45000.0, qty: 0.5, side: 'buy', trade_id: 123456 }
  expect(read(tick)).toEqual({
    kind: 'trade',
    ts_ms: 1697292000000,
    exchange: 'binance',
    symbol: 'BTCUSDT',
    price: 45000,
    qty: 0.5,
    bid: null,
    ask: null,
    side: 'buy',
    trade_id: '123456',
  })
})

test('the form of the mock gateway: venue and size beside exchange, bid and ask, a 24-hour volume that is no size', () => {
  const tick = { timestamp: 1, exchange: 'a', venue: 'b', symbol: 'X', price: 2, size: 3, volume: 99, bid: 1, ask: 3 }
  expect(read(tick)).toMatchObject({ kind: 'trade', exchange: 'a', price: 2, qty: 3, side: null, trade_id: null })
})

test('the form of the ticker: last with bid and ask is a quote, without them a ticker', () => {
  expect(read({ timestamp: 1, symbol: 'X', last: 4, bid: 3, ask: 5, volume: 9 })).toMatchObject({ kind: 'quote', price: 4, qty: null })
  expect(read({ timestamp: 1, last: 4, bid: 3 })).toMatchObject({ kind: 'ticker', price: 4 })
})

test('an empty text is no value, and the next alias counts', () => {
  const tick = read({ ts: 7, timestamp: '', exchange: '', venue: 'b', price: null, last: 1, qty: '', size: 2, side: '', trade_id: '' })
  expect(tick).toMatchObject({ ts_ms: 7000, exchange: 'b', price: 1, qty: 2, side: null, trade_id: null })
})

test.each([
  ['"BUY"', 'buy'],
  ['"s"', 'sell'],
  ['"Sell"', 'sell'],
  ['"unknown"', null],
])('side %s', (side, expected) => expect(read(`{"ts":1,"price":1,"qty":1,"side":${side}}`).side).toBe(expected))

test('ids keep all their digits, as numbers or texts', () => {
  const id = (text: string) => read(`{"ts":1,"price":1,"qty":1,"trade_id":${text}}`).trade_id
  expect(id('12345678901234567890')).toBe('12345678901234567890')
  expect(id('"12345678901234567890"')).toBe('12345678901234567890')
  expect(id('"3f2c-77"')).toBe('3f2c-77')
})

test('what is of the wrong type is refused, and why', () => {
  expect(refused({ price: 1, qty: 1 })).toBeDefined()
  expect(refused({ ts: 1, price: '1', qty: 1 })).toBe('not a number')
  expect(refused({ ts: 1, qty: 1 })).toBe('a trade without a price')
  expect(refused({ ts: 'soon', price: 1, qty: 1 })).toBe('not a time: soon')
  for (const side of ['up', 'constructor', '__proto__']) expect(refused({ ts: 1, price: 1, qty: 1, side })).toBe(`not a side: ${side}`)
  expect(refused({ ts: 1, price: 1, qty: 1, trade_id: 1.5 })).toBeDefined()
})
