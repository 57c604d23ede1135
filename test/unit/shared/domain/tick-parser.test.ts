import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { Tick, tickJson } from '../../../../shared/contract/tick.ts'
import { BUY, QUOTE, SELL, TRADE } from '../../../../shared/domain/tick-fields.ts'
import { TickParser } from '../../../../shared/domain/tick-parser.ts'
import { idText } from '../../../../shared/domain/trade-id.ts'
import { realTicks } from '../../../support/real-data.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()
const expected = { text: 'BTCUSDT', bytes: encoder.encode('BTCUSDT') }

/** One parser for all: what it remembers of the ticks before must never change what it reads. */
const parser = new TickParser()

/** What the parser makes of a message: each piece's text, and its tick or the code of its fault. */
function parse(message: Uint8Array): { text: string; read: unknown }[] {
  const bytes = Uint8Array.of(...message, 10)
  const pieces: { text: string; read: unknown }[] = []
  for (let at = 0; ; ) {
    const stop = parser.next(bytes, at, message.length, expected)
    if (stop < 0) return pieces
    const { tsMs, kind, price, qty, bid, ask, side, exchange, symbol, idPrefix, idNumber } = parser.tick
    const tick = {
      kind: kind === TRADE ? 'trade' : kind === QUOTE ? 'quote' : 'ticker',
      ts_ms: tsMs,
      price: Number.isNaN(price) ? null : price,
      qty: Number.isNaN(qty) ? null : qty,
      bid: Number.isNaN(bid) ? null : bid,
      ask: Number.isNaN(ask) ? null : ask,
      side: side === BUY ? 'buy' : side === SELL ? 'sell' : null,
      exchange,
      symbol,
      trade_id: idText(idPrefix, idNumber),
    }
    pieces.push({ text: decoder.decode(bytes.subarray(parser.start, stop)), read: parser.fault?.code ?? tick })
    at = stop
  }
}

/** What the schema makes of the same text. */
function bySchema(text: string): unknown {
  let value: unknown
  try {
    value = tickJson(text)
  } catch {
    return /NaN|Infinity/.test(text) ? expect.stringMatching(/BAD_TICK|NON_FINITE/) : 'BAD_TICK'
  }
  const { success, data: tick } = Tick.safeParse(value)
  if (!success) return 'BAD_TICK'
  if (tick.kind !== 'trade') return tick
  if (!Number.isFinite(tick.price) || !Number.isFinite(tick.qty)) return 'NON_FINITE'
  if (tick.price! <= 0) return 'PRICE_NOT_POSITIVE'
  return tick.qty! < 0 ? 'QTY_NEGATIVE' : tick
}

const check = (message: Uint8Array) => {
  for (const { text, read } of parse(message)) expect(read, text).toEqual(bySchema(text))
}

const number = fc.oneof(
  fc.nat().map(String),
  fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }).map(String),
  fc.stringMatching(/^-?\d{1,20}(\.\d{1,18})?([eE][+-]?\d{1,3})?$/),
  fc.constantFrom(
    '0',
    '-0',
    '00',
    '1.',
    '.5',
    '1e999',
    '0.1',
    '123456789012345',
    '1234567890123456',
    '999999999999999.9',
    '9007199254740993',
  ),
)
const time = fc.oneof(
  fc.integer({ min: 1_690_000_000_000, max: 1_800_000_000_000 }).map(String),
  fc.constantFrom(
    '1697292000',
    '1697292000.25',
    '1697292000123456',
    '1697292000123456789',
    '"1697292000000"',
    '"2023-10-14T14:00:00Z"',
    '1e12',
  ),
)
const text = fc.oneof(
  fc.constantFrom(
    '""',
    '"BTCUSDT"',
    '"binance"',
    '"20131007-17"',
    '"a-007"',
    '"0"',
    '"é"',
    '"\\u0041b"',
    '"\\""',
    '"\\ud800"',
    '"buy"',
    '"S"',
    '"Buyx"',
  ),
  fc.string({ maxLength: 20 }).map((value) => JSON.stringify(value)),
  fc.constant(JSON.stringify('x'.repeat(257))),
)
const side = fc
  .constantFrom('buy', 'Sell', 'b', 'S', 'bay', 'bux', 'sexl', 'sall', 'selx', 'unknown', 'none', '')
  .map((word) => `"${word}"`)
