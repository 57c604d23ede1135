import { expect, test } from 'vitest'
import { parseTraceparent, traceparentIn, traceparentOf } from '../../../../shared/contract/traceparent.ts'
import { newTraceparent } from '../../../../shared/runtime/trace.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'
const GIVEN = `00-${TRACE}-${PARENT}-01`
const OTHER = `00-${TRACE.replace('4', '5')}-${PARENT}-00`
const block = (...lines: string[]) => `NATS/1.0\r\n${lines.map((line) => `${line}\r\n`).join('')}\r\n`

test.each([GIVEN, OTHER, `00-${TRACE}-${PARENT}-ff`])('%s goes on as it is', (text) => {
  expect(parseTraceparent(text)).toBe(text)
})

test.each([
  [`cc-${TRACE}-${PARENT}-03-what-comes-later`, GIVEN],
  [`01-${TRACE}-${PARENT}-02`, `00-${TRACE}-${PARENT}-00`],
])('of a later version, %s, what is known goes on', (text, known) => {
  expect(parseTraceparent(text)).toBe(known)
})

test.each([
  undefined,
  '',
  'nonsense',
  GIVEN.toUpperCase(),
  ` ${GIVEN}`,
  `${GIVEN}\n`,
  `${GIVEN}-more`,
  `${GIVEN}, ${GIVEN}`,
  `ff-${TRACE}-${PARENT}-01`,
  `01-${TRACE}-${PARENT}-01more`,
  `00-${'0'.repeat(32)}-${PARENT}-01`,
  `00-${TRACE}-${'0'.repeat(16)}-01`,
  `00-${TRACE}-${PARENT}`,
  `00-${TRACE}-${PARENT}-0g`,
])('%j is none', (text) => {
  expect(parseTraceparent(text)).toBeUndefined()
})

test('a new one is one, and no two are of the same trace', () => {
  const two = [newTraceparent(), newTraceparent()]
  expect(two.map(parseTraceparent)).toEqual(two)
  expect(two[0]!.slice(3, 35)).not.toBe(two[1]!.slice(3, 35))
})

test.each([
  [block(`traceparent: ${GIVEN}`), GIVEN],
  [block('Nats-Msg-Id: a', `TraceParent:${GIVEN}  `, 'color: red'), GIVEN],
  [block(`traceparent: ${GIVEN} ${GIVEN}`), undefined],
  [block(`x-traceparent: ${GIVEN}`, 'color: red'), undefined],
  [undefined, undefined],
])('the header block %j names %s', (text, expected) => {
  expect(traceparentIn(text)).toBe(expected)
})

test('a batch continues the trace of its last message that has one', () => {
  const headers = {
    2: block(`traceparent: ${OTHER}`),
    10: block(`traceparent: ${GIVEN}`),
    11: block('traceparent: bad'),
    12: block('a: b'),
  }
  expect(traceparentOf({ headers })).toBe(GIVEN)
  expect(traceparentOf({ headers: { 0: block('a: b') } })).toBeUndefined()
  expect(traceparentOf({})).toBeUndefined()
})
