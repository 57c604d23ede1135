import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AnswerHead, AnswerParser, type AnswerSink } from '../../../../infra/faas/answer.ts'

type Read = { head: AnswerHead | undefined; body: string; ended: number; keptMs: number | null; whole: boolean }

/** Feeds the parts one after the other, then closes. */
function read(parts: Buffer[], method = 'GET', mayUpgrade = false): Read {
  const seen: Read = { head: undefined, body: '', ended: 0, keptMs: 0, whole: false }
  const sink: AnswerSink = {
    head: (head) => {
      seen.head = head
    },
    body: (part) => {
      seen.body += part.toString('latin1')
    },
    end: () => seen.ended++,
  }
  const parser = new AnswerParser(method, sink, mayUpgrade)
  for (const part of parts) parser.feed(part)
  seen.keptMs = parser.keptMs
  seen.whole = parser.close()
  return seen
}
const whole = (text: string, method?: string) => read([Buffer.from(text, 'latin1')], method)

const OK = 'HTTP/1.1 200 OK\r\n'

describe('the end of an answer', () => {
  test('is given by its length', () => {
    const answer = whole(`${OK}Content-Length: 5\r\nX-A: 1\r\n\r\nhello`)
    expect(answer).toMatchObject({ body: 'hello', ended: 1, whole: true, keptMs: null })
    expect(answer.head).toEqual({ status: 200, reason: 'OK', headers: ['X-A', '1', 'Content-Length', '5'], sized: true })
  })

  test('is given by its last chunk; sizes, extensions and trailers are not passed on', () => {
    const answer = whole(`${OK}Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\nA\r\n0123456789\r\n0\r\nX-Trailer: 1\r\n\r\n`)
    expect(answer).toMatchObject({ body: 'abc0123456789', ended: 1, whole: true })
    expect(answer.head).toMatchObject({ headers: [], sized: false })
  })

  test('is the end of the connection when nothing else says so', () => {
    expect(whole(`${OK}\r\nall of it`)).toMatchObject({ body: 'all of it', ended: 1, whole: true, keptMs: 0 })
  })

  test('is its head where no body may follow', () => {
    expect(whole(`${OK}Content-Length: 5\r\n\r\n`, 'HEAD')).toMatchObject({ body: '', ended: 1, whole: true })
    expect(whole('HTTP/1.1 204 No Content\r\n\r\n')).toMatchObject({ ended: 1, whole: true })
    expect(whole('HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n')).toMatchObject({ ended: 1, whole: true })
  })

  test('is told with the last part where the length says so', () => {
    const lasts = (text: string) => {
      const seen: string[] = []
      const parser = new AnswerParser('GET', { head() {}, body: (part, isLast) => seen.push(`${part}${isLast ? '.' : ''}`), end() {} })
      for (const part of text.split('|')) parser.feed(Buffer.from(part))
      return seen
    }
    expect(lasts(`${OK}Content-Length: 5\r\n\r\nhe|l|lo`)).toEqual(['he', 'l', 'lo.'])
    expect(lasts(`${OK}Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n|0\r\n\r\n`)).toEqual(['he'])
    expect(lasts(`${OK}\r\nall`)).toEqual(['all'])
  })

  test('is missing in an answer that breaks off', () => {
    for (const text of [
      '',
      'HTTP/1.1 200',
      `${OK}Content-Length: 5\r\n\r\nhell`,
      `${OK}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`,
    ]) {
      expect(whole(text)).toMatchObject({ ended: 0, whole: false })
    }
  })
})

test('interim answers are passed over', () => {
  expect(whole(`HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n${OK}Content-Length: 2\r\n\r\nok`)).toMatchObject({
    body: 'ok',
    head: { status: 200 },
  })
})

test('how long a connection is kept is what the function says, unknown when it says nothing, not at all when it closes', () => {
  const keptMs = (headers: string, version = '1') => whole(`HTTP/1.${version} 200 OK\r\n${headers}Content-Length: 0\r\n\r\n`).keptMs
  expect(keptMs('Keep-Alive: timeout=5\r\n')).toBe(5_000)
  expect(keptMs('')).toBeNull()
  expect(keptMs('Connection: close\r\n')).toBe(0)
  expect(keptMs('', '0')).toBe(0)
})