const other = fc.constantFrom('null', 'true', 'false', '{}', '[1,{"price":2}]', 'NaN', '-Infinity', 'nul')
const names = [
  'ts_ms',
  'timestamp',
  'event_ts',
  'ts',
  'exchange',
  'venue',
  'symbol',
  'price',
  'last',
  'qty',
  'size',
  'side',
  'trade_id',
  'bid',
  'ask',
]
const field = fc.oneof(
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom('ts_ms', 'timestamp', 'event_ts', 'ts'), time) },
  { weight: 4, arbitrary: fc.tuple(fc.constantFrom('price', 'last', 'qty', 'size', 'bid', 'ask', 'trade_id'), number) },
  { weight: 3, arbitrary: fc.tuple(fc.constantFrom('exchange', 'venue', 'symbol', 'side', 'trade_id'), text) },
  { weight: 1, arbitrary: fc.tuple(fc.constant('side'), side) },
  { weight: 2, arbitrary: fc.tuple(fc.constantFrom(...names, 'volume', 'm', 'price '), fc.oneof(number, text, other, time)) },
)
const space = fc.constantFrom('', '', '', ' ', '\t', '\r', '  ')
/** An object that often is a whole trade, with any fields beside. */
const object = fc
  .tuple(fc.boolean(), fc.array(field, { maxLength: 8 }), fc.array(space, { minLength: 4, maxLength: 4 }), time, number)
  .map(([whole, fields, [a, b, c, d], ts, amount]) => {
    const all = whole ? [['timestamp', ts], ['price', '1.25'], ['qty', amount], ...fields] : fields
    return `{${a}${all.map(([name, value]) => `"${name}"${b}:${c}${value}`).join(`${d},${a}`)}${b}}`
  })

describe('the parser reads what the schema reads', () => {
  test('from any object', () => {
    fc.assert(
      fc.property(object, (line) => check(encoder.encode(line))),
      { numRuns: 5_000 },
    )
  })

  test('from several objects in a message', () => {
    fc.assert(
      fc.property(fc.array(object, { maxLength: 5 }), fc.constantFrom(' ', '  ', ' x ', ''), (lines, between) =>
        check(encoder.encode(lines.join(between))),
      ),
      { numRuns: 1_000 },
    )
  })

  test('from objects of the same form, one after the other', () => {
    const form = fc.array(fc.constantFrom(...names, 'volume', 'm'), { minLength: 1, maxLength: 9 })
    const value = fc.oneof(number, time, text, side, other)
    fc.assert(
      fc.property(form, fc.array(value, { minLength: 27, maxLength: 27 }), space, (keys, values, between) => {
        for (let n = 0; n < 3; n++) {
          const fields = keys.map((key, i) => `"${key}":${between}${values[n * 9 + i]}`)
          check(encoder.encode(`{"ts":1697292000000,"price":1,"qty":2,${fields.join(',')}}`))
        }
      }),
      { numRuns: 2_000 },
    )
  })

  test('from an object in which a few bytes were changed', () => {
    const change = fc.tuple(fc.nat(), fc.oneof(fc.nat(255), fc.constantFrom(...encoder.encode('{}[]",:.0129eE+-\\ nt'))), fc.boolean())
    fc.assert(
      fc.property(object, fc.array(change, { minLength: 1, maxLength: 3 }), (line, changes) => {
        const bytes = [...encoder.encode(line)]
        // A newline never stands inside a message.
        for (const [at, byte, insert] of changes) if (byte !== 10) bytes.splice(at % bytes.length, insert ? 0 : 1, byte)
        check(Uint8Array.from(bytes))
      }),
      { numRuns: 5_000 },
    )
  })

  test.skipIf(!realTicks.available)('from real ticks (needs ../shared/data)', () => {
    for (const name of realTicks.names) {
      let left = 1_000
      for (const tick of realTicks.read(name)) {
        check(encoder.encode(realTicks.toJson(tick)))
        if (--left === 0) break
      }
    }
  })
})

test('several ticks on a line are read one by one, and a bad one costs no other', () => {
  const good = '{"timestamp":1697292000000,"price":1,"qty":1}'
  const line = `${good} nonsense ${good}{"timestamp":1697292000000,"price":0,"qty":1} {"timestamp":1697292000000,"price":NaN,"qty":1} ${good} `
  const read = parse(encoder.encode(line)).map((piece) => (typeof piece.read === 'string' ? piece.read : 'tick'))
  expect(read).toEqual(['tick', 'BAD_TICK', 'tick', 'PRICE_NOT_POSITIVE', 'NON_FINITE', 'tick'])
})

test('a message of nothing holds nothing', () => {
  expect(parse(encoder.encode('  '))).toEqual([])
})
