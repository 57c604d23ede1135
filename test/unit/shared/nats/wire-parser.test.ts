import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type WireMessage, WireParser } from '../../../../shared/adapters/nats/wire-parser.ts'

type Sent = { readonly subject: string; readonly payload: string; readonly headers: string; readonly ns: string; readonly pending: number }

const frame = ({ subject, payload, headers, ns, pending }: Sent, i: number): string => {
  const reply = `$JS.ACK.TICKS.abc.1.${i + 10}.${i + 1}.${ns}.${pending}`
  const size = Buffer.byteLength(payload)
  if (headers === '') return `MSG ${subject} 2 ${reply} ${size}\r\n${payload}\r\n`
  return `HMSG ${subject} 2 ${reply} ${headers.length} ${headers.length + size}\r\n${headers}${payload}\r\n`
}

/** Feeds text to a parser in pieces, as a socket does, and tells all that it saw. */
function parse(text: string, pieces: readonly number[]) {
  const seen: unknown[] = []
  const message = (m: WireMessage) => {
    const cut = (from: number, to: number) => m.bytes.toString('utf8', from, to)
    const place = { sid: m.sid, sequence: m.sequence, consumerSequence: m.consumerSequence, pending: m.pending }
    const ns = `${m.ms}${String(m.subNs).padStart(6, '0')}`
    seen.push({ ...place, ns, subject: cut(m.subjectStart, m.subjectEnd), headers: cut(m.headerStart, m.payloadStart), payload: cut(m.payloadStart, m.payloadEnd) }) // biome-ignore format: one line
  }
  const note = (kind: string) => (value?: unknown) => void seen.push([kind, value])
  const status = (sid: number, block: string) => void seen.push(['status', sid, block])
  const parser = new WireParser({ message, status, ping: note('ping'), pong: note('pong'), info: note('info'), error: note('error') })
  const bytes = Buffer.from(text)
  const buffer = Buffer.alloc(bytes.length + 10)
  let filled = 0
  let at = 0
  for (let i = 0; at < bytes.length; i++) {
    const size = Math.min(pieces[i % pieces.length]!, bytes.length - at)
    bytes.copy(buffer, filled, at, at + size)
    at += size
    const end = filled + size
    const rest = parser.parse(buffer, end)
    buffer.copyWithin(0, rest, end)
    filled = end - rest
  }
  expect(filled).toBe(0)
  return seen
}

const arbitrarySent = fc.record({
  subject: fc.constantFrom('ticks.nyse.BRK%2EB', 't.a', 'market.tick.BTC'),
  payload: fc.constantFrom('', '{"price":1}', 'a\r\nMSG x 1 5\r\nb', 'zwölf\n', 'x'.repeat(300)),
  headers: fc.constantFrom('', '', 'NATS/1.0\r\nNats-Msg-Id: a\r\n\r\n'),
  ns: fc.integer({ min: 0, max: 999_999 }).map((below) => `1700000000000${String(below).padStart(6, '0')}`),
  pending: fc.nat(10_000_000),
})

test('messages are read the same however the bytes arrive', () => {
  fc.assert(
    fc.property(
      fc.array(arbitrarySent, { maxLength: 12 }),
      fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1, maxLength: 8 }),
      (sent, pieces) => {
        const expected = sent.map((one, i) => ({ ...one, sid: 2, sequence: i + 10, consumerSequence: i + 1 }))
        expect(parse(sent.map(frame).join(''), pieces)).toEqual(expected)
      },
    ),
  )
})

test('greetings, pings, errors and statuses are told apart', () => {
  const block = 'NATS/1.0 408 Request Timeout\r\nNats-Pending-Messages: 5\r\n\r\n'
  const text = `INFO {"max_payload":5}\r\nPING\r\nPONG\r\n+OK\r\n-ERR 'Authorization Violation'\r\nHMSG _INBOX.x.2 2 ${block.length} ${block.length}\r\n${block}\r\n`
  const expected = [['info', '{"max_payload":5}'], ['ping', undefined], ['pong', undefined], ['error', "'Authorization Violation'"], ['status', 2, block]] // biome-ignore format: one line
  for (const piece of [1, 7, 1000]) expect(parse(text, [piece])).toEqual(expected)
})