test('a connection over which a body may come that nobody reads is not used again', () => {
  expect(whole('HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n')).toMatchObject({ whole: true, keptMs: 0 })
  expect(whole('HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n').keptMs).toBe(0)
  expect(whole('HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n').keptMs).toBeNull()
  expect(whole('HTTP/1.1 304 Not Modified\r\nContent-Length: 9\r\n\r\n').keptMs).toBeNull()
})

test('of the headers of one connection, all are heard', () => {
  const answer = whole(`${OK}Connection: close\r\nConnection: X-Own\r\nX-Own: 1\r\nX-A: 1\r\nContent-Length: 0\r\n\r\n`)
  expect(answer).toMatchObject({ keptMs: 0, head: { headers: ['X-A', '1', 'Content-Length', '0'] } })
})

test('a length that is said twice is passed on once, and stays whatever Connection names', () => {
  const answer = whole(`${OK}Content-Length: 2\r\nConnection: Content-Length\r\ncontent-length: 2\r\n\r\nok`)
  expect(answer).toMatchObject({ body: 'ok', whole: true, head: { headers: ['Content-Length', '2'] } })
})

test('a value keeps its bytes, all but the blanks around it', () => {
  const name = Buffer.from('là').toString('latin1')
  expect(whole(`${OK}X-A: \t ${name}\t \r\nX-B:\r\nContent-Length: 0\r\n\r\n`).head?.headers).toEqual([
    'X-A',
    name,
    'X-B',
    '',
    'Content-Length',
    '0',
  ])
})

test("after the change to a protocol that was asked for, all bytes are that protocol's", () => {
  const answer = read([Buffer.from('HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nX-A: 1\r\n\r\nframes')], 'GET', true)
  expect(answer).toMatchObject({ head: { status: 101, headers: ['X-A', '1'] }, body: 'frames', whole: true, keptMs: 0 })
})

test.each([
  'SSH-2.0-x\r\n\r\n',
  'HTTP/2 200 OK\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\n\r\n',
  `${OK}no colon\r\n\r\n`,
  `${OK}X: 1\r\n folded\r\n\r\n`,
  `${OK}Content-Length: 5\r\nContent-Length: 6\r\n\r\n`,
  `${OK}Content-Length: -1\r\n\r\n`,
  `${OK}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n`,
  `${OK}Transfer-Encoding: gzip\r\n\r\n`,
  `${OK}Transfer-Encoding: chunked\r\n\r\nzz\r\n`,
  `${OK}Transfer-Encoding: chunked\r\n\r\n1\r\nabc\r\n`,
  `${OK}Content-Length: 1\r\n\r\nab`,
  `${OK}X: ${'y'.repeat(70_000)}`,
])('what is irregular is refused: %j', (text) => {
  expect(() => whole(text)).toThrow()
})

test('an answer reads the same wherever its bytes are cut', () => {
  const chunk = fc.string({ unit: 'binary-ascii', minLength: 1, maxLength: 40 })
  const framed = fc
    .tuple(fc.array(chunk, { maxLength: 6 }), fc.constantFrom('sized', 'chunked'))
    .map(([parts, framing]) =>
      framing === 'sized'
        ? `${OK}X-A: 1\r\nContent-Length: ${parts.join('').length}\r\n\r\n${parts.join('')}`
        : `HTTP/1.1 100 Continue\r\n\r\n${OK}Transfer-Encoding: chunked\r\n\r\n${parts.map((p) => `${p.length.toString(16)}\r\n${p}\r\n`).join('')}0\r\n\r\n`,
    )
  fc.assert(
    fc.property(framed, fc.array(fc.nat(400), { maxLength: 12 }), (text, cuts) => {
      const bytes = Buffer.from(text, 'latin1')
      const at = [0, ...cuts.filter((cut) => cut < bytes.length).sort((a, b) => a - b), bytes.length]
      const parts = at.slice(1).map((end, i) => bytes.subarray(at[i], end))
      expect(read(parts)).toEqual(whole(text))
      expect(whole(text).whole).toBe(true)
    }),
  )
})
